"""Makes the vectors in `archives/`: a bundle in a zip with a document, and tamperings of it.

`python -m tests.vectors` writes them anew. `vectors.json` is as that of bundles, and a verdict says
besides which documents are proven, as `originals`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ledger.documents.canonical import canonical
from ledger.documents.sealing import seal
from ledger.hashing import keccak
from ledger.proofs.archive import _unzip, _zip, encode_archive
from ledger.proofs.bundle import Bundle
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.steps import StepFailed
from ledger.proofs.verify import verify_bundle
from ledger.types import to_hex
from tests.vectors.story import PASSPORT, SEED, SERIAL
from tests.vectors.tampering import Edit, Tampered, difference

FOLDER: Final = Path(__file__).parent / "archives"
NAME: Final = "documents.zip"


def archived(bundle: Bundle) -> bytes:
    """A bundle of the gearbox with the document that its first entry names."""
    return encode_archive(encode_bundle(bundle), [seal(canonical(PASSPORT), SERIAL, SEED)])


def vectors_of(bundle: Bundle) -> Iterator[dict[str, Any]]:
    """The archive, and what becomes of it when anything is changed."""
    raw, block_hash = archived(bundle), keccak(bundle.header)
    about = "A bundle with the document that its first entry names."
    for tampered in (Tampered("documents", about), *_spellings(raw), *_archives(raw)):
        edited = tampered.apply(raw)
        yield {
            "name": tampered.name,
            **({"about": tampered.about} if tampered.about else {}),
            "bundle": NAME,
            "edits": [edit.value() for edit in tampered.edits],
            "block_hash": to_hex(block_hash),
            "contract": to_hex(bundle.contract),
            "verdict": archive_verdict(edited, block_hash, bundle.contract),
        }


def archive_verdict(raw: bytes, block_hash: bytes, contract: bytes) -> dict[str, Any]:
    """What our verifier finds."""
    try:
        found = verify_bundle(raw, block_hash=block_hash, contract=contract)
    except StepFailed as failure:
        return {"verified": False, "step": failure.number, "code": failure.code}
    return {"verified": True, "originals": [to_hex(one.content_hash) for one in found.originals]}


def _spellings(raw: bytes) -> Iterator[Tampered]:
    document, opening = raw.index(b'{"mass_kg"'), raw.index(b'{"seed"')
    for name, edit in (
        ("a byte of the document", Edit(document + 12, 1, b"2")),
        ("a byte of the seed", Edit(opening + 12, 1, b"7")),
        ("a byte of the bundle", Edit(raw.index(b'"chain_id"') + 11, 1, b"4")),
        ("another time", Edit(10, 1, b"\1")),
        ("a byte behind it", Edit(len(raw), 0, b"\0")),
        ("no end", Edit(len(raw) - 1, 1, b"")),
        ("its beginning alone", Edit(4, len(raw) - 4, b"")),
    ):
        yield Tampered(name, edits=(edit,))


def _archives(raw: bytes) -> Iterator[Tampered]:
    """Zips that are written as they must be, of other files."""
    files = _unzip(raw)
    bundle, document, opening = sorted(files)
    other = {
        "another document": files | {document: files[document].replace(b"1840.5", b"1840.6")},
        "another spelling of the document": files | {document: files[document] + b"\n"},
        "another serial": files | {opening: files[opening].replace(b"000417", b"000418")},
        "no opening": {bundle: files[bundle], document: files[document]},
        "no document": {bundle: files[bundle], opening: files[opening]},
        "no bundle": {document: files[document], opening: files[opening]},
        "a file more": files | {"readme.txt": b"hello"},
        "an opening with a blank": files | {opening: files[opening].replace(b":", b": ", 1)},
        "a document that is none": files | {document: b"[]"},
        "under another name": {
            name.replace(document[10:12], "00"): held for name, held in files.items()
        },
        "another bundle": files | {bundle: files[bundle].replace(b"31337", b"31338")},
        "documents left out": {bundle: files[bundle]},
    }
    for name, changed in other.items():
        yield Tampered(name, edits=(difference(raw, _zip(changed)),))
