"""Verifying walks nine steps; whatever is tampered with fails at the step that it concerns."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.domain.asset import Asset
from ledger.domain.kinds import Kind
from ledger.domain.organisation import Organisation
from ledger.domain.payloads import Enrolled, Observed, Revised
from ledger.hashing import keccak
from ledger.proofs.bundle import Birth, Bundle, ManifestClaim
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.layout import (
    SubjectClass,
    approval_slot,
    encode_word,
    head_slot,
    ledger_head_slot,
    word_slot,
)
from ledger.proofs.rlp import decode_list, encode
from ledger.proofs.steps import (
    STEPS,
    StepFailed,
    WrongAccount,
    WrongBirth,
    WrongForm,
    WrongHead,
    WrongHeader,
    WrongHistory,
    WrongLedgerHead,
    WrongParties,
    WrongRest,
    WrongState,
    WrongWord,
)
from ledger.proofs.verified import Verified
from ledger.proofs.verify import verify_bundle
from ledger.types import Party, Stage
from tests.proofs.paper import (
    ACTOR,
    CONTRACT,
    OPENED,
    ORG,
    OTHER,
    Paper,
    a_batch,
    a_closed_world,
    a_history,
    a_lively_asset,
    a_paused_ledger,
    a_schema,
    an_asset,
    an_organisation,
    block_hash,
    entries_of,
    with_entries,
    with_entry,
)

Step = type[StepFailed]
MAKES = (
    a_history,
    a_lively_asset,
    a_batch,
    a_schema,
    a_closed_world,
    an_organisation,
    a_paused_ledger,
)


def verified(bundle: Bundle, trusted: bytes | None = None, contract: bytes = CONTRACT) -> Verified:
    return verify_bundle(
        encode_bundle(bundle), block_hash=trusted or block_hash(bundle), contract=contract
    )


def failing(step: Step, bundle: Bundle, trusted: bytes | None = None) -> StepFailed:
    with pytest.raises(StepFailed) as caught:
        verified(bundle, trusted)
    assert type(caught.value) is step, caught.value
    assert f"step {step.number}, {step.step}" in str(caught.value)
    return caught.value


# -- what is proven ----------------------------------------------------------------------------


@pytest.mark.parametrize("make", MAKES)
def test_proves_every_class_of_subject(make: Callable[[Paper], bytes]) -> None:
    paper = Paper(approved=True)
    subject = make(paper)
    found = verified(paper.bundle(subject))
    assert (found.subject, found.state) == (subject, paper.state(subject))
    assert found.word == paper.word(subject)
    assert found.not_proven


def test_proves_an_asset_s_whole_history_and_state() -> None:
    paper = Paper()
    others = [an_asset(paper, bytes([n])) for n in range(20)]
    subject = a_history(paper)
    found = verified(paper.bundle(subject))
    assert found.state == paper.state(subject)
    assert isinstance(found.state, Asset)
    assert found.state.owner == OTHER
    assert [entry.position for entry in found.entries] == [0, 1, 2, 3, 4, 5]
    assert found.ledger_head == paper.ledger_head
    assert (found.block.number, found.block.timestamp) == (7, OPENED + 1000)
    assert found.code_hash == keccak(b"code")
    assert verified(paper.bundle(others[3])).state == paper.state(others[3])


def test_proves_a_birth_alone_by_the_absence_of_a_head() -> None:
    paper = Paper()
    a_history(paper)
    subject = an_asset(paper, b"new")
    found = verified(paper.bundle(subject))
    assert found.state.head == subject
    assert found.entries[0].actor is None


def test_proves_an_organisation_with_its_accounts() -> None:
    paper = Paper()
    found = verified(paper.bundle(an_organisation(paper)))
    assert isinstance(found.state, Organisation)
    assert not found.state.active
    assert len(found.state.accounts) == found.word.accounts == 2
    assert any("did:web:gears.example" in sentence for sentence in found.not_proven)


def test_says_what_it_does_not_prove() -> None:
    paper = Paper(approved=True)
    told = "\n".join(verified(paper.bundle(a_history(paper))).not_proven)
    for part in ("block 7", "after that block", "code", "first entry", "transactions"):
        assert part in told
    with_manifest = paper.bundle(an_asset(paper), manifest=ManifestClaim("0.8.30", OTHER))
    assert "compiler" in "\n".join(verified(with_manifest).not_proven)


def test_proves_whom_the_owner_approved_to_transfer_title() -> None:
    paper = Paper(approved=True)
    subject = a_history(paper)
    assert verified(paper.bundle(subject)).main.approved == ACTOR
    storage = paper.storage()
    del storage[approval_slot(subject)]
    failing(WrongParties, paper.bundle(subject, storage))
    failing(WrongParties, paper.bundle(subject, storage | {approval_slot(subject): 1 << 160}))
    assert verified(_PAPER.bundle(an_asset(_PAPER, b"x"))).main.approved is None


def test_ten_thousand_entries_take_less_than_a_second() -> None:
    paper = Paper()
    subject = an_asset(paper)
    for number in range(9_999):
        paper.append(subject, Observed(keccak(number.to_bytes(2, "big"))), ORG)
    bundle = paper.bundle(subject)
    raw, trusted = encode_bundle(bundle), block_hash(bundle)
    started = time.process_time()
    found = verify_bundle(raw, block_hash=trusted, contract=CONTRACT)
    assert time.process_time() - started < 1
    assert len(found.entries) == 10_000


def test_needs_neither_node_nor_database() -> None:
    script = (
        "import sys, ledger.proofs.verify, ledger.cli.verify\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "ours = {name for name in sys.modules if name.startswith('ledger.')}\n"
        "print(roots & {'web3', 'httpx', 'requests', 'aiohttp', 'urllib3', 'websockets',"
        " 'sqlalchemy', 'sqlmodel', 'socket', 'http', 'eth_account'},"
        " {n for n in ours if n.split('.')[1] in"
        " {'chain', 'mirror', 'outbox', 'database', 'deployment', 'settings'}})"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
    assert done.stdout.split("\n")[0] == "set() set()", done


# -- each step ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paper() -> Paper:
    paper = Paper()
    for number in range(12):
        an_asset(paper, bytes([number]))
    return paper


@pytest.fixture(scope="module")
def bundle(paper: Paper) -> Bundle:
    return paper.bundle(a_history(paper))


def flipped(raw: bytes, at: int = -1) -> bytes:
    changed = bytearray(raw)
    changed[at] ^= 1
    return bytes(changed)


FIELDS: dict[str, tuple[Step, Callable[[Bundle], Bundle]]] = {
    "chain_id": (WrongBirth, lambda b: replace(b, chain_id=1)),
    "contract": (WrongAccount, lambda b: replace(b, contract=flipped(b.contract))),
    "subject": (WrongForm, lambda b: replace(b, subject=flipped(b.subject))),
    "header": (WrongHeader, lambda b: replace(b, header=flipped(b.header))),
    "no nodes": (WrongAccount, lambda b: replace(b, nodes=())),
    "a node too many": (WrongRest, lambda b: replace(b, nodes=(*b.nodes, b"\x80"))),
    "subjects in the other place": (WrongForm, lambda b: replace(b, subjects=())),
    "id": (
        WrongForm,
        lambda b: replace(b, subjects=(replace(b.subjects[0], id=flipped(b.subject)),)),
    ),
    "birth": (
        WrongBirth,
        lambda b: replace(b, subjects=(replace(b.subjects[0], birth=Birth(OTHER, ())),)),
    ),
    "no entries": (WrongBirth, lambda b: with_entries(b, ())),
    "no first entry": (WrongBirth, lambda b: with_entries(b, entries_of(b)[1:])),
    "first org": (WrongBirth, lambda b: with_entry(b, 0, org=OTHER)),
    "first payload": (WrongBirth, lambda b: with_entry(b, 0, payload=bytes(128))),
    "first kind": (WrongBirth, lambda b: with_entry(b, 0, kind=Kind.ENROLLED)),
    "first kind, no birth": (WrongBirth, lambda b: with_entry(b, 0, kind=Kind.REVISED)),
    "first kind, unknown": (WrongBirth, lambda b: with_entry(b, 0, kind=9)),
    "first timestamp": (WrongState, lambda b: with_entry(b, 0, timestamp=OPENED + 1)),
    "a last entry too few": (WrongHistory, lambda b: with_entries(b, entries_of(b)[:-1])),
    "a middle entry missing": (
        WrongHistory,
        lambda b: with_entries(b, entries_of(b)[:2] + entries_of(b)[3:]),
    ),
    "an entry twice": (
        WrongHistory,
        lambda b: with_entries(b, [*entries_of(b)[:2], entries_of(b)[1], *entries_of(b)[2:]]),
    ),
    "entries in another order": (
        WrongHistory,
        lambda b: with_entries(
            b, [*entries_of(b)[:2], entries_of(b)[3], entries_of(b)[2], *entries_of(b)[4:]]
        ),
    ),
    "a later org": (WrongHistory, lambda b: with_entry(b, 1, org=OTHER)),
    "a later kind": (WrongHistory, lambda b: with_entry(b, 1, kind=Kind.OBSERVED)),
    "a later kind, unknown": (WrongHistory, lambda b: with_entry(b, 1, kind=999)),
    "a later kind, of others": (WrongHistory, lambda b: with_entry(b, 3, kind=Kind.SUSPENDED)),
    "a later position": (WrongHistory, lambda b: with_entry(b, 2, position=7)),
    "a later payload": (WrongHistory, lambda b: with_entry(b, 2, payload=keccak(b"x"))),
    "a later payload, too short": (WrongHistory, lambda b: with_entry(b, 2, payload=b"")),
    "a later actor": (WrongHistory, lambda b: with_entry(b, 2, actor=b"\xbb" * 20)),
    "a later timestamp": (WrongHistory, lambda b: with_entry(b, 5, timestamp=1)),
}


@pytest.mark.parametrize("field", FIELDS)
def test_tampering_with_any_field_names_its_step(bundle: Bundle, field: str) -> None:
    step, tamper = FIELDS[field]
    failing(step, tamper(bundle), trusted=block_hash(bundle))


STEPS_WITH_NODES = [WrongAccount, WrongLedgerHead, WrongWord, WrongHead, WrongParties]


def first_node_of(step: Step, paper: Paper, subject: bytes) -> int:
    """Which node is the first that no step before this one needs."""
    bundle = paper.bundle(subject)
    for length in range(len(bundle.nodes)):
        with pytest.raises(StepFailed) as caught:
            verified(replace(bundle, nodes=bundle.nodes[:length]))
        if caught.value.number >= step.number:
            return length
    raise AssertionError(f"no step {step.number} needs nodes")


@pytest.mark.parametrize("step", STEPS_WITH_NODES)
def test_tampering_with_a_node_names_the_step_that_needs_it_first(step: Step) -> None:
    paper = Paper()
    for number in range(30):
        an_asset(paper, bytes([number]))
    subject = a_lively_asset(paper)
    at, nodes = first_node_of(step, paper, subject), paper.bundle(subject).nodes
    for changed in (
        nodes[:at],
        (*nodes[:at], flipped(nodes[at]), *nodes[at + 1 :]),
        (*nodes[:at], nodes[at][:-1], *nodes[at + 1 :]),
        (*nodes[:at], b"\x80", *nodes[at:]),
        (*nodes[:at], nodes[0], *nodes[at:]) if at else nodes[1:],
        nodes[:at] + nodes[at + 1 :],
        (*nodes[:at], *reversed(nodes[at:])),
    ):
        failure = failing(step, replace(paper.bundle(subject), nodes=changed))
        assert failure.reason.startswith("trie node")


def test_tells_both_values(bundle: Bundle) -> None:
    failure = failing(WrongHeader, bundle, trusted=keccak(b"another block"))
    assert failure.expected == "0x" + keccak(b"another block").hex()
    assert failure.found == "0x" + block_hash(bundle).hex()
    short = failing(WrongHistory, with_entries(bundle, entries_of(bundle)[:-1]))
    assert (short.expected, short.found) == (6, 5)
    assert short.fields["step"] == 8
    assert short.subject == bundle.subject


def test_another_contract_than_the_auditor_s_is_refused(bundle: Bundle) -> None:
    with pytest.raises(WrongAccount):
        verified(bundle, contract=b"\x99" * 20)


def test_a_true_bundle_of_an_impostor_s_contract_is_refused() -> None:
    impostor = Paper(contract=b"\x66" * 20)
    failing(WrongAccount, impostor.bundle(a_history(impostor)))


def test_an_entry_of_another_chain_is_refused() -> None:
    paper = Paper(chain_id=1)
    bundle = paper.bundle(a_history(paper))
    assert verified(bundle).chain_id == 1
    failing(WrongBirth, replace(bundle, chain_id=2))


@pytest.mark.parametrize(
    "fields",
    [
        lambda fields: fields[:15],
        lambda fields: [*fields[:8], b"\0\7", *fields[9:]],
        lambda fields: [*fields[:11], b"\1" * 9, *fields[12:]],
        lambda fields: [*fields[:3], b"\1" * 31, *fields[4:]],
        lambda fields: [*fields[:5], [b""], *fields[6:]],
    ],
)
def test_a_header_of_another_shape_is_refused_even_by_its_own_hash(
    bundle: Bundle, fields: Callable[[list[Any]], list[Any]]
) -> None:
    failing(WrongHeader, replace(bundle, header=encode(fields(decode_list(bundle.header)))))


def test_bytes_that_are_no_bundle_fail_at_form() -> None:
    for raw in (b"", b"{}", b"null", b"\xff\xfe", b"[" * 100_000, b'{"version":1}'):
        with pytest.raises(WrongForm):
            verify_bundle(raw, block_hash=bytes(32), contract=CONTRACT)


def test_every_step_has_a_number_of_its_own() -> None:
    assert [step.number for step in STEPS] == list(range(1, 15))
    assert len({step.code for step in STEPS}) == len(STEPS)


# -- a contract that holds something else (its own fault, or a forged chain) -------------------


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"count": 5}, WrongHistory),
        ({"count": 1}, WrongHead),
        ({"count": 0}, WrongWord),
        ({"owner": b"\1" * 20}, WrongState),
        ({"opened_at": 1}, WrongState),
        ({"frozen": True}, WrongState),
        ({"stage": Stage.RETIRED}, WrongState),
        ({"held": frozenset({Party.OPERATOR})}, WrongState),
        ({"offered": frozenset({Party.OWNER})}, WrongState),
        ({"mounted": True}, WrongState),
        ({"subject_class": SubjectClass.BATCH}, WrongState),
        ({"subject_class": SubjectClass.ORGANISATION}, WrongState),
    ],
)
def test_a_word_that_contradicts_the_entries_is_named(change: dict[str, Any], step: Step) -> None:
    paper = Paper()
    subject = a_history(paper)
    word = encode_word(replace(paper.word(subject), **change))
    failing(step, paper.bundle(subject, paper.storage() | {word_slot(subject): word}))


@pytest.mark.parametrize("change", [{"suspended": False}, {"accounts": 3}, {"owner": b"\1" * 20}])
def test_a_word_that_contradicts_an_organisation_is_named(change: dict[str, Any]) -> None:
    paper = Paper()
    subject = an_organisation(paper)
    word = encode_word(replace(paper.word(subject), **change))
    failing(WrongState, paper.bundle(subject, paper.storage() | {word_slot(subject): word}))


@pytest.mark.parametrize("word", [1, 1 << 228 | 1 << 255, 7 << 228])
def test_a_word_that_cannot_be_read_is_refused(word: int) -> None:
    paper = Paper()
    subject = a_history(paper)
    failing(WrongWord, paper.bundle(subject, paper.storage() | {word_slot(subject): word}))


@pytest.mark.parametrize(
    ("make", "change"),
    [
        (a_batch, {"size": 4}),
        (a_batch, {"owner": OTHER[12:]}),
        (a_schema, {"owner": OTHER[12:]}),
        (a_closed_world, {"closed": False}),
        (a_paused_ledger, {"owner": OTHER[12:]}),
        (a_lively_asset, {"held": frozenset({Party.CUSTODIAN})}),
        (a_lively_asset, {"offered": frozenset()}),
        (a_lively_asset, {"mounted": False}),
    ],
)
def test_a_word_that_contradicts_any_class_of_subject_is_named(
    make: Callable[[Paper], bytes], change: dict[str, Any]
) -> None:
    paper = Paper()
    subject = make(paper)
    word = encode_word(replace(paper.word(subject), **change))
    failure = failing(
        WrongState, paper.bundle(subject, paper.storage() | {word_slot(subject): word})
    )
    assert failure.reason == next(iter(change))


def test_a_pause_that_the_ledger_head_does_not_tell_is_named() -> None:
    paper = Paper()
    subject = a_paused_ledger(paper)
    head = int.from_bytes(paper.ledger_head, "big") ^ 1
    failure = failing(
        WrongState, paper.bundle(subject, paper.storage() | {ledger_head_slot(): head})
    )
    assert (failure.reason, failure.expected, failure.found) == ("paused", False, True)


def test_a_batch_s_entry_cannot_pass_for_the_first_of_an_asset() -> None:
    paper = Paper()
    batch = paper.bundle(a_batch(paper))
    asset = batch.subject[:31] + b"\1"
    word = encode_word(replace(paper.word(batch.subject), subject_class=SubjectClass.ASSET))
    bundle = paper.bundle(asset, paper.storage() | {word_slot(asset): word})
    failing(WrongBirth, with_entries(bundle, entries_of(batch)))
    later = replace(entries_of(batch)[0], position=1, actor=CONTRACT)
    assert "batch" in failing(WrongBirth, with_entries(bundle, (later,))).reason


def test_heads_stand_where_they_must_and_nowhere_else() -> None:
    paper = Paper()
    subject, young = a_history(paper), an_asset(paper, b"young")
    storage = paper.storage()
    failing(WrongHead, paper.bundle(young, storage | {head_slot(young): 1}))
    failing(WrongHistory, paper.bundle(subject, storage | {head_slot(subject): 1}))
    del storage[head_slot(subject)]
    failing(WrongHead, paper.bundle(subject, storage))
    storage = paper.storage()
    del storage[ledger_head_slot()]
    failing(WrongLedgerHead, paper.bundle(subject, storage))


def test_a_subject_that_is_not_there_is_not_proven() -> None:
    paper = Paper()
    an_asset(paper)
    failing(WrongWord, paper.bundle(keccak(b"nobody")))


def test_a_history_with_one_entry_more_than_the_contract_s_is_refused() -> None:
    paper = Paper()
    subject = a_history(paper)
    before = paper.bundle(subject)
    paper.append(subject, Revised(keccak(b"later")), ORG)
    failing(WrongHistory, with_entries(before, entries_of(paper.bundle(subject))))


def test_an_organisation_s_birth_cannot_pass_for_an_asset_s() -> None:
    paper = Paper()
    org = paper.begin(Enrolled("did:web:a.example"))
    word = encode_word(replace(paper.word(org), subject_class=SubjectClass.ASSET))
    failing(WrongState, paper.bundle(org, paper.storage() | {word_slot(org): word}))


# -- mutations ---------------------------------------------------------------------------------


def _mutated(raw: bytes, data: st.DataObject) -> bytes:
    at = data.draw(st.integers(0, len(raw) - 1))
    match data.draw(st.sampled_from(["byte", "digit", "drop", "insert", "cut", "swap", "repeat"])):
        case "byte":
            return raw[:at] + bytes([data.draw(st.integers(0, 255))]) + raw[at + 1 :]
        case "digit":
            return (
                raw[:at]
                + data.draw(st.sampled_from(list(b"0123456789abcdef"))).to_bytes(1, "big")
                + raw[at + 1 :]
            )
        case "drop":
            return raw[:at] + raw[at + data.draw(st.integers(1, 70)) :]
        case "insert":
            return raw[:at] + data.draw(st.binary(min_size=1, max_size=8)) + raw[at:]
        case "cut":
            return raw[:at]
        case "swap":
            other = data.draw(st.integers(0, len(raw) - 1))
            first, last = sorted((at, other))
            return raw[:first] + raw[last:] + raw[first:last]
        case _:
            return raw[:at] + raw[at : at + 70] + raw[at:]


_PAPER = Paper()
_BUNDLES = [_PAPER.bundle(make(_PAPER)) for make in (an_asset, *MAKES)]


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(_BUNDLES), st.data())
def test_no_mutated_bundle_is_accepted(bundle: Bundle, data: st.DataObject) -> None:
    raw = encode_bundle(bundle)
    mutated = _mutated(raw, data)
    if mutated == raw:
        return
    with pytest.raises(StepFailed):
        verify_bundle(mutated, block_hash=block_hash(bundle), contract=CONTRACT)


@settings(deadline=None)
@given(st.binary(max_size=200))
@example(b'{"version":1e400}')
def test_no_bytes_do_more_than_fail_a_step(raw: bytes) -> None:
    with pytest.raises(WrongForm):
        verify_bundle(raw, block_hash=bytes(32), contract=CONTRACT)
