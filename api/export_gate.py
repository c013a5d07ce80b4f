"""Keeps important and core documents in their jurisdiction, unless an entry released them.

A release is an observation of the asset, whose document has `format`, `documents` and
`jurisdictions` (and whatever else its author wants to be remembered):

    {"format": "asset-ledger-release/1", "documents": ["0x…"], "jurisdictions": ["DE"]}
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session

from api.births import Births
from api.errors import Problem, invalid
from ledger.documents.canonical import JsonValue, load_document
from ledger.documents.sealing import Sealed
from ledger.errors import MalformedValue
from ledger.outbox.classes import find_jurisdiction, is_released
from ledger.outbox.keys import Credential
from ledger.outbox.roles import KeyRole
from ledger.outbox.tables import Document
from ledger.types import Hash32, parse_hash, to_hex

FORMAT: Final = "asset-ledger-release/1"
CODE: Final = r"[A-Z]{2}"
_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class Released:
    """Documents, and the jurisdictions that they may leave to."""

    documents: tuple[Hash32, ...]
    jurisdictions: tuple[str, ...]


def require_leave(session: Session, who: Credential, home: str, document: Document) -> None:
    """See that a document may go to who reads it; the operator is where the service is, `home`.

    Raises:
        Problem: it would leave its jurisdiction, or nobody knows whether it would.
    """
    if document.data_class is None or who.org == document.org:
        return
    reader = home if who.org is None else find_jurisdiction(session, who.org)
    if reader and reader == document.jurisdiction:
        return
    if reader and is_released(session, document.content_hash, reader):
        return
    where = reader or "an unknown jurisdiction"
    raise Problem(
        "export_refused",
        f"document {to_hex(document.content_hash)} is {document.data_class}, of"
        f" {document.jurisdiction}, and not released to {where}",
        members={"data_class": document.data_class, "jurisdiction": document.jurisdiction},
    )


def read_release(kind: str, sent: Sealed | None) -> Released | None:
    """What a document releases; None if it is no release.

    Raises:
        Problem: it is one, and wrong; or comes with an entry of another kind.
    """
    if sent is None or FORMAT.encode() not in sent.raw:
        return None
    told = load_document(sent.raw)
    if told.get("format") != FORMAT:
        return None
    if kind != "observed":
        raise _wrong("format", FORMAT, "is told by an entry observed, and by no other")
    return Released(tuple(_hashes(told)), tuple(_codes(told)))


def require_releasable(
    session: Session, births: Births, who: Credential, asset: Hash32, released: Released
) -> None:
    """See that the caller may release these documents about an asset.

    Raises:
        Problem: it is no admin, a document is not about the asset or needs no release, or the
            caller is of another jurisdiction than the document.
    """
    if who.org is None or not who.has(KeyRole.ADMIN):
        raise Problem("forbidden", "a release needs a key with the role admin")
    home = find_jurisdiction(session, who.org)
    found = births.find_documents(session, released.documents)
    for index, content_hash in enumerate(released.documents):
        document = found.get(content_hash)
        if document is None or document.subject != asset or document.data_class is None:
            reason = "is no important or core document about the asset"
            raise _wrong(f"documents/{index}", to_hex(content_hash), reason)
        if home is None or home != document.jurisdiction:
            raise Problem(
                "export_refused",
                f"only an organisation of {document.jurisdiction} may release"
                f" {to_hex(content_hash)}",
                members={
                    "data_class": document.data_class,
                    "jurisdiction": document.jurisdiction,
                },
            )


def _hashes(told: dict[str, JsonValue]) -> list[Hash32]:
    found = []
    for index, one in enumerate(_list(told, "documents")):
        try:
            found.append(parse_hash(one))
        except MalformedValue as error:
            reason = f"must be {error.fields['wanted']}"
            raise _wrong(f"documents/{index}", one, reason) from None
    return found


def _codes(told: dict[str, JsonValue]) -> list[str]:
    found = []
    for index, one in enumerate(_list(told, "jurisdictions")):
        if not (isinstance(one, str) and is_code(one)):
            raise _wrong(f"jurisdictions/{index}", one, "must be a code of ISO 3166-1 (alpha-2)")
        found.append(one)
    return found


def is_code(text: str) -> bool:
    """Whether a text has the form of a code of ISO 3166-1 (alpha-2)."""
    return len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()


def _list(told: dict[str, JsonValue], name: str) -> Collection[JsonValue]:
    found = told.get(name)
    if not isinstance(found, list) or not 0 < len(found) <= _MOST:
        raise _wrong(name, None, f"must be a list of 1 to {_MOST}")
    return found


def _wrong(path: str, value: object, reason: str) -> Problem:
    return invalid(f"document/{path}", value, reason, "invalid_document")
