"""What is refused at once is what the contract's rules refuse: `tests/contracts/rules.py` says."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import Problem
from api.rights import Asking
from api.sense import find_problem
from api.standing import Standing
from ledger.domain import payloads as say
from ledger.domain.asset import Asset
from ledger.domain.entries import Appended
from ledger.domain.kinds import Kind
from ledger.domain.ledger import Ledger
from ledger.domain.organisation import Organisation
from ledger.domain.relations import Offer
from ledger.hashing import keccak, subject_id
from ledger.outbox.under_way import Coming
from ledger.types import ZERO_HASH, AssetKind, Hash32, Party
from tests.contracts.author import Author
from tests.contracts.conditions import Act, Beside, active
from tests.contracts.draft import Draft
from tests.contracts.rules import refusals

ACCOUNTS: Final = [bytes([number]) * 20 for number in (1, 2, 3)]
SAID: Final = sorted({*range(Kind.REVISED, Kind.ERASED + 1)} - {Kind.PART_ADDED, Kind.PART_REMOVED})
KINDS: Final = [Kind(number) for number in SAID] + 3 * [
    *(Kind.STAGED, Kind.OFFERED, Kind.ACCEPTED, Kind.ACCEPTED, Kind.MOUNTED, Kind.RELEASED)
]
OURS: Final = frozenset(
    {"NotEntitled", "NotOwner", "AssetFrozen", "AssetRetired", "WrongStage", "Unchanged"}
    | {"SuspendedOrganisation", "NotOffered", "UnderLien", "AlreadyMounted", "NotMounted"}
)
"""Refusals that need no more than the asset, its parent and the organisations to be known."""


@dataclass
class Desk:
    """A ledger in memory, on which plausible things happen, and others that are not."""

    lots: Random
    draft: Draft

    @staticmethod
    def open(seed: int) -> Desk:
        """A ledger with some organisations, a schema, a world and some assets."""
        draft = Draft(Ledger(keccak(b"domain")), Beside(), now=1_000_000)
        draft.ledger.append(_founding(draft))
        for name in "abcd":
            draft.enrol(f"did:web:{name}.example", ACCOUNTS, ACCOUNTS[0], governor=True)
        desk = Desk(Random(seed), draft)  # noqa: S311 - no secret
        org = desk.orgs()[0]
        desk.begin(org, say.SchemaPublished(keccak(b"schema"), ZERO_HASH))
        desk.begin(org, say.WorldOpened(keccak(b"world"), ZERO_HASH, ZERO_HASH))
        for number in range(5):
            born = keccak(bytes([number]))
            desk.begin(org, say.Registered(org, ZERO_HASH, born, AssetKind.INSTANCE))
        return desk

    @property
    def ledger(self) -> Ledger:
        return self.draft.ledger

    def orgs(self) -> list[Hash32]:
        return [one.id for one in self.ledger.subjects.values() if isinstance(one, Organisation)]

    def begin(self, org: Hash32, payload: say.Payload) -> None:
        subject = subject_id(self.ledger.domain, payload.KIND, org, payload.encode())
        act = self.draft.act(payload, subject, org, ACCOUNTS[0])
        self.draft.append(act)
        assert not self.draft.refused

    def act(self) -> Act:
        """Something to be said of an asset, now and then by another than whose it is to say."""
        act = Author(self.lots, self.draft, ACCOUNTS, []).act(KINDS, 0)
        assert act.said is not None
        if self.lots.randrange(4) == 0:
            return self.draft.act(act.said, act.subject, self.lots.choice(self.orgs()), ACCOUNTS[0])
        return act

    def govern(self) -> Act:
        """Something that governance may want."""
        assets = [one.id for one in self.ledger.subjects.values() if isinstance(one, Asset)]
        org, asset, why = self.lots.choice(self.orgs()), self.lots.choice(assets), keccak(b"why")
        about: list[tuple[Hash32, say.Payload]] = [
            *((asset, each) for each in (say.Frozen(why), say.Unfrozen(why), say.Unfrozen(why))),
            (asset, say.TitleForced(org, why)),
            *((org, each) for each in (say.Suspended(why), say.Reinstated(why))),
            (org, say.Reinstated(why)),
        ]
        subject, said = self.lots.choice(about)
        return self.draft.act(said, subject, ZERO_HASH, ACCOUNTS[0])

    def standing(self, subject: Hash32) -> Standing | None:
        asset = self.ledger.find(subject)
        if not isinstance(asset, Asset):
            return None
        return Standing(asset, tuple(sorted(_offers(self.ledger, subject), key=_party)))

    def judge(self, act: Act) -> Problem | None:
        """What the API would say, as far as the asset and its parent tell it."""
        standing = self.standing(act.subject)
        assert standing is not None
        assert act.said is not None
        parent = getattr(act.said, "parent", None)
        suspended = {
            one.id
            for one in self.ledger.subjects.values()
            if isinstance(one, Organisation) and not one.active
        }
        org = None if act.org == ZERO_HASH else act.org
        asking = Asking(org, act.said, act.now, suspended)
        return find_problem(asking, standing, self.standing(parent) if parent else None)

    def append(self, act: Act) -> None:
        """Have it happen, if it may."""
        if act.org == ZERO_HASH:
            assert act.said is not None
            self.draft.govern(act.said, act.subject, act.actor, governor=True)
        else:
            self.draft.append(act)
        self.draft.refused = set()


def _founding(draft: Draft) -> Appended:
    said = say.Founded(ACCOUNTS[0])
    subject = subject_id(draft.ledger.domain, said.KIND, ZERO_HASH, said.encode())
    entry = draft.act(said, subject, ZERO_HASH, ACCOUNTS[0]).entry
    return Appended(subject, ZERO_HASH, said.KIND, 0, entry.payload, ACCOUNTS[0], draft.now)


def _offers(ledger: Ledger, asset: Hash32) -> list[Offer]:
    return [one for one in ledger.relations if isinstance(one, Offer) and one.asset == asset]


def _party(offer: Offer) -> Party:
    return offer.party


def _on_its_way(act: Act) -> Coming:
    at = act.entry
    return Coming(at.subject, at.org, at.kind, at.position, at.payload)


def can_be_asked(act: Act) -> bool:
    """Whether a request can say it: that title is released cannot."""
    return act.said != say.Released(Party.OWNER)


def refused_by_the_rules(act: Act) -> set[str]:
    """The names of the contract's errors that the act deserves, of those that are ours to tell."""
    deserved = {*refusals(act)}
    if act.org != ZERO_HASH:
        deserved |= {*active(act, act.org)}
    names = {one.name for one in deserved}
    itself = isinstance(act.said, say.Mounted) and act.said.parent == act.subject
    ours = OURS | ({"Cycle"} if itself else set())
    return names & (ours | {"Lapsed"} if isinstance(act.said, say.Accepted) else ours)


def assert_told_rightly(problem: Problem, names: set[str]) -> None:
    code = problem.kind.code
    if code == "forbidden":
        assert names & {"NotEntitled", "NotOwner"}
    elif code == "invalid_request":
        assert names & {"Unchanged", "Cycle"}
        assert [one["field"] for one in problem.errors] in (["to"], ["parent"])
    else:
        assert problem.members["name"] in names


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_what_is_refused_is_what_the_rules_refuse(seed: int) -> None:
    desk = Desk.open(seed)
    for _ in range(60):
        act = desk.govern() if desk.lots.randrange(6) == 0 else desk.act()
        if desk.standing(act.subject) is not None and can_be_asked(act):
            names, problem = refused_by_the_rules(act), desk.judge(act)
            assert (problem is not None) == bool(names), (act, names, problem and problem.detail)
            if problem is not None:
                assert_told_rightly(problem, names)
        desk.append(act)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_what_is_on_its_way_leaves_the_asset_as_the_ledger_will(seed: int) -> None:
    desk = Desk.open(seed)
    for _ in range(60):
        act = desk.govern() if desk.lots.randrange(8) == 0 else desk.act()
        before, count = desk.standing(act.subject), desk.ledger.count(act.subject)
        desk.append(act)
        after = desk.standing(act.subject)
        if before is None or after is None or desk.ledger.count(act.subject) == count:
            continue
        foreseen = before.after(_on_its_way(act))
        assert sorted(foreseen.offers, key=_party) == [*after.offers]
        for name in ("owner", "custodian", "operator", "lien_holder", "stage", "frozen", "parent"):
            assert getattr(foreseen.asset, name) == getattr(after.asset, name), act
