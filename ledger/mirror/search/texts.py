"""What is told of a subject: the names it was given here, and the strings of its documents."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Protocol, TypeAlias

from sqlmodel import Session

from ledger.documents.kept import Kept
from ledger.domain.kinds import BIRTHS, Kind
from ledger.domain.payloads import (
    Accepted,
    Enrolled,
    Erased,
    Payload,
    Registered,
    Revised,
    SchemaPublished,
    TitleForced,
    Transferred,
    WorldOpened,
    decode_payload,
)
from ledger.errors import LedgerError
from ledger.mirror.search.tables import ASSET, ORGANISATION, SCHEMA, WORLD
from ledger.mirror.search.words import sign, tokenise
from ledger.mirror.tables import EntryRow
from ledger.types import Hash32, Party, to_hex

_log = logging.getLogger(__name__)

TELLING: Final = (
    *(Kind.ENROLLED, Kind.SCHEMA_PUBLISHED, Kind.WORLD_OPENED, Kind.REGISTERED),
    *(Kind.REVISED, Kind.ERASED),
    *(Kind.TRANSFERRED, Kind.ACCEPTED, Kind.TITLE_FORCED),
)
"""The kinds of entries that say what a subject's texts are, or for whom."""

NEWEST: Final = 16
"""Documents about a subject that a text is made of: the first, and the newest."""

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

    @property
    def owner(self) -> Hash32 | None:
        """Who owns the subject from here on, if the entry says so."""
        match self.payload:
            case Registered(owner=owner):
                return owner
            case Transferred(to=to) | TitleForced(to=to):
                return to
            case Accepted(party=Party.OWNER):
                return self.org
        return None


@dataclass(frozen=True, slots=True)
class Text:
    """A row of the table of texts."""

    id: int
    subject: Hash32
    subject_kind: str
    org: Hash32
    apart: bool
    sequence: int
    tokens: Sequence[str]


Names: TypeAlias = Mapping[Hash32, tuple[Hash32, str]]
"""What a subject is called here, and by which organisation."""

Births: TypeAlias = Mapping[Hash32, tuple[Hash32, Hash32]]
"""Who registered, and who first owned, assets of batches."""


class Library(Protocol):
    """What this service keeps beside the ledger."""

    def find_documents(self, session: Session, hashes: Collection[Hash32]) -> Mapping[Hash32, Kept]:
        """The documents of these content hashes that were accepted here."""

    def find_names(self, session: Session, subjects: Collection[Hash32]) -> Names:
        """Serials of assets and names of organisations, as far as they were given here."""


def reader_sign(org: Hash32) -> str:
    """The token of texts that are for an organisation."""
    return sign(org.hex()[:24])


def make_texts(
    entries: Iterable[Telling], births: Births, library: Library, session: Session
) -> Iterator[Text]:
    """The texts of subjects, given all their telling entries, a subject's together and in order.

    Every content hash is on the chain for all to copy: a document tells only of the subject, and
    for the organisation, that it was sent for.
    """
    told = [_Subject(list(run), births) for _, run in groupby(entries, lambda one: one.subject)]
    hashes = {one for subject in told for one in subject.hashes()}
    documents = library.find_documents(session, hashes)
    names = library.find_names(session, [subject.id for subject in told])
    for subject in told:
        yield from subject.texts(names.get(subject.id), documents)


@dataclass(frozen=True, slots=True)
class _Subject:
    """A subject by its telling entries."""

    entries: Sequence[Telling]
    births: Births

    @property
    def id(self) -> Hash32:
        return self.entries[0].subject

    def texts(
        self, name: tuple[Hash32, str] | None, documents: Mapping[Hash32, Kept]
    ) -> Iterator[Text]:
        """Its own, and those apart; none where there is nothing to tell."""
        org, owner = self._registered()
        kind = _SUBJECT_KINDS.get(type(self.entries[0].payload), ASSET)
        signs = [sign(kind)] if kind != ASSET else []
        own = [name[1]] if name and name[0] == org else []
        tokens = tokenise([*own, *self._strings(documents)])
        if tokens:
            signs += dict.fromkeys([reader_sign(org), reader_sign(owner)])
            id = 2 * self.entries[0].sequence
            yield self._text(id, kind, org, tokens + signs, apart=False)
        for sender, first in self._senders(documents).items():
            if sender not in (org, owner):
                tokens = tokenise(self._strings(documents, sender))
                if tokens:
                    apart = [*tokens, reader_sign(sender)]
                    yield self._text(2 * first + 1, kind, sender, apart, apart=True)

    def hashes(self) -> list[Hash32]:
        """The documents that are read, the newest first."""
        pointing = [one.content_hash for one in self.entries if one.content_hash]
        erased = {
            content_hash
            for one in self.entries
            if isinstance(one.payload, Erased)
            for content_hash in one.payload.documents
        }
        read = pointing if len(pointing) <= NEWEST else [pointing[0], *pointing[1 - NEWEST :]]
        return [one for one in reversed(read) if one not in erased]

    def _registered(self) -> tuple[Hash32, Hash32]:
        """Who began it, and who owns it."""
        first = self.entries[0]
        born = first.payload.KIND in BIRTHS
        org, owner = (first.org, first.org) if born else self.births[self.id]
        for one in self.entries:
            owner = one.owner or owner
        return org, owner

    def _senders(self, documents: Mapping[Hash32, Kept]) -> dict[Hash32, int]:
        """Who sent documents that are read, and the sequence of the first."""
        senders: dict[Hash32, int] = {}
        for one in self.entries:
            if one.content_hash and one.content_hash in documents:
                senders.setdefault(one.org, one.sequence)
        return senders

    def _strings(
        self, documents: Mapping[Hash32, Kept], sender: Hash32 | None = None
    ) -> Iterator[str]:
        """All that documents (of one sender) say of it, nothing twice."""
        yield from (one.payload.did for one in self.entries if isinstance(one.payload, Enrolled))
        pointed = {one.content_hash: one.org for one in self.entries}
        seen: set[str] = set()
        for content_hash in self.hashes():
            kept = documents.get(content_hash)
            if kept is None or (kept.org, kept.subject) != (pointed[content_hash], self.id):
                continue
            if sender in (None, kept.org):
                for string in _read(content_hash, kept):
                    if string not in seen:
                        seen.add(string)
                        yield string

    def _text(self, id: int, kind: str, org: Hash32, tokens: list[str], *, apart: bool) -> Text:
        return Text(id, self.id, kind, org, apart, self.entries[-1].sequence, tokens)


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
