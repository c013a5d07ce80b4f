"""A ledger on the chain and the same in memory, told the same and asked the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from random import Random

from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine

from ledger.domain import payloads as say
from ledger.domain.entries import Appended, Entry
from ledger.domain.kinds import Kind
from ledger.domain.organisation import Organisation
from ledger.domain.relations import Offer
from ledger.errors import Refused
from ledger.proofs.layout import decode_word, head_slot, word_slot
from ledger.types import ZERO_HASH, Address, Hash32, to_hex
from tests.contracts.answers import Answers, Log, Question, logged_beside
from tests.contracts.author import NOBODY, Author, beyond
from tests.contracts.bench import Bench
from tests.contracts.conditions import Refusal
from tests.contracts.draft import Draft, fork


class BothSides(RuleBasedStateMachine):
    """Has the contract do what a draft says, folds what it logs, and compares all they answer."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        bench.restore()
        self.bench = bench
        self.ledger, self.beside, self.now = fork(bench.ledger), bench.beside.copy(), bench.now
        self.entries = list(bench.entries)
        self.claims = [one for one in self.entries if _claims(one)]
        self.listings = dict.fromkeys(bench.beside.listed)
        self.agree = True

    def _author(self, lots: Random) -> Author:
        """Whoever writes the next transaction, a second after the last."""
        draft = Draft(self.ledger, self.beside, self.now + 1)
        earlier = [
            Entry(one.subject, one.org, one.kind, one.position, one.payload)
            for one in self.entries
            if one.kind is not Kind.FOUNDED
        ]
        return Author(lots, draft, self.bench.accounts, earlier)

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
        there = [*self.ledger.subjects, *beyond(self.ledger), NOBODY, ZERO_HASH]
        self._compare(chain(*map(answers.of, there)))
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
