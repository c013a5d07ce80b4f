"""What is told of a subject: names and the strings of documents, by each organisation apart."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Protocol, TypeAlias

from sqlmodel import Session

from ledger.documents.kept import Kept
from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    Enrolled,
    Erased,
    Payload,
    Registered,
    Revised,
    SchemaPublished,
    WorldOpened,
    decode_payload,
)
from ledger.errors import LedgerError
from ledger.mirror.search.tables import ASSET, ORGANISATION, SCHEMA, WORLD
from ledger.mirror.search.words import tokenise
from ledger.mirror.tables import EntryRow
from ledger.types import Hash32, to_hex

_log = logging.getLogger(__name__)

TELLING: Final = (
    Kind.ENROLLED,
    Kind.SCHEMA_PUBLISHED,
    Kind.WORLD_OPENED,
    Kind.REGISTERED,
    Kind.REVISED,
    Kind.ERASED,
)
"""The kinds of entries that say what a subject's texts are."""

NEWEST: Final = 16
"""Documents of one organisation about one subject that are read: the newest, and the first."""

_SUBJECT_KINDS: Final[dict[type[Payload], str]] = {
    Enrolled: ORGANISATION,
    SchemaPublished: SCHEMA,
    WorldOpened: WORLD,
}


@dataclass(frozen=True, slots=True)
class Telling:
    """An entry that says something of its subject's texts."""

    sequence: int
    subject: Hash32
    org: Hash32
    payload: Payload

    @classmethod
    def read(cls, row: EntryRow) -> Telling:
        """The entry that a row holds; an enrolment is the new organisation's own."""
        told = decode_payload(row.kind, row.payload)
        org = row.subject if isinstance(told, Enrolled) else row.org
        return cls(row.sequence, row.subject, org, told)

    @property
    def content_hash(self) -> Hash32 | None:
        """The document it points at."""
        match self.payload:
            case Registered() | Revised() | SchemaPublished() | WorldOpened():
                return self.payload.content_hash
        return None


@dataclass(frozen=True, slots=True)
class Text:
    """A row of the table of texts."""

    id: int
    subject: Hash32
    subject_kind: str
    org: Hash32
    sequence: int
    tokens: Sequence[str]


Names: TypeAlias = Mapping[Hash32, tuple[Hash32, str]]
"""What an organisation calls a subject: whose word it is, and the word."""


class Library(Protocol):
    """What this service keeps beside the ledger."""

    def find_documents(self, session: Session, hashes: Collection[Hash32]) -> Mapping[Hash32, Kept]:
        """The documents of these content hashes that were accepted here."""

    def find_names(self, session: Session, subjects: Collection[Hash32]) -> Names:
        """Serials of assets and names of organisations, as far as they were given here."""


def make_texts(entries: Iterable[Telling], library: Library, session: Session) -> Iterator[Text]:
    """The texts of subjects, given all their telling entries, a subject's together and in order.

    Every content hash is on the chain for all to copy: a document tells only of the subject, and
    for the organisation, that it was sent for.
    """
    told = [_Subject(list(run)) for _, run in groupby(entries, lambda one: one.subject)]
    hashes = {one for subject in told for own in subject.orgs() for one in subject.hashes(own)}
    documents = library.find_documents(session, hashes)
    names = library.find_names(session, [subject.id for subject in told])
    for subject in told:
        for own in subject.orgs():
            tokens = tokenise(subject.strings(own, names, documents))
            if tokens:
                yield subject.text(own, tokens)


@dataclass(frozen=True, slots=True)
class _Subject:
    """A subject by its telling entries."""

    entries: Sequence[Telling]

    @property
    def id(self) -> Hash32:
        return self.entries[0].subject

    def orgs(self) -> list[list[Telling]]:
        """The entries that point at something, each organisation's together."""
        orgs: dict[Hash32, list[Telling]] = {}
        for one in self.entries:
            if not isinstance(one.payload, Erased):
                orgs.setdefault(one.org, []).append(one)
        return list(orgs.values())

    def hashes(self, own: Sequence[Telling]) -> list[Hash32]:
        """The documents of an organisation that are read, the newest first."""
        read = own if len(own) <= NEWEST else [own[0], *own[1 - NEWEST :]]
        erased = {
            content_hash
            for one in self.entries
            if isinstance(one.payload, Erased)
            for content_hash in one.payload.documents
        }
        pointed = [one.content_hash for one in reversed(read)]
        return [one for one in pointed if one and one not in erased]

    def strings(
        self, own: Sequence[Telling], names: Names, documents: Mapping[Hash32, Kept]
    ) -> Iterator[str]:
        """All that an organisation says of the subject, nothing twice."""
        org = own[0].org
        called_by, name = names.get(self.id, (None, ""))
        if called_by == org:
            yield name
        yield from (one.payload.did for one in own if isinstance(one.payload, Enrolled))
        seen: set[str] = set()
        for content_hash in self.hashes(own):
            kept = documents.get(content_hash)
            if kept and (kept.org, kept.subject) == (org, self.id):
                for string in _read(content_hash, kept):
                    if string not in seen:
                        seen.add(string)
                        yield string

    def text(self, own: Sequence[Telling], tokens: Sequence[str]) -> Text:
        """Its row for an organisation."""
        kind = _SUBJECT_KINDS.get(type(own[0].payload), ASSET)
        return Text(own[0].sequence, self.id, kind, own[0].org, self.entries[-1].sequence, tokens)


def _read(content_hash: Hash32, kept: Kept) -> Iterator[str]:
    try:
        raw = kept.read()
    except LedgerError as error:
        _log.warning("%s is not searched: %s", to_hex(content_hash), error)
        return
    # Numbers as they are written.
    yield from _walk(json.loads(raw, parse_int=str, parse_float=str))


def _walk(value: Any) -> Iterator[str]:
    """The strings of a document, in its order, without the names of its members."""
    match value:
        case str():
            yield value
        case dict():
            for member in value.values():
                yield from _walk(member)
        case list():
            for member in value:
                yield from _walk(member)
