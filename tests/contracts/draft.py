"""A transaction thought out beforehand: the entries that it is to leave, or why it is refused."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from ledger.domain import payloads as say
from ledger.domain.asset import Asset
from ledger.domain.entries import Appended, Entry
from ledger.domain.kinds import Kind
from ledger.domain.ledger import Ledger
from ledger.domain.organisation import Organisation
from ledger.hashing import organisation_address, subject_id
from ledger.types import ZERO_HASH, Address, Hash32
from tests.contracts.conditions import Act, Beside, Refusal, account, active, refuse
from tests.contracts.rules import refusals


class Draft:
    """What a ledger is to be after a transaction at the time `now`.

    `refused` are the refusals of which the contract is to tell one; the ledger is then that before
    the entry that deserves them. `entries` are those that the transaction appends, if none is.
    """

    def __init__(self, ledger: Ledger, beside: Beside, now: int) -> None:
        self.ledger, self.beside, self.now = fork(ledger), beside.copy(), now
        self.entries: list[Appended] = []
        self.refused: set[Refusal] = set()

    # -- by append and appendSigned ----------------------------------------------------------

    def open(self, authorisations: int | None = None, entries: int = 0) -> None:
        """Whatever is not governance's begins so; `authorisations` are those of signed entries."""
        if self.ledger.paused:
            self.refused.add(refuse("LedgerPaused", 0))
        if authorisations is not None and authorisations != entries:
            named = {"entries": entries, "authorisations": authorisations}
            self.refused.add(refuse("LengthMismatch", None, **named))

    def append(self, act: Act, unsigned: set[Refusal] | None = None) -> None:
        """An organisation's entry; `unsigned` is what speaks against its authorisation."""
        self._append(act, (unsigned or set()) | {*account(act)})

    # -- by the doors of governance ----------------------------------------------------------

    def govern(self, payload: say.Payload, subject: Hash32, actor: Address, governor: bool) -> None:
        """An entry that `actor` writes by a function of governance's."""
        found: set[Refusal] = set()
        if not governor:
            found.add(refuse("AccessManagedUnauthorized", None, caller=actor))
        if self.ledger.count(subject) == 0 and payload.KIND is not Kind.ENROLLED:
            found.add(refuse("UnknownSubject", 0, subject=subject))
        self._append(self.act(payload, subject, ZERO_HASH, actor), found)

    def enrol(self, did: str, accounts: Sequence[Address], actor: Address, governor: bool) -> None:
        """The entries of an organisation's enrolment with its first accounts."""
        born = say.Enrolled(did)
        org = subject_id(self.ledger.domain, born.KIND, ZERO_HASH, born.encode())
        found = set() if accounts else {refuse("LastAccount", 0, org=org)}
        if not governor:
            found.add(refuse("AccessManagedUnauthorized", None, caller=actor))
        self._append(self.act(born, org, ZERO_HASH, actor), found)
        for one in accounts:
            self._append(self.act(say.AccountAdded(one), org, ZERO_HASH, actor), set())

    # -- by ERC-721's calls ------------------------------------------------------------------

    def transfer(
        self, actor: Address, from_: Address, to: Address, token: Hash32, taken: bool = True
    ) -> None:
        """The entry that a token's transfer is, by its owner's account or whom one approved.

        `taken` tells whether the receiver takes it, if it is asked.
        """
        self.open()
        asset = self.ledger.find(token)
        if not isinstance(asset, Asset):
            self.refused.add(refuse("UnknownSubject", 0, subject=token))
            return
        receiver = self.organisation_at(to)
        payload = say.Transferred(receiver or to.rjust(32, b"\0"))
        act = self.act(payload, token, asset.owner, actor)
        approved = self.beside.approved.get(token) == actor
        found = {*(active(act, act.org) if approved else account(act))}
        if from_ != organisation_address(asset.owner):
            org = self.organisation_at(from_) or ZERO_HASH
            found.add(refuse("NotOwner", 0, subject=token, org=org))
        if not taken:
            found.add(refuse("ReceiverRefuses", 0, receiver=to))
        self._append(act, found)

    def approve(self, actor: Address, to: Address, token: Hash32) -> None:
        """A setting of the token contract, no entry."""
        self.open()
        asset = self.ledger.find(token)
        if not isinstance(asset, Asset):
            self.refused.add(refuse("UnknownSubject", 0, subject=token))
            return
        act = self.act(say.Transferred(ZERO_HASH), token, asset.owner, actor)
        self.refused |= {*account(act)}
        if asset.frozen:
            self.refused.add(refuse("AssetFrozen", 0, subject=token))
        if not self.refused:
            self.beside.approved.pop(token, None)
            if any(to):
                self.beside.approved[token] = to

    # -- what it is made of ------------------------------------------------------------------

    def act(self, payload: say.Payload, subject: Hash32, org: Hash32, actor: Address) -> Act:
        """An act at its subject's next position, the transaction's first."""
        position = self.ledger.count(subject)
        entry = Entry(subject, org, payload.KIND, position, payload.encode())
        return Act(entry, payload, actor, self.now, self.ledger, self.beside)

    def organisation_at(self, address: Address) -> Hash32 | None:
        """The organisation that holds titles at an address, if one does."""
        for one in self.ledger.subjects.values():
            if isinstance(one, Organisation) and one.address == address:
                return one.id
        return None

    def _append(self, act: Act, found: set[Refusal]) -> None:
        if self.refused:
            return
        self.refused = found | refusals(act)
        if self.refused:
            return
        self._fold(act.entry, act.actor)
        match act.said:
            case say.Mounted(parent):
                self._tell(parent, say.PartAdded(act.subject), act)
            case say.Dismounted(parent):
                self._tell(parent, say.PartRemoved(act.subject), act)

    def _tell(self, parent: Hash32, payload: say.Payload, act: Act) -> None:
        self._fold(self.act(payload, parent, act.org, act.actor).entry, act.actor)

    def _fold(self, asked: Entry, actor: Address) -> None:
        entry = Appended(
            subject=asked.subject,
            org=asked.org,
            kind=asked.kind,
            position=asked.position,
            payload=asked.payload,
            actor=actor,
            timestamp=self.now,
        )
        self.ledger.append(entry)
        self.beside.note(entry)
        self.entries.append(entry)


def fork(ledger: Ledger) -> Ledger:
    """A ledger that goes its own way from here; what never changes, both share."""
    shared = [*ledger.subjects.values(), *ledger.relations]
    return copy.deepcopy(ledger, {id(one): one for one in shared})
