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

from ledger.proofs.steps import STEPS
from ledger.types import parse_address, parse_hash
from tests.proofs.test_mutations import NAMES, of_bytes, of_values, true
from tests.proofs.test_vectors import VECTORS, edited
from tests.vectors import archives
from tests.vectors.making import INDEX, verdict
from tests.verifier.forging import Forgery, forge
from tests.verifier.javascript import RUNNER, JavaScriptVerifier, javascript_verifier, node
from tests.verifier.leaves import TEXTS, VALUES, disclose, enclose
from tests.verifier.relinking import rehead, relink

NIGHTLY: Final = os.environ.get("LEDGER_EXAMPLES") == "nightly"
DOSE: Final = 20_000 if NIGHTLY else 250
MUTATED: Final = (*NAMES, "checkpoints", "related", "batch")
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
