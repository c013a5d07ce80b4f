"""A bundle with the documents themselves: one zip, of which every byte has a meaning, too.

It holds `bundle.json`, then for each document `documents/<content hash>.json`, in canonical form as
a content hash knows no other, and `openings/<content hash>.json`, canonical JSON of `seed` (32
bytes as 0x-hex) and `serial` (a text or null). Names are in order, nothing is compressed, and all
times are the first that a zip can tell.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from ledger.documents.canonical import JsonValue, canonical, load_document
from ledger.documents.sealing import Sealed, seal
from ledger.errors import MalformedValue
from ledger.types import Hash32, parse_hash, to_hex

_BUNDLE: Final = "bundle.json"
_NAME: Final = re.compile(r"(documents|openings)/([0-9a-f]{64})\.json")
_MAGIC: Final = b"PK\x03\x04"
_DAY: Final = 0x21  # 1980-01-01, as MS-DOS counts
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")


@dataclass(frozen=True, slots=True)
class Archive:
    """What an archive holds: a bundle's bytes, and documents, each under the hash it goes by."""

    bundle: bytes
    documents: Mapping[Hash32, Sealed]


def is_archive(raw: bytes) -> bool:
    """Whether bytes begin as an archive does, which no bundle does."""
    return raw.startswith(_MAGIC)


def encode_archive(bundle: bytes, documents: Sequence[Sealed]) -> bytes:
    """Write an archive; the same contents always give the same bytes."""
    return _zip({_BUNDLE: bundle} | _files(documents))


def decode_archive(raw: bytes) -> Archive:
    """Read an archive strictly; whether documents hash to what they are called is not looked at.

    Raises:
        MalformedValue: it is no zip, holds anything else, or is another writing of the same.
        DocumentError: a document is none.
    """
    files = _unzip(raw)
    bundle = files.pop(_BUNDLE, None)
    if bundle is None:
        raise MalformedValue(field="archive", value=sorted(files), wanted=f"with {_BUNDLE}")
    documents = {}
    for name in files:
        match = _NAME.fullmatch(name)
        if match is None:
            raise MalformedValue(field="archive", value=name, wanted="a document or its opening")
        documents[bytes.fromhex(match[2])] = _read(match[2], files)
    if _zip({_BUNDLE: bundle} | files) != raw:
        raise MalformedValue(field="archive", value=len(raw), wanted="the one way to write it")
    return Archive(bundle, documents)


def _files(documents: Sequence[Sealed]) -> dict[str, bytes]:
    files = {}
    for document in documents:
        name, commitment = document.content_hash.hex(), document.commitment
        files[f"documents/{name}.json"] = canonical(load_document(document.raw))
        opening: JsonValue = {"seed": to_hex(commitment.seed), "serial": commitment.serial}
        files[f"openings/{name}.json"] = canonical(opening)
    return files


def _read(name: str, files: Mapping[str, bytes]) -> Sealed:
    raw, opening = (files.get(f"{kind}/{name}.json") for kind in ("documents", "openings"))
    if raw is None or opening is None:
        raise MalformedValue(field="archive", value=name, wanted="a document with its opening")
    if canonical(load_document(raw)) != raw:
        raise MalformedValue(field="document", value=name, wanted="in canonical form")
    told = load_document(opening, field="opening")
    if canonical(told) == opening:
        match told:
            case {"seed": seed, "serial": None | str() as serial, **others} if not others:
                return seal(raw, serial, parse_hash(seed, "seed"))
    raise MalformedValue(field="opening", value=sorted(told), wanted="a seed and a serial")


def _unzip(raw: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            members = archive.infolist()
            if any(one.compress_type != zipfile.ZIP_STORED for one in members):
                raise MalformedValue(field="archive", value="deflated", wanted="not compressed")
            if sum(one.file_size for one in members) > len(raw):
                raise MalformedValue(field="archive", value="sizes", wanted="no more than its own")
            return {one.filename: archive.read(one) for one in members}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise MalformedValue(field="archive", value=str(error), wanted="a zip") from None
    except (UnicodeDecodeError, ValueError, struct.error, OverflowError) as error:
        raise MalformedValue(field="archive", value=str(error), wanted="a zip") from None


def _zip(files: Mapping[str, bytes]) -> bytes:
    """Stored, in the order of names (APPNOTE.TXT, 4.3.7, 4.3.12, 4.3.16)."""
    parts, central, at = [], [], 0
    for name in sorted(files):
        held, text = files[name], name.encode()
        sizes = (zlib.crc32(held), len(held), len(held))
        head = _LOCAL.pack(_MAGIC, 20, 0, 0, 0, _DAY, *sizes, len(text), 0)
        central.append(
            _CENTRAL.pack(
                *(b"PK\x01\x02", 20, 20, 0, 0, 0, _DAY),
                *sizes,
                *(len(text), 0, 0, 0, 0, 0, at),
            )
            + text
        )
        parts.append(head + text + held)
        at += len(parts[-1])
    listed = b"".join(central)
    count = len(central)
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(listed), at, 0)
    return b"".join([*parts, listed, end])
