"""Where documents are kept: under their content hash, whole or not at all, checked when read."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ledger.documents.canonical import JsonValue, canonical, load_document
from ledger.documents.commitment import SEED_SIZE, Commitment, commit_document
from ledger.errors import DocumentError, MalformedValue, UnknownThing, VerificationError
from ledger.types import Hash32, parse_hash, parse_hex, to_hex


class CorruptDocument(VerificationError):
    """What is stored under a content hash does not hash to it."""

    code = "corrupt_document"

    def __init__(self, content_hash: Hash32, reason: str) -> None:
        super().__init__(
            f"the stored document {to_hex(content_hash)} is damaged: {reason}",
            content_hash=to_hex(content_hash),
            reason=reason,
        )


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document byte for byte as it was sent, with its commitment."""

    raw: bytes
    commitment: Commitment


class DocumentStore:
    """Documents in a local folder: `ab/<hash>.json` beside `ab/<hash>.commitment.json`.

    Files are readable by their owner only. Each is written aside, flushed and renamed into
    place, the document last: after a crash a document is there with its commitment, or not.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(self, content_hash: Hash32, raw: bytes, commitment: Commitment) -> None:
        """Keep a document; one that is there already, and whole, stays as it is.

        Raises:
            DocumentError: `raw` is not a document.
            CorruptDocument: document and commitment do not hash to `content_hash`.
        """
        _verify(content_hash, raw, commitment)
        if self._is_whole(content_hash):
            return
        folder = self._path(content_hash).parent
        _make_folder(folder)
        _write(self._commitment_path(content_hash), _encode_commitment(commitment))
        _write(self._path(content_hash), raw)

    def load(self, content_hash: Hash32) -> StoredDocument:
        """Read a document back, recomputing its content hash.

        Raises:
            UnknownThing: no such document is kept.
            CorruptDocument: what is kept does not hash to `content_hash`.
        """
        try:
            raw = self._path(content_hash).read_bytes()
        except FileNotFoundError:
            raise UnknownThing(
                "document", field="content_hash", value=to_hex(content_hash)
            ) from None
        try:
            commitment = _decode_commitment(self._commitment_path(content_hash).read_bytes())
            _verify(content_hash, raw, commitment)
        except FileNotFoundError:
            raise CorruptDocument(content_hash, "its commitment is missing") from None
        except (DocumentError, MalformedValue) as error:
            raise CorruptDocument(content_hash, error.message) from None
        return StoredDocument(raw, commitment)

    def _is_whole(self, content_hash: Hash32) -> bool:
        try:
            self.load(content_hash)
        except (UnknownThing, CorruptDocument):
            return False
        return True

    def _path(self, content_hash: Hash32) -> Path:
        name = content_hash.hex()
        return self._root / name[:2] / f"{name}.json"

    def _commitment_path(self, content_hash: Hash32) -> Path:
        return self._path(content_hash).with_suffix(".commitment.json")


def _verify(content_hash: Hash32, raw: bytes, commitment: Commitment) -> None:
    found = commit_document(load_document(raw), commitment.seed, commitment.serial)
    if found != commitment or found.content_hash != content_hash:
        raise CorruptDocument(content_hash, f"it hashes to {to_hex(found.content_hash)}")


def _encode_commitment(commitment: Commitment) -> bytes:
    fields: list[JsonValue] = list(commitment.fields)
    return canonical(
        {
            "content_hash": to_hex(commitment.content_hash),
            "fields": fields,
            "seed": to_hex(commitment.seed),
            "serial": commitment.serial,
        }
    )


def _decode_commitment(raw: bytes) -> Commitment:
    value = load_document(raw, field="commitment")
    fields, serial = value.get("fields"), value.get("serial")
    if not isinstance(fields, list) or not (serial is None or isinstance(serial, str)):
        raise MalformedValue(field="commitment", value=value, wanted="a commitment")
    commitment = Commitment(
        content_hash=parse_hash(value.get("content_hash"), "content_hash"),
        seed=parse_hex(value.get("seed"), size=SEED_SIZE, field="seed"),
        serial=serial,
        fields=tuple(str(name) for name in fields),
    )
    if _encode_commitment(commitment) != raw:
        raise MalformedValue(field="commitment", value=value, wanted="a commitment")
    return commitment


def _make_folder(folder: Path) -> None:
    for path in reversed([folder, *folder.parents]):
        if not path.exists():
            path.mkdir(mode=0o700, exist_ok=True)
            _flush_folder(path.parent)


def _write(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    # A rename is only lasting once the folder that holds the name is flushed.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
