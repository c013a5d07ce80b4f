"""Spoils plausible acts: what is next to being right, and what nobody should be able to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ledger.domain import payloads as say
from ledger.domain.entries import Entry
from ledger.domain.kinds import BIRTHS
from ledger.errors import MalformedValue
from ledger.hashing import subject_id
from ledger.types import ZERO_ADDRESS, ZERO_HASH, Hash32
from tests.contracts.author import NOBODY, Author, beyond
from tests.contracts.conditions import Act


class Spoiler:
    """Makes an author's acts impossible, or nearly so."""

    def __init__(self, author: Author) -> None:
        self.author, self.ledger, self.pick = author, author.ledger, author.pick

    def spoil(self, act: Act) -> Act:
        """The act, wrong in one of many ways; now and then it is right all the same."""
        ways = (
            self._elsewhere,
            self._by_another,
            self._misplaced,
            self._damaged,
            self._of_no_kind,
            self._reserved,
            self._again,
            self._unborn,
        )
        return self.pick(ways)(act)

    def _elsewhere(self, act: Act) -> Act:
        """About another subject, at that one's next position."""
        nothing = [NOBODY, ZERO_HASH, *beyond(self.ledger)]
        subject = self.pick(self.pick([[*self.ledger.subjects], nothing]))
        at = self.ledger.count(subject)
        return replace(act, entry=replace(act.entry, subject=subject, position=at))

    def _by_another(self, act: Act) -> Act:
        org = self.pick([*self.author.orgs(), NOBODY, ZERO_HASH, *self.author.schemas()])
        entry = replace(act.entry, org=org)
        if entry.kind in BIRTHS:
            entry = replace(entry, subject=self._born(entry))
        return replace(act, entry=entry)

    def _misplaced(self, act: Act) -> Act:
        position = act.entry.position
        at = self.pick([position + 1, max(position - 1, 0), 0, 2**32 + position, 2**64 - 1])
        return replace(act, entry=replace(act.entry, position=at))

    def _of_no_kind(self, act: Act) -> Act:
        number: Any = self.pick([0, 8, 15, 19, 31, 52, 63, 67, 79, 84, 2**16 - 1])
        return replace(act, said=None, entry=replace(act.entry, kind=number))

    def _reserved(self, act: Act) -> Act:
        """What governance writes, or the ledger by itself."""
        author, document = self.author, self.author.document()
        asset, org = author.asset().id, self.pick(author.orgs())
        founding = self.ledger.founding
        assert founding is not None
        about: list[tuple[Hash32, say.Payload]] = [
            (asset, say.Frozen(document)),
            (asset, say.Unfrozen(document)),
            (asset, say.TitleForced(org, document)),
            (asset, say.PartAdded(document)),
            (asset, say.PartRemoved(document)),
            (org, say.Suspended(document)),
            (org, say.Reinstated(document)),
            (founding.id, say.Founded(ZERO_ADDRESS)),
            (founding.id, say.Paused(document)),
            (founding.id, say.Resumed(document)),
            (founding.id, say.SuccessorNamed(ZERO_ADDRESS, document)),
        ]
        subject, said = self.pick(about)
        at = self.ledger.count(subject)
        return replace(act, said=said, entry=Entry(subject, act.org, said.KIND, at, said.encode()))

    def _again(self, act: Act) -> Act:
        """An entry that was appended before, as it was then, or at its subject's next position."""
        entry = self.pick(self.author.earlier)
        if self.author.seldom(2):
            entry = replace(entry, position=self.ledger.count(entry.subject))
        return replace(act, said=say.decode_payload(entry.kind, entry.payload), entry=entry)

    def _unborn(self, act: Act) -> Act:
        """A first entry of a kind with which nothing begins, or whose subject is made up."""
        entry = replace(act.entry, position=0)
        return replace(act, entry=replace(entry, subject=self.pick([self._born(entry), NOBODY])))

    def _damaged(self, act: Act) -> Act:
        payload = self._damage(act.entry.payload)
        entry = replace(act.entry, payload=payload)
        if entry.kind in BIRTHS:
            entry = replace(entry, subject=self._born(entry))
            entry = replace(entry, position=self.ledger.count(entry.subject))
        try:
            return replace(act, entry=entry, said=say.decode_payload(entry.kind, payload))
        except MalformedValue:
            return replace(act, entry=entry, damaged=True)

    def _damage(self, payload: bytes) -> bytes:
        how = self.author.lots.randrange(3)
        if how == 0:
            return payload + bytes(self.pick([1, 32]))
        if how == 1:
            return payload[: -self.pick([1, 32])]
        at = 32 * self.author.lots.randrange(len(payload) // 32)
        number = self.pick([0, 4, 6, 255, 256, 2**24, 2**32, 2**64, 2**160, 2**255, 2**256 - 1])
        return payload[:at] + number.to_bytes(32, "big") + payload[at + 32 :]

    def _born(self, entry: Entry) -> Hash32:
        return subject_id(self.ledger.domain, entry.kind, entry.org, entry.payload)
