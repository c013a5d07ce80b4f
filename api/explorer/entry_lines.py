"""Entries as the pages show them: said in words, with names, dates and documents beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session

from api.explorer.lines import Names, Party, moment, shorten
from api.explorer.passport import Node
from api.explorer.sentences import Org, Thing, Words, World, tell
from api.explorer.shelf import Shelf
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Listed, Payload, decode_payload
from ledger.domain.telling import pointed_at
from ledger.mirror.tables import EntryRow
from ledger.types import ZERO_HASH, Address, Hash32, to_hex

_OTHERS: Final = {
    Kind.SCHEMA_PUBLISHED: "schema",
    Kind.WORLD_OPENED: "world",
    Kind.WORLD_CLOSED: "world",
    Kind.BATCH_REGISTERED: "batch",
    Kind.FOUNDED: "ledger",
    Kind.PAUSED: "ledger",
    Kind.RESUMED: "ledger",
    Kind.SUCCESSOR_NAMED: "ledger",
}
"""What kinds are about that are about neither assets nor organisations."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that an entry speaks of, by the name that people know; `path` if it has a page."""

    label: str
    title: str
    path: str | None


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry in the stream or in a timeline; `party` is None where governance acted."""

    sequence: int
    kind: str
    sentence: tuple[str | Party | Mention, ...]
    party: Party | None
    at: datetime
    position: int
    block: int
    transaction: str
    subject: str
    subject_label: str | None
    subject_path: str | None
    address: str | None
    content_hash: str | None
    document_word: str
    document_path: str | None
    summary: str | None
    nodes: tuple[Node, ...]


def tell_entries(
    session: Session, shelf: Shelf, rows: Sequence[EntryRow], *, whole: bool
) -> list[EntryLine]:
    """Entries with the names they speak of; `whole`: with what their documents say."""
    payloads = [decode_payload(row.kind, row.payload) for row in rows]
    said = [tell(payload, row.org) for row, payload in zip(rows, payloads, strict=True)]
    labels = _Labels(session, shelf, rows, said)
    hashes = {found for payload in payloads if (found := pointed_at(payload))}
    kept = shelf.births.find_documents(session, hashes) if shelf.open else {}
    lines = []
    for row, payload, words in zip(rows, payloads, said, strict=True):
        content_hash = pointed_at(payload)
        shown = kept.get(content_hash) if content_hash else None
        kind = Kind(row.kind)
        read = whole and kind is not Kind.REGISTERED
        lines.append(
            EntryLine(
                sequence=row.sequence,
                kind=kind.label,
                sentence=tuple([labels.mention(word) for word in words]),
                party=labels.names.party(row.org) if row.org != ZERO_HASH else None,
                at=moment(row.timestamp),
                position=row.position,
                block=row.block_number,
                transaction=to_hex(row.transaction_hash),
                subject=to_hex(row.subject),
                subject_label=labels.of_subject(kind, row.subject),
                subject_path=_path(kind, row.subject),
                address=_address(payload),
                content_hash=to_hex(content_hash) if content_hash else None,
                document_word=_document_word(payload),
                document_path=f"/documents/{to_hex(shown.content_hash)}" if shown else None,
                summary=shelf.find_summary(shown) if read else None,
                nodes=shelf.lay_out(shown) if read else (),
            )
        )
    return lines


class _Labels:
    """Names of all that some entries speak of, fetched together."""

    def __init__(
        self, session: Session, shelf: Shelf, rows: Sequence[EntryRow], said: Sequence[Words]
    ) -> None:
        words = [word for each in said for word in each]
        about = {row.subject for row in rows if _is_of_organisation(Kind(row.kind))}
        orgs = {word.id for word in words if isinstance(word, Org)}
        self.names = Names(session, {*about, *orgs, *(row.org for row in rows)})
        assets = {word.id for word in words if isinstance(word, Thing)}
        assets |= {row.subject for row in rows} - about
        # Serials are shown where documents may be.
        self._serials = shelf.births.find_serials(session, assets) if shelf.open else {}

    def mention(self, word: str | Org | Thing | World) -> str | Party | Mention:
        """A word of a sentence, by its name."""
        match word:
            case str():
                return word
            case Org(id):
                return self.names.party(id)
            case Thing(id):
                text = to_hex(id)
                return Mention(self._serial(id) or shorten(text), text, f"/assets/{text}")
            case World(id):
                return Mention(shorten(to_hex(id)), to_hex(id), None)

    def of_subject(self, kind: Kind, subject: Hash32) -> str | None:
        """What an entry is about, by its name; None if it has none to be shown."""
        if _is_of_organisation(kind):
            return self.names.party(subject).label
        if kind in _OTHERS:
            return f"{_OTHERS[kind].capitalize()} {shorten(to_hex(subject))}"
        return self._serial(subject)

    def _serial(self, asset: Hash32) -> str | None:
        return self._serials.get(asset)


def _is_of_organisation(kind: Kind) -> bool:
    return kind < Kind.SCHEMA_PUBLISHED


def _path(kind: Kind, subject: Hash32) -> str | None:
    if kind in _OTHERS:
        return None
    return f"/{'organisations' if _is_of_organisation(kind) else 'assets'}/{to_hex(subject)}"


def _address(payload: Payload) -> str | None:
    """The account or contract that an entry names."""
    for name in ("account", "authority", "successor"):
        found: Address | None = getattr(payload, name, None)
        if found and any(found):
            return to_hex(found)
    return None


def _document_word(payload: Payload) -> str:
    if isinstance(payload, Listed):
        return "Rendition"
    return "Reason" if hasattr(payload, "reason") else "Document"
