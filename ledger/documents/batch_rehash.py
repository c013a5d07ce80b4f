"""Rehashes a batch that is kept: each line, and from all of them the root."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from ledger.documents.batch_files import BatchFile
from ledger.documents.packs import CorruptDocument, ErasedDocument
from ledger.errors import DocumentError, MalformedValue
from ledger.hashing import leaf_hash, merkle_top
from ledger.types import Hash32

_PORTION: Final = 1 << 10
"""Lines whose hashes are held at once: a power of two, so that each portion is a subtree."""


def rehash_batch(
    batch: BatchFile, told: Callable[[int], None], gone: Callable[[int, Hash32], None]
) -> Hash32:
    """The root over all lines' documents, each rehashed; `told` hears of so many more lines.

    Of what was erased the content hash is left, which counts; `gone` hears of such a line and it.

    Raises:
        CorruptDocument: a line does not hash to its asset's content hash; names the line.
    """
    tops: list[Hash32] = []
    size = batch.about.size
    for begin in range(1, size + 1, _PORTION):
        lines = range(begin, min(begin + _PORTION, size + 1))
        tops.append(merkle_top([leaf_hash(_rehash_line(batch, line, gone)) for line in lines]))
        told(len(lines))
    return merkle_top(tops)


def _rehash_line(batch: BatchFile, line: int, gone: Callable[[int, Hash32], None]) -> Hash32:
    wanted = batch.content_hash(line)
    try:
        return batch.load(line).content_hash
    except ErasedDocument:
        gone(line, wanted)
        return wanted
    except CorruptDocument as error:
        raise CorruptDocument(wanted, f"line {line}: {error.fields['reason']}") from None
    except (DocumentError, MalformedValue, IndexError, msgspec.DecodeError) as error:
        raise CorruptDocument(wanted, f"line {line}: {error}") from None
