"""Finds what an entry is to point at: a document that came with the request, or a named file."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from sqlmodel import Session

from api.births import Births
from ledger.documents.packs import ErasedDocument
from ledger.documents.sealing import Sealed, seal
from ledger.domain.telling import tell
from ledger.outbox.files import get_own_file, unknown_file
from ledger.types import Hash32

# They came later: requests without them have the digests that they had before.
_LATER = ("file", "schema_", "data_class")


def seal_described(body: BaseModel) -> Sealed | None:
    """The document that a request brings; None where it brings none, or names a file.

    Raises:
        DocumentError: it cannot be accepted.
    """
    document = None if named_file(body) else getattr(body, "document", None)
    return None if document is None else seal(document)


def load_file(births: Births, session: Session, org: Hash32, file: Hash32) -> Sealed:
    """The description of a file that an organisation uploaded.

    Raises:
        UnknownThing: it uploaded no such file, or the file was erased.
        CorruptDocument: the description is not there any more.
    """
    try:
        return births.load(get_own_file(session, org, file))
    except ErasedDocument:  # it was forgotten meanwhile
        raise unknown_file(file) from None


def named_file(body: BaseModel) -> Hash32 | None:
    """The file that a request names in place of a document."""
    return getattr(body, "file", None)


def tell_request(body: BaseModel) -> dict[str, Any]:
    """A request but for its document, as JSON has it: nothing in it is random."""
    said = body.model_dump(exclude={"document"})
    return {
        name: tell(tuple(one) if isinstance(one, list) else one)
        for name, one in said.items()
        if name not in _LATER or one is not None
    }
