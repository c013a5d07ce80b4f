"""A file as a document: described in JSON, and known by the content hash of that description.

So a file's content hash is what any document's is, a tree over salted fields: it tells nothing of
the file to who has not the seed, and one field, such as its SHA-256, can be disclosed alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.documents.canonical import JsonValue, canonical, load_document
from ledger.documents.sealing import Sealed, seal
from ledger.types import Hash32, parse_hash, to_hex

FORMAT: Final = "asset-ledger-file/1"
"""How a description calls itself."""


@dataclass(frozen=True, slots=True)
class FileDescription:
    """A file: SHA-256 of its bytes, their number, their media type, and a name if it has one."""

    sha256: Hash32
    size: int
    media_type: str
    name: str | None = None

    def tell(self) -> dict[str, JsonValue]:
        """The description, as JSON has it."""
        told: dict[str, JsonValue] = {
            "format": FORMAT,
            "media_type": self.media_type,
            "sha256": to_hex(self.sha256),
            "size": self.size,
        }
        return told if self.name is None else told | {"name": self.name}

    def seal(self, seed: bytes) -> Sealed:
        """Commit to it, as to any document."""
        return seal(canonical(self.tell()), seed=seed)


def read_description(sealed: Sealed) -> FileDescription:
    """The description that was sealed."""
    told = load_document(sealed.raw)
    size, name = told["size"], told.get("name")
    return FileDescription(
        sha256=parse_hash(told["sha256"], "sha256"),
        size=size if isinstance(size, int) else 0,
        media_type=str(told["media_type"]),
        name=None if name is None else str(name),
    )
