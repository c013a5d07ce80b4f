"""Every rule, and nothing but the rules: contract, folds and `rules.py` side by side.

Hypothesis invents transactions. For each, `rules.py` says beforehand what it leaves or why it is
refused; the contract has to do just that, and then to answer all that the folds answer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from ledger.chain import contract as calls
from ledger.chain.contract import Authorisation, encode_append, encode_append_signed, selector
from ledger.domain import payloads as say
from ledger.domain.asset import Asset
from ledger.domain.entries import Entry
from ledger.domain.kinds import CONSEQUENCES, GOVERNANCE, Kind
from ledger.domain.organisation import Organisation
from ledger.domain.relations import Claim, Listing, Offer
from ledger.hashing import keccak, organisation_address, subject_id
from ledger.types import ZERO_ADDRESS, ZERO_HASH, Address, AssetKind, Hash32
from tests.contracts.answers import logged_approval
from tests.contracts.author import NOBODY, Author
from tests.contracts.bench import FLAGS, SILENT, VOUCHING, Bench, open_bench
from tests.contracts.conditions import Act, Refusal, holder, refuse
from tests.contracts.node import start_chain
from tests.contracts.sides import BothSides
from tests.contracts.spoiler import Spoiler

NIGHTLY: Final = os.environ.get("LEDGER_EXAMPLES") == "nightly"
KINDS: Final = [
    *sorted({*Kind} - GOVERNANCE - CONSEQUENCES - {Kind.FOUNDED}),
    # Those that hang on each other come together only if they come often.
    *(2 * [Kind.STAGED, Kind.TRANSFERRED, Kind.RELEASED, Kind.MOUNTED, Kind.ATTESTED]),
    *(2 * [Kind.LISTED, Kind.DELISTED, Kind.CREDENTIAL_ISSUED, Kind.WITHDRAWN, Kind.CORRECTED]),
    *(3 * [Kind.OFFERED, Kind.ACCEPTED]),
]
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Of secp256k1: s and what is left of it both satisfy a signature's equation (EIP-2)."""


class Transactions(BothSides):
    """What is told to a ledger on the chain and to the same in memory."""

    @initialize(seed=st.integers(0, 2**64 - 1))
    def begin(self, seed: int) -> None:
        """Chance hangs on seeds and steps: drawn bit by bit, it would often be the same again."""
        self.seed, self.step = seed, 0
        self.approved_once: dict[Hash32, Address] = {}

    @rule(seed=st.integers(0, 2**16 - 1))
    def transact(self, seed: int) -> None:
        """One transaction of some sort; with seed 0 none, which leaves others their chances."""
        self.step += 1
        if seed == 0:
            return
        lots = Random(f"{self.seed} {self.step} {seed}")  # noqa: S311 - no secret
        sorts = {
            self.one: 24,
            self.mixed: 6,
            self.signed: 10,
            self.tower: 2,
            self.transfer: 6,
            self.approve: 6,
            self.govern: 16 if self.ledger.paused else 8,
            self.enrol: 2,
            self.appoint: 1,
            self.wait: 5,
        }
        (sort,) = lots.choices(list(sorts), list(sorts.values()))
        sort(self._author(lots))

    # -- entries -----------------------------------------------------------------------------

    def one(self, author: Author) -> None:
        """One entry of any kind."""
        self._append(author, 1)

    def mixed(self, author: Author) -> None:
        """Entries of any kind and of any organisation in one transaction."""
        self._append(author, author.lots.randint(0, 6), self.bench.custodian)

    def _append(self, author: Author, number: int, sender: Address | None = None) -> None:
        draft = author.draft
        draft.open()
        acts: list[Act] = []
        for act in self._acts(author, number):
            sender = sender or act.actor
            acts.append(replace(act, actor=sender))
            draft.append(acts[-1])
        call = encode_append([act.entry for act in acts])
        self._send(sender or self.bench.custodian, call, draft)

    def signed(self, author: Author) -> None:
        """Entries that others have signed, whoever sends them."""
        draft = author.draft
        number, surplus = author.lots.randint(1, 4), author.pick([0] * 15 + [1])
        draft.open(number + surplus, number)
        entries: list[Entry] = []
        given: list[Authorisation] = []
        for act in self._acts(author, number):
            leave, against = self._authorise(author, act)
            entries.append(act.entry)
            given.append(leave)
            draft.append(act, against)
        call = encode_append_signed(entries, given + given[:1] * surplus)
        self._send(author.pick(self.bench.accounts[:6]), call, draft)

    def _acts(self, author: Author, number: int) -> Iterator[Act]:
        """Acts, one after the other, as the author's draft goes on; some of them spoilt."""
        for index in range(number):
            act = author.act(KINDS, index)
            yield Spoiler(author).spoil(act) if author.seldom(6 * number) else act

    def _authorise(self, author: Author, act: Act) -> tuple[Authorisation, set[Refusal]]:
        """The actor's leave for an act, now and then late, forged or torn."""
        deadline, signer = author.pick([2**64 - 1, act.now, act.now + 60]), act.actor
        if author.seldom(24):
            deadline = author.pick([0, act.now - 1])
        if forged := author.seldom(24):
            signer = author.pick([one for one in self.bench.signers if one != act.actor])
        leave = self.bench.sign(act.entry, deadline, signer, act.actor)
        if torn := author.seldom(24):
            leave = replace(leave, signature=author.pick(_torn(leave.signature)))
        against: set[Refusal] = set()
        if deadline < act.now:
            against.add(refuse("Expired", act.index, deadline=deadline))
        wrong = (forged or torn) and act.actor != VOUCHING[0]
        if wrong or act.actor == SILENT[0]:
            against.add(refuse("BadSignature", act.index, actor=act.actor))
        return leave, against

    def tower(self, author: Author) -> None:
        """Parts of parts of parts, as deep as may be, and one level deeper."""
        draft = author.draft
        draft.open()
        org, sender = author.pick(author.orgs()), self.bench.custodian
        levels, upwards = author.pick([2, 3, 16, 32, 33]), author.seldom(2)
        acts: list[Act] = []
        ids: list[Hash32] = []

        def add(subject: Hash32, payload: say.Payload) -> None:
            act = replace(draft.act(payload, subject, org, sender), index=len(acts))
            acts.append(act)
            draft.append(act)

        for level in range(levels + 1):
            document = keccak(self.now.to_bytes(8, "big") + bytes([level]))
            birth = say.Registered(org, ZERO_HASH, document, AssetKind.INSTANCE)
            ids.append(subject_id(self.ledger.domain, birth.KIND, org, birth.encode()))
            add(ids[-1], birth)
        for level in range(levels) if upwards else reversed(range(levels)):
            add(ids[level], say.Mounted(ids[level + 1]))
        self._send(sender, encode_append([act.entry for act in acts]), draft)

    # -- ERC-721 -----------------------------------------------------------------------------

    def transfer(self, author: Author) -> None:
        """A token handed over by its own call."""
        (token, owner, sender), safely = self._token(author), author.seldom(2)
        to = organisation_address(author.pick(author.orgs()))
        if author.seldom():
            owner = organisation_address(author.pick([*author.orgs(), NOBODY]))
        if author.seldom():
            to = author.pick([*self.bench.accounts, ZERO_ADDRESS])
        draft = author.draft
        draft.transfer(sender, owner, to, token, not safely or to != self.bench.refusing)
        name = "safeTransferFrom" if safely else "transferFrom"
        call = selector(f"{name}(address,address,uint256)") + _address(owner) + _address(to) + token
        self._send(sender, call, draft)

    def approve(self, author: Author) -> None:
        """A token approved to somebody, or to nobody."""
        token, _, sender = self._token(author)
        to = author.pick([*self.bench.accounts, ZERO_ADDRESS])
        draft = author.draft
        draft.approve(sender, to, token)
        call = selector("approve(address,uint256)") + _address(to) + token
        self.approved_once[token] = to
        beside = [] if draft.refused else [logged_approval(self.ledger, to, token)]
        self._send(sender, call, draft, [token], beside)

    def _token(self, author: Author) -> tuple[Hash32, Address, Address]:
        """A token, its owner's address, and who may well move it."""
        asset = author.asset()
        sender = author.actor(asset.owner)
        if author.seldom(2):
            sender = self.approved_once.get(asset.id, sender)
        token = author.pick([*self.ledger.subjects, NOBODY]) if author.seldom(24) else asset.id
        return token, organisation_address(asset.owner), sender

    # -- governance --------------------------------------------------------------------------

    def govern(self, author: Author) -> None:
        """What concerns one subject, by the governor and now and then by another."""
        reason, org, asset = author.document(), author.pick(author.orgs()), author.asset()
        assert self.ledger.founding is not None
        founding = self.ledger.founding.id
        thaw = [one.id for one in author.all(Asset) if one.frozen]
        barred = [one.id for one in author.all(Organisation) if not one.active]
        giving = [
            holder(it, offer.party)
            for offer in author.open(Offer)
            if isinstance(it := self.ledger.find(offer.asset), Asset)
        ]
        plausible: list[tuple[Hash32, say.Payload]] = [
            *((asset.id, say.TitleForced(org, reason)) for _ in range(3)),
            *((asset.id, say.Frozen(reason)) for _ in range(2)),
            *((one, say.Unfrozen(reason)) for one in (thaw * 3) or [asset.id]),
            (author.pick([org, *giving]), say.Suspended(reason)),
            *((one, say.Reinstated(reason)) for one in (barred * 4) or [org]),
            (founding, say.SuccessorNamed(self.bench.custodian, reason)),
            (founding, say.Paused(reason)),
            *((founding, say.Resumed(reason)) for _ in range(80 if self.ledger.paused else 1)),
        ]
        subject, payload = author.pick(plausible)
        if author.seldom() and subject != founding:
            subject = author.pick([*self.ledger.subjects, NOBODY, ZERO_HASH])
        sender, governs = self._governor(author)
        author.draft.govern(payload, subject, sender, governs)
        self._send(sender, _door(payload, subject), author.draft)

    def enrol(self, author: Author) -> None:
        """An organisation enrolled, with some accounts or none."""
        good = [f"did:web:{name}.example" for name in ("one", "seven", "eight", "nine")]
        bad = ["", "did", "did:", "Did:web:x.example", "did: ", "did:\x7f", "did:\0", "did:\xe9"]
        did = author.pick(bad if author.seldom(3) else [*good, "did:!", "did:~"])
        there = [*self.bench.accounts, ZERO_ADDRESS] if author.seldom() else self.bench.accounts
        accounts = [author.pick(there) for _ in range(author.pick([1, 2, 3, 0]))]
        sender, governs = self._governor(author)
        author.draft.enrol(did, accounts, sender, governs)
        self._send(sender, calls.encode_enrol(did, accounts), author.draft)

    def appoint(self, author: Author) -> None:
        """Operators and an authority are what they are: no call appoints others."""
        sender, other = author.pick(self.bench.accounts[:6]), author.pick(self.bench.accounts)
        if author.seldom(2):
            name, call = "AuthorityIsFixed", selector("setAuthority(address)") + _address(other)
        else:
            on = bytes([*bytes(31), author.seldom(2)])
            call = selector("setApprovalForAll(address,bool)") + _address(other) + on
            name = "OperatorsAreAccounts"
        author.draft.refused.add(refuse(name, None))
        self._send(sender, call, author.draft)

    def _governor(self, author: Author) -> tuple[Address, bool]:
        sender = self.bench.governor
        if author.seldom():
            sender = author.pick(self.bench.accounts[:6])
        return sender, sender == self.bench.governor

    # -- time --------------------------------------------------------------------------------

    def wait(self, author: Author) -> None:
        """Time passes, as a rule until something is about to lapse or has just lapsed."""
        ends = {
            one.expires + after
            for one in self.ledger.relations
            if isinstance(one, Offer | Claim | Listing)
            for after in (-1, 0, 1)
        }
        ahead = sorted(one for one in ends if one > self.now)
        self.now = author.pick(ahead or [self.now + 10])
        self._compare(self._answers().of_the_whole())
        self._compare(self._of_relations())


def _torn(signature: bytes) -> list[bytes]:
    """Signatures that are none, the last but for a malleable curve (EIP-2)."""
    r, s, v = signature[:32], int.from_bytes(signature[32:64]), signature[64:]
    other = (ORDER - s) % 2**256
    flipped = bytes([55 - v[0]]) if v else b""
    return [b"", signature[:-1], signature + b"\0", r + other.to_bytes(32, "big") + flipped]


def _door(payload: say.Payload, subject: Hash32) -> bytes:
    """The call of governance that writes an entry."""
    match payload:
        case say.Suspended(reason):
            return calls.encode_suspend(subject, reason)
        case say.Reinstated(reason):
            return calls.encode_reinstate(subject, reason)
        case say.Frozen(reason):
            return calls.encode_freeze(subject, reason)
        case say.Unfrozen(reason):
            return calls.encode_unfreeze(subject, reason)
        case say.TitleForced(to, reason):
            return calls.encode_force_title(subject, to, reason)
        case say.Paused(reason):
            return calls.encode_pause(reason)
        case say.Resumed(reason):
            return calls.encode_resume(reason)
        case say.SuccessorNamed(successor, reason):
            return calls.encode_name_successor(successor, reason)
    raise AssertionError(payload)


def _address(address: Address) -> bytes:
    return address.rjust(32, b"\0")


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with start_chain(*FLAGS) as node:
        yield open_bench(node)


def test_the_contract_keeps_every_rule_and_no_other(bench: Bench) -> None:
    run_state_machine_as_test(
        lambda: Transactions(bench),  # type: ignore[arg-type]  # whatever makes a machine
        settings=settings(
            max_examples=1000 if NIGHTLY else 80,
            derandomize=not NIGHTLY,
            stateful_step_count=60,
            deadline=None,
            suppress_health_check=[*HealthCheck],
        ),
    )
