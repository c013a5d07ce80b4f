"""Every rule, and nothing but the rules: contract, folds and `rules.py` side by side.

Hypothesis invents transactions. For each, `rules.py` says beforehand what it leaves or why it is
refused; the contract has to do just that, and then to answer all that the folds answer.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from random import Random
from typing import Final

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from ledger.chain import contract as calls
from ledger.chain.contract import Authorisation, encode_append, encode_append_signed, selector
from ledger.domain import payloads as say
from ledger.domain.asset import Asset
from ledger.domain.entries import Appended, Entry
from ledger.domain.kinds import BIRTHS, CONSEQUENCES, GOVERNANCE, Kind
from ledger.domain.organisation import Organisation
from ledger.domain.relations import Claim, Listing, Offer
from ledger.errors import Refused
from ledger.hashing import keccak, organisation_address, subject_id
from ledger.proofs.layout import decode_word, head_slot, word_slot
from ledger.types import ZERO_ADDRESS, ZERO_HASH, Address, AssetKind, Hash32, to_hex
from tests.contracts.answers import Answers, Log, Question, logged_approval, logged_beside
from tests.contracts.author import NOBODY, Author
from tests.contracts.bench import FLAGS, SILENT, VOUCHING, Bench, open_bench
from tests.contracts.conditions import Act, Beside, Refusal, refuse
from tests.contracts.draft import Draft, fork
from tests.contracts.node import start_chain
from tests.contracts.spoiler import Spoiler

NIGHTLY: Final = os.environ.get("LEDGER_EXAMPLES") == "nightly"
ALL: Final = [*sorted({*Kind} - GOVERNANCE - CONSEQUENCES - {Kind.FOUNDED})]
TOLD: Final = [
    Kind.REVISED,
    Kind.OBSERVED,
    Kind.CORRECTED,
    Kind.STAGED,
    Kind.STAGED,
    Kind.ERASED,
]
PARTIES: Final = [
    Kind.TRANSFERRED,
    Kind.OFFERED,
    Kind.OFFERED,
    Kind.WITHDRAWN,
    Kind.ACCEPTED,
    Kind.ACCEPTED,
    Kind.RELEASED,
]
PARTS: Final = [Kind.MOUNTED, Kind.MOUNTED, Kind.DISMOUNTED]
CLAIMS: Final = [
    Kind.ATTESTED,
    Kind.ATTESTATION_REVOKED,
    Kind.CREDENTIAL_ISSUED,
    Kind.CREDENTIAL_REVOKED,
]
WORLDS: Final = [*[Kind.LISTED] * 6, *[Kind.DELISTED] * 3, Kind.WORLD_CLOSED]
BEGUN: Final = [
    *sorted(BIRTHS - {Kind.ENROLLED, Kind.FOUNDED}),
    Kind.ACCOUNT_ADDED,
    Kind.ACCOUNT_REMOVED,
]
SEEDS: Final = st.integers(0, 2**32 - 1)

HALF_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Order of secp256k1: s and order - s both satisfy a signature's equation (EIP-2)."""


class Ledgers(RuleBasedStateMachine):
    """A ledger on the chain and the same in memory, told the same."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        bench.restore()
        self.bench = bench
        self.ledger, self.beside, self.now = fork(bench.ledger), Beside(), bench.now
        self.entries = list(bench.entries)
        self.claims = [one for one in self.entries if _claims(one)]
        self.listings: dict[tuple[Hash32, Hash32], None] = {}
        self.drawn: Counter[int] = Counter()
        self.agree = True

    # -- entries -----------------------------------------------------------------------------

    @rule(seed=SEEDS)
    def begun(self, seed: int) -> None:
        self._append(seed, BEGUN)

    @rule(seed=SEEDS)
    def told(self, seed: int) -> None:
        self._append(seed, TOLD)

    @rule(seed=SEEDS)
    def parties(self, seed: int) -> None:
        self._append(seed, PARTIES)

    @rule(seed=SEEDS)
    def parts(self, seed: int) -> None:
        self._append(seed, PARTS)

    @rule(seed=SEEDS)
    def claimed(self, seed: int) -> None:
        self._append(seed, CLAIMS)

    @rule(seed=SEEDS)
    def shown(self, seed: int) -> None:
        self._append(seed, WORLDS)

    @rule(seed=SEEDS, number=st.integers(0, 6))
    def mixed(self, seed: int, number: int) -> None:
        """Entries of any kind and of any organisation in one transaction."""
        self._append(seed, ALL, number, self.bench.custodian)

    def _append(
        self,
        seed: int,
        kinds: Sequence[Kind],
        number: int = 1,
        sender: Address | None = None,
    ) -> None:
        draft = self._draft()
        draft.open()
        acts: list[Act] = []
        for act in self._acts(self._author(seed, draft), kinds, number):
            sender = sender or act.actor
            acts.append(replace(act, actor=sender))
            draft.append(acts[-1])
        data_ = encode_append([act.entry for act in acts])
        self._send(sender or self.bench.custodian, data_, draft)

    @rule(seed=SEEDS, number=st.integers(1, 4))
    def signed(self, seed: int, number: int) -> None:
        """Entries that others have signed, whoever sends them."""
        draft = self._draft()
        author = self._author(seed, draft)
        surplus = author.pick([0] * 15 + [1])
        draft.open(number + surplus, number)
        entries: list[Entry] = []
        given: list[Authorisation] = []
        for act in self._acts(author, ALL, number):
            leave, against = self._authorise(author, act)
            entries.append(act.entry)
            given.append(leave)
            draft.append(act, against)
        call = encode_append_signed(entries, given + given[:1] * surplus)
        self._send(author.pick(self.bench.accounts[:6]), call, draft)

    def _acts(self, author: Author, kinds: Sequence[Kind], number: int) -> Iterator[Act]:
        """Acts, one after the other, as the author's draft goes on; some of them spoilt."""
        for index in range(number):
            act = author.act(kinds, index)
            yield Spoiler(author).spoil(act) if author.seldom(6 * number) else act

    def _authorise(self, author: Author, act: Act) -> tuple[Authorisation, set[Refusal]]:
        """The actor's leave for an act, now and then late, forged or torn."""
        deadline, signer = author.pick([2**64 - 1, act.now, act.now + 60]), act.actor
        if author.seldom(16):
            deadline = author.pick([0, act.now - 1])
        if forged := author.seldom(16):
            signer = author.pick([one for one in self.bench.signers if one != act.actor])
        leave = self.bench.sign(act.entry, deadline, signer, act.actor)
        if torn := author.seldom(16):
            leave = replace(leave, signature=author.pick(_torn(leave.signature)))
        against: set[Refusal] = set()
        if deadline < act.now:
            against.add(refuse("Expired", act.index, deadline=deadline))
        wrong = (forged or torn) and act.actor != VOUCHING[0]
        if wrong or act.actor == SILENT[0]:
            against.add(refuse("BadSignature", act.index, actor=act.actor))
        return leave, against

    @rule(seed=SEEDS, levels=st.sampled_from([2, 3, 16, 32, 33]), upwards=st.booleans())
    def tower(self, seed: int, levels: int, upwards: bool) -> None:
        """Parts of parts of parts, as deep as may be, and one level deeper."""
        draft = self._draft()
        draft.open()
        author, sender = self._author(seed, draft), self.bench.custodian
        org, acts, ids = author.pick(author.orgs()), [], []

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

    @rule(seed=SEEDS, safely=st.booleans())
    def transfer(self, seed: int, safely: bool) -> None:
        """A token handed over by its own call."""
        draft = self._draft()
        author = self._author(seed, draft)
        token, owner, sender = self._token(author)
        to = organisation_address(author.pick(author.orgs()))
        if author.seldom():
            owner = organisation_address(author.pick([*author.orgs(), NOBODY]))
        if author.seldom():
            to = author.pick([*self.bench.accounts, ZERO_ADDRESS])
        draft.transfer(sender, owner, to, token, not safely or to != self.bench.refusing)
        name = "safeTransferFrom" if safely else "transferFrom"
        call = selector(f"{name}(address,address,uint256)") + _address(owner) + _address(to) + token
        self._send(sender, call, draft)

    @rule(seed=SEEDS)
    def approve(self, seed: int) -> None:
        """A token approved to somebody, or to nobody."""
        draft = self._draft()
        author = self._author(seed, draft)
        token, _, sender = self._token(author)
        to = author.pick([*self.bench.accounts, ZERO_ADDRESS])
        draft.approve(sender, to, token)
        call = selector("approve(address,uint256)") + _address(to) + token
        beside = [] if draft.refused else [logged_approval(self.ledger, to, token)]
        self._send(sender, call, draft, [token], beside)

    def _token(self, author: Author) -> tuple[Hash32, Address, Address]:
        """A token, its owner's address, and who may well move it."""
        asset = author.asset()
        approved = self.beside.approved.get(asset.id)
        sender = approved if approved and author.seldom(2) else author.actor(asset.owner)
        token = author.pick([*self.ledger.subjects, NOBODY]) if author.seldom(16) else asset.id
        return token, organisation_address(asset.owner), sender

    # -- governance --------------------------------------------------------------------------

    @rule(seed=SEEDS)
    def govern(self, seed: int) -> None:
        """What concerns one subject, by the governor and now and then by another."""
        draft = self._draft()
        author = self._author(seed, draft)
        reason, org, asset = author.document(), author.pick(author.orgs()), author.asset()
        assert self.ledger.founding is not None
        founding = self.ledger.founding.id
        thaw = [one.id for one in author.all(Asset) if one.frozen]
        barred = [one.id for one in author.all(Organisation) if not one.active]
        plausible: list[tuple[Hash32, say.Payload]] = [
            *((asset.id, say.TitleForced(org, reason)) for _ in range(3)),
            *((asset.id, say.Frozen(reason)) for _ in range(2)),
            *((one, say.Unfrozen(reason)) for one in thaw or [asset.id]),
            (org, say.Suspended(reason)),
            *((one, say.Reinstated(reason)) for one in (barred * 4) or [org]),
            (founding, say.SuccessorNamed(self.bench.custodian, reason)),
            (founding, say.Paused(reason)),
            *((founding, say.Resumed(reason)) for _ in range(40 if self.ledger.paused else 1)),
        ]
        subject, payload = author.pick(plausible)
        if author.seldom() and subject != founding:
            subject = author.pick([*self.ledger.subjects, NOBODY, ZERO_HASH])
        sender, governs = self._governor(author)
        draft.govern(payload, subject, sender, governs)
        self._send(sender, _door(payload, subject), draft)

    @rule(seed=SEEDS)
    def enrol(self, seed: int) -> None:
        """An organisation enrolled, with some accounts or none."""
        draft = self._draft()
        author = self._author(seed, draft)
        did = author.pick(
            [
                *("did:web:five.example", "did:web:six.example", "did:web:one.example", "did:!"),
                *("", "did:", "Did:web:x", "did:five example", "did:fünf", "did:\x7f", "did:\x00"),
            ]
        )
        there = [*self.bench.accounts, ZERO_ADDRESS] if author.seldom() else self.bench.accounts
        accounts = [author.pick(there) for _ in range(author.pick([1, 2, 3, 0]))]
        sender, governs = self._governor(author)
        draft.enrol(did, accounts, sender, governs)
        self._send(sender, calls.encode_enrol(did, accounts), draft)

    def _governor(self, author: Author) -> tuple[Address, bool]:
        sender = self.bench.governor
        if author.seldom():
            sender = author.pick(self.bench.accounts[:6])
        return sender, sender == self.bench.governor

    # -- time --------------------------------------------------------------------------------

    @rule(seed=SEEDS)
    def wait(self, seed: int) -> None:
        """Time passes, as a rule until something is about to lapse or has just lapsed."""
        ends = {
            one.expires + after
            for one in self.ledger.relations
            if isinstance(one, Offer | Claim | Listing)
            for after in (-1, 0, 1)
        }
        ahead = sorted(one for one in ends if one > self.now)
        self.now = self._lots(seed).choice(ahead or [self.now + 10])
        self._compare(self._answers().of_the_whole())
        self._compare(self._of_relations())

    # -- both sides --------------------------------------------------------------------------

    def _draft(self) -> Draft:
        return Draft(self.ledger, self.beside, self.now + 1)

    def _lots(self, seed: int) -> Random:
        """Chance by a seed, which Hypothesis likes to draw again: another chance each time."""
        self.drawn[seed] += 1
        return Random(f"{seed} {self.drawn[seed]}")  # noqa: S311 - nothing is to be kept secret

    def _author(self, seed: int, draft: Draft) -> Author:
        earlier = [
            Entry(one.subject, one.org, one.kind, one.position, one.payload)
            for one in self.entries
            if one.kind is not Kind.FOUNDED
        ]
        return Author(self._lots(seed), draft, self.bench.accounts, earlier)

    def _send(
        self,
        sender: Address,
        data: bytes,
        draft: Draft,
        touched: Iterable[Hash32] = (),
        beside: Sequence[Log] = (),
    ) -> None:
        """Have the contract do what a draft says, and compare what comes of it."""
        self.agree = False
        self.now = draft.now
        note(f"{self.now}: {to_hex(sender)} sends {to_hex(data)}")
        before = self.ledger.ledger_head
        outcome = self.bench.send(sender, data, self.now)
        if draft.refused or outcome.refused:
            wanted = sorted(map(str, draft.refused))
            assert outcome.refused, f"accepted, in spite of {wanted}"
            assert draft.refused, f"refused: {outcome.refused} {outcome.refused.index}"
            assert _told(outcome.refused) in draft.refused, (outcome.refused.fields, wanted)
            assert self.bench.ledger_head() == before
        else:
            self._take(outcome.entries, [*beside], outcome.logs)
            assert outcome.entries == draft.entries
            self.beside = draft.beside
            self._compare(self._of_touched([*touched, *(one.subject for one in outcome.entries)]))
            assert self.bench.ledger_head() == self.ledger.ledger_head
        self.agree = True

    def _take(self, entries: Sequence[Appended], wanted: list[Log], logs: Sequence[Log]) -> None:
        """Fold what the contract logged."""
        for entry in entries:
            note(f"{entry.kind.label} {entry.position} of {to_hex(entry.subject)[:10]}")
            wanted += logged_beside(self.ledger, entry)
            self.ledger.append(entry)
            self.entries.append(entry)
            if _claims(entry):
                self.claims.append(entry)
            if entry.kind is Kind.LISTED:
                world = say.Listed.decode(entry.payload).world
                self.listings[entry.subject, world] = None
        assert list(logs) == wanted

    def _answers(self) -> Answers:
        return Answers(self.ledger, self.beside, self.bench.accounts, self.now)

    def _of_touched(self, subjects: Sequence[Hash32]) -> Iterator[Question]:
        """What is asked of subjects after entries of theirs, of what these name and are part of."""
        answers, near = self._answers(), dict.fromkeys(subjects)
        for subject in list(near):
            level = self.ledger.parent_of(subject)
            while level is not None:
                near[level] = None
                level = self.ledger.parent_of(level)
        near |= dict.fromkeys([one.id for one in self._organisations()])
        for subject in near:
            yield from answers.of(subject)
        for claim in self.claims:
            if claim.subject in near:
                yield from answers.of_claim(claim)
        for asset, world in self.listings:
            if asset in near or world in near:
                yield answers.of_listing(asset, world)

    def _of_relations(self) -> Iterator[Question]:
        """What the passing of time alone changes."""
        answers = self._answers()
        for claim in self.claims:
            yield from answers.of_claim(claim)
        for asset, world in self.listings:
            yield answers.of_listing(asset, world)
        for one in self.ledger.relations:
            if isinstance(one, Offer):
                yield answers.of_offer(one.asset, one.party)

    def _organisations(self) -> list[Organisation]:
        return [one for one in self.ledger.subjects.values() if isinstance(one, Organisation)]

    def _compare(self, questions: Iterable[Question]) -> None:
        asked = list(questions)
        for (name, arguments, wanted), found in zip(
            asked, self.bench.answers(asked, self.now), strict=True
        ):
            if found != wanted and name == "word(bytes32)" and any(wanted):
                assert decode_word(int.from_bytes(found)) == decode_word(int.from_bytes(wanted))
            assert found == wanted, (name, [to_hex(one) for one in arguments])

    def teardown(self) -> None:
        """At the end of each example, compare everything; unless it has failed already."""
        if not self.agree:
            return
        answers = self._answers()
        self._compare(chain(*map(answers.of, [*self.ledger.subjects, NOBODY, ZERO_HASH])))
        self._compare(self._of_relations())
        self._compare(answers.of_the_whole())
        assert self.bench.ledger_head() == self.ledger.ledger_head
        subjects = list(self.ledger.subjects.values())
        words = self.bench.stored([word_slot(one.id) for one in subjects])
        assert [decode_word(int.from_bytes(one)) for one in words] == list(
            map(answers.word, subjects)
        )
        heads = self.bench.stored([head_slot(one.id) for one in subjects])
        assert heads == [one.head if one.count > 1 else ZERO_HASH for one in subjects]


def _claims(entry: Appended) -> bool:
    return entry.kind in {Kind.ATTESTED, Kind.CREDENTIAL_ISSUED}


def _told(refused: Refused) -> Refusal:
    return Refusal(refused.name, refused.index, tuple(sorted(refused.values.items())))


def _torn(signature: bytes) -> list[bytes]:
    """Signatures that are none, the last but for a malleable curve (EIP-2)."""
    r, s, v = signature[:32], int.from_bytes(signature[32:64]), signature[64:]
    other = (HALF_ORDER - s) % 2**256
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
    dose = {"max_examples": 1000} if NIGHTLY else {"max_examples": 40, "derandomize": True}
    run_state_machine_as_test(
        lambda: Ledgers(bench),
        settings=settings(
            **dose, stateful_step_count=60, deadline=None, suppress_health_check=[*HealthCheck]
        ),
    )
