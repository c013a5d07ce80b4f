"""What was kept before documents were encrypted: found, and once encrypted, overwritten."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from ledger.documents.batch_files import ABOUT, HASHES, About
from ledger.documents.batch_index import Column
from ledger.documents.batch_keeping import (
    ENDS,
    LINES,
    PLAIN_ENDS,
    PLAIN_LINES,
    SEED,
    PlainLines,
)
from ledger.documents.batch_tree import HASH_SIZE
from ledger.documents.ciphers import Wrapping, encrypt_document, new_key
from ledger.documents.key_files import encode_record, make_keys
from ledger.documents.packs import Place, read_head
from ledger.documents.private import create_private, destroy_file, flush_path, write_whole
from ledger.documents.vault import Vault
from ledger.types import Hash32

_PORTION: Final = 4096


def walk_plain_packs(root: Path, vault: Vault) -> Iterator[Path]:
    """The packs in a folder of documents that have no keys."""
    for path in sorted(root.glob("??/*.pack")):
        if not vault.has(path.stem):
            yield path


def walk_frames(pack: Path) -> Iterator[tuple[Hash32, Place]]:
    """The documents in a plain pack, and where each lies; over what was erased it steps.

    Ends early where the pack is damaged: what is behind cannot be told apart.
    """
    raw, at = pack.read_bytes(), 0
    while at < len(raw):
        if not raw[at]:
            at += 1
            continue
        end = raw.find(b"\n", at)
        head = read_head(raw[at:end])
        if head is None:
            return
        content_hash, size = head
        length = end + 1 + size + 1 - at
        yield content_hash, Place(pack.stem, at, length)
        at += length


def is_empty(pack: Path) -> bool:
    """Whether nothing is left in a pack."""
    return not pack.read_bytes().strip(b"\0")


def encrypt_batch(folder: Path, vault: Vault, org: Hash32) -> bool:
    """Encrypt the lines of a batch that `org` sent, where they lie; False if they are already.

    Its description is what says how lines are kept, and is replaced at once when all others are
    written; what was plain is overwritten then. Begun again after a crash, it goes on.
    """
    about = About.decode((folder / ABOUT).read_bytes())
    if about.seed is not None:
        vault.save(folder.name, *_write_encrypted(folder, about, about.seed, org))
        for name in (LINES, ENDS):
            flush_path(folder / name)
        told = About(about.size, about.root, about.digest, about.length, org)
        write_whole(folder / ABOUT, [told.encode()])
    for name in (PLAIN_LINES, PLAIN_ENDS):
        destroy_file(folder / name)
    return about.seed is not None


def _write_encrypted(
    folder: Path, about: About, seed: bytes, org: Hash32
) -> tuple[bytes, Sequence[bytes]]:
    """Write lines and where they end; the file's key, and the records of all keys."""
    plain, hashes = PlainLines(folder, seed), Column(folder / HASHES).bytes
    file_key, end = new_key(), 0
    records = [encode_record(Wrapping(file_key), SEED, seed)]
    with create_private(folder / LINES) as lines, create_private(folder / ENDS) as ends:
        for begin in range(1, about.size + 1, _PORTION):
            numbers = range(begin, min(begin + _PORTION, about.size + 1))
            keys, more = make_keys(file_key, numbers)
            records.append(more)
            for index, key in zip(numbers, keys, strict=True):
                content_hash = bytes(hashes[(index - 1) * HASH_SIZE : index * HASH_SIZE])
                kept = encrypt_document(key, plain.read(index, content_hash), content_hash, org)
                end += len(kept)
                lines.write(kept)
                ends.write(end.to_bytes(8, sys.byteorder))
    return file_key, records
