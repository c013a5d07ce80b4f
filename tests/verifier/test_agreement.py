"""Two verifiers, of which neither knows the other, give one verdict, and fail at the same step."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import pytest

from ledger.errors import InputError, VerificationError
from ledger.proofs.code import verify_code
from ledger.proofs.steps import STEPS
from ledger.types import parse_address, parse_hash, to_hex
from tests.proofs.test_mutations import NAMES, of_bytes, of_values, true
from tests.proofs.test_vectors import VECTORS, edited
from tests.vectors import archives, trusting
from tests.vectors.making import INDEX, verdict
from tests.vectors.trusting import trust_verdict
from tests.verifier.forging import Forgery, forge
from tests.verifier.javascript import RUNNER, JavaScriptVerifier, javascript_verifier, node
from tests.verifier.leaves import TEXTS, VALUES, disclose, enclose
from tests.verifier.relinking import reanchor, rehead, relink

NIGHTLY: Final = os.environ.get("LEDGER_EXAMPLES") == "nightly"
DOSE: Final = 20_000 if NIGHTLY else 250
MUTATED: Final = (*NAMES, "checkpoints", "related", "batch")
TRUST: Final = json.loads((trusting.FOLDER / INDEX).read_bytes())
SEED: Final = os.environ.get("SEED") or (f"{date.today():%Y%m%d}" if NIGHTLY else "1")


@pytest.fixture(scope="module")
def browser_verifier() -> Iterator[JavaScriptVerifier]:
    with javascript_verifier() as verifier:
        yield verifier


def agreed(forgery: Forgery, verifier: JavaScriptVerifier, name: str) -> dict[str, Any]:
    """The verdict that both give."""
    ours = verdict(forgery.raw, forgery.block_hash, forgery.contract)
    theirs = verifier.verdict(forgery.raw, forgery.block_hash, forgery.contract)
    reason = theirs.pop("reason", None)
    theirs.pop("originals", None)
    assert theirs == json.loads(json.dumps(ours)), f"{name}: {reason}"
    return ours


def test_steps_have_the_same_numbers_names_and_codes() -> None:
    steps = RUNNER.parents[2] / "api/explorer/static/verify/steps.js"
    script = f"import {{ STEPS }} from {json.dumps(str(steps))}; console.log(JSON.stringify(STEPS))"
    command = [node(), "--input-type=module", "-e", script]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert told == [{"number": step.number, "name": step.step, "code": step.code} for step in STEPS]


@pytest.mark.parametrize("bundle", sorted({vector["bundle"] for vector in VECTORS}))
def test_each_vector_has_its_verdict(bundle: str, browser_verifier: JavaScriptVerifier) -> None:
    for vector in VECTORS:
        if vector["bundle"] == bundle:
            trusted = parse_hash(vector["block_hash"]), parse_address(vector["contract"])
            found = browser_verifier.verdict(edited(vector), *trusted)
            found.pop("reason", None)
            found.pop("originals", None)
            assert found == vector["verdict"], vector["name"]


def test_each_vector_of_zips_has_its_verdict(browser_verifier: JavaScriptVerifier) -> None:
    for vector in json.loads((archives.FOLDER / INDEX).read_bytes()):
        trusted = parse_hash(vector["block_hash"]), parse_address(vector["contract"])
        found = browser_verifier.verdict(edited(vector, archives.FOLDER), *trusted)
        told = {name: value for name, value in found.items() if name in vector["verdict"]}
        assert told == vector["verdict"], vector["name"]


@pytest.mark.parametrize("vector", TRUST, ids=lambda vector: vector["name"])
def test_each_vector_of_trust_has_its_verdict(
    vector: dict[str, Any], browser_verifier: JavaScriptVerifier
) -> None:
    raw, contract = edited(vector, trusting.FOLDER), parse_address(vector["contract"])
    found = browser_verifier.trust_verdict(raw, contract, vector["trust"])
    reason = found.pop("reason", None)
    found.pop("subject", None)
    assert found == vector["verdict"], reason


def of_checkpoints(draw: random.Random, raw: bytes) -> bytes:
    """A digit changed of what witnesses said."""
    start, end = raw.index(b'"checkpoints"'), raw.index(b'"contract"')
    at = draw.choice([at for at in range(start, end) if raw[at] in b"0123456789abcdef"])
    return raw[:at] + b"%x" % draw.randrange(16) + raw[at + 1 :]


def test_both_believe_the_same_words_of_mutated_bundles(
    browser_verifier: JavaScriptVerifier,
) -> None:
    found: Counter[str | None] = Counter()
    for number in range(2 * DOSE):
        name = f"{SEED} {number}"
        draw = random.Random(name)  # noqa: S311
        vector = draw.choice(TRUST)
        whole = (trusting.FOLDER / vector["bundle"]).read_bytes()
        raw = draw.choice((of_bytes, of_values, of_checkpoints, of_checkpoints))(draw, whole)
        contract, trust = parse_address(vector["contract"]), vector["trust"]
        ours = trust_verdict(raw, contract, trust)
        theirs = browser_verifier.trust_verdict(raw, contract, trust)
        reason = theirs.pop("reason", None)
        theirs.pop("subject", None)
        assert theirs == ours, f"{name}: {reason}"
        found[ours.get("cause") or ours.get("code")] += 1
    assert {None, "wrong_form", "bad_signature", "wrong_anchor"} <= found.keys()


def test_both_give_one_verdict_on_other_chains_that_lie(
    browser_verifier: JavaScriptVerifier,
) -> None:
    found: Counter[str | None] = Counter()
    whole = (trusting.FOLDER / "anchored.json").read_bytes()
    [vector] = [one for one in TRUST if one["name"] == "anchored: both of two"]
    for number in range(2 * DOSE):
        name = f"{SEED} {number}"
        raw, seen = reanchor(random.Random(name), whole)  # noqa: S311
        contract = parse_address(vector["contract"])
        trust = vector["trust"] | {"anchor_hash": to_hex(seen), "threshold": 1 + number % 2}
        ours = trust_verdict(raw, contract, trust)
        theirs = browser_verifier.trust_verdict(raw, contract, trust)
        reason = theirs.pop("reason", None)
        assert theirs == ours, f"{name}: {reason}"
        found[ours.get("cause")] += 1
    assert {None, "wrong_anchor", "contradiction"} <= found.keys(), found


@pytest.mark.parametrize("threshold", [0, -1, 3, 1.5, None])
def test_no_threshold_is_taken_that_nobody_or_everybody_reaches(
    threshold: float | None, browser_verifier: JavaScriptVerifier
) -> None:
    vector = TRUST[0]
    raw, contract = edited(vector, trusting.FOLDER), parse_address(vector["contract"])
    trust = vector["trust"] | {"threshold": threshold}
    assert (
        "a threshold is from 1 to the 2"
        in browser_verifier.trust_verdict(raw, contract, trust)["crashed"]
    )


def test_who_trusts_nothing_believes_nothing(browser_verifier: JavaScriptVerifier) -> None:
    raw, _, contract, _ = true("asset")
    found = browser_verifier.trust_verdict(raw, contract, {})
    assert (found["step"], found["code"]) == (2, "wrong_header")


ARTIFACT: Final = RUNNER.parents[2] / "contracts/artifacts/AssetLedger.json"


def _artifacts() -> dict[str, bytes]:
    """The true one, and what else may be given for it."""
    true_one = json.loads(ARTIFACT.read_bytes())
    places = true_one["immutableReferences"]
    changes: dict[str, Any] = {
        "the true one": {},
        "other code": {"deployedBytecode": "0x00" + true_one["deployedBytecode"][4:]},
        "no code": {"deployedBytecode": None},
        "upper-case code": {"deployedBytecode": true_one["deployedBytecode"].upper()},
        "other places": {"immutableReferences": {"0": places["1"], "1": places["0"]}},
        "fewer places": {"immutableReferences": {"0": places["0"]}},
        "a place behind the code": {
            "immutableReferences": places | {"1": [{"start": 2**20, "length": 32}]}
        },
        "a short place": {"immutableReferences": places | {"1": [{"start": 7, "length": 31}]}},
    }
    written = {name: json.dumps(true_one | one).encode() for name, one in changes.items()}
    return written | {"nothing": b"", "a list": b"[]", "null": b"null", "no UTF-8": b"\xff"}


@pytest.mark.parametrize("bundle", ["ledger", "asset"])
@pytest.mark.parametrize("name", _artifacts())
def test_both_compare_the_contracts_code_alike(
    bundle: str, name: str, browser_verifier: JavaScriptVerifier
) -> None:
    """Of whatever is no compiled contract, and of every bundle without the ledger, it says so."""
    raw, block_hash, contract, verified = true(bundle)
    artifact = _artifacts()[name]
    try:
        verify_code(verified, artifact)
        ours = True
    except (InputError, VerificationError):
        ours = False
    found = browser_verifier.code_verdict(raw, block_hash, contract, artifact)
    assert found["verified"] == ours == (bundle == "ledger" and name == "the true one"), found
    assert found.get("code", "wrong_code") == "wrong_code"


def test_checkpoints_have_the_domain_of_the_contract_that_the_auditor_brings(
    browser_verifier: JavaScriptVerifier,
) -> None:
    """A bundle about another contract fails as that, at step 3, and not by its checkpoints."""
    raw, block_hash, contract, _ = true("checkpoints")
    other = raw.replace(contract.hex().encode(), bytes(20).hex().encode())
    found = agreed(Forgery(other, block_hash, contract), browser_verifier, "another contract")
    assert found["step"] == 3


@pytest.mark.parametrize("serial", ["one", None])
def test_both_read_documents_in_zips_alike(
    serial: str | None, browser_verifier: JavaScriptVerifier
) -> None:
    failed = Counter(
        agreed(enclose(value, serial), browser_verifier, value[:100]).get("step")
        for value in VALUES
    )
    assert {None, 1} <= failed.keys()


def test_both_give_one_verdict_on_chains_that_lie(browser_verifier: JavaScriptVerifier) -> None:
    failed: Counter[int | None] = Counter()
    for number in range(2 * DOSE):
        name = f"{SEED} {number}"
        forgery = forge(random.Random(name))  # noqa: S311
        failed[agreed(forgery, browser_verifier, name).get("step")] += 1
    assert {None, 5, 6, 7, 8, 9, 11, 12, 13} <= failed.keys()


def test_both_give_one_verdict_on_tries_that_lie(browser_verifier: JavaScriptVerifier) -> None:
    failed: Counter[int | None] = Counter()
    for number in range(DOSE):
        name = f"{SEED} {number}"
        draw = random.Random(name)  # noqa: S311
        forgery = relink(draw, true(draw.choice(MUTATED))[0])
        failed[agreed(forgery, browser_verifier, name).get("step")] += 1
    assert {None, 3, 4, 5, 6} <= failed.keys()


def test_both_read_headers_alike(browser_verifier: JavaScriptVerifier) -> None:
    failed: Counter[int | None] = Counter()
    for number in range(DOSE):
        name = f"{SEED} {number}"
        draw = random.Random(name)  # noqa: S311
        forgery = rehead(draw, true(draw.choice(NAMES))[0])
        failed[agreed(forgery, browser_verifier, name).get("step")] += 1
    assert failed.keys() == {None, 2}


@pytest.mark.parametrize("mutate", [of_bytes, of_values])
def test_both_give_one_verdict_on_mutated_bundles(
    mutate: Any, browser_verifier: JavaScriptVerifier
) -> None:
    failed: Counter[int | None] = Counter()
    for number in range(DOSE):
        name = f"{SEED} {number}"
        draw = random.Random(name)  # noqa: S311
        raw, block_hash, contract, _ = true(draw.choice(MUTATED))
        forgery = Forgery(mutate(draw, raw), block_hash, contract)
        failed[agreed(forgery, browser_verifier, name).get("step")] += 1
    assert {1, 2, 3} <= failed.keys()


def test_both_read_the_leaves_of_documents_alike(browser_verifier: JavaScriptVerifier) -> None:
    failed = Counter(
        agreed(disclose(leaf), browser_verifier, leaf[:100]).get("step") for leaf in TEXTS
    )
    assert {None, 13} <= failed.keys()
