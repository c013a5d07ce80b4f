"""A sample whose seed is a block of another chain, which the ledger's operator does not make."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.node import Anvil
from ledger.hashing import domain_separator, keccak
from ledger.reports.draw import draw
from ledger.reports.report import Report, Sample, decode_report
from ledger.types import parse_address, to_hex
from tests.api.running import Running
from tests.reports.auditor import Auditor, blocks_coming, resign
from tests.reports.ledger import Called

Verb = Callable[..., Called]
OTHER = 4242
SIZE = 6


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    """The chain that draws."""
    with Anvil.start(tmp_path_factory.mktemp("other"), chain_id=OTHER) as anvil:
        anvil.rpc.call("anvil_mine", hex(300))
        yield anvil


@pytest.fixture
def audit(
    verb: Verb, service: Running, other: Anvil, auditor: Auditor, assets: list[str], tmp_path: Path
) -> Callable[..., Called]:
    """Audits while blocks come on both chains."""
    assert assets

    def call(*arguments: object, folder: Path | None = None) -> Called:
        place = ("-o", folder or tmp_path / "report", "--key", auditor.key, "--json")
        elsewhere = ("--seed-rpc", other.url, *place)
        with blocks_coming(service), blocks_coming(other):
            return verb("audit", "--sample", SIZE, "--within", 60, *elsewhere, *arguments)

    return call


@pytest.fixture
def check(verb: Verb, auditor: Auditor) -> Callable[..., Called]:
    return lambda folder, *arguments: verb(
        "audit", "verify-report", folder, "--signer", auditor.address, *arguments
    )


def read(folder: Path) -> tuple[Report, Sample]:
    report = decode_report((folder / "report.json").read_bytes()).report
    assert report.sample is not None
    return report, report.sample


def test_a_block_of_another_chain_draws_and_the_report_says_which(
    audit: Callable[..., Called],
    check: Callable[..., Called],
    service: Running,
    other: Anvil,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "report"
    before = other.rpc.fetch_block_number()
    done = audit("--pdf")
    assert done.code == 0, done.err
    report, sample = read(folder)
    assert (report.chain_id, sample.seed.chain_id) == (31337, OTHER)
    assert sample.seed.number == sample.seed.newest + 1 > before
    seed = other.rpc.fetch_block(sample.seed.number)
    assert (sample.seed.hash, sample.seed.timestamp) == (to_hex(seed.hash), seed.timestamp)
    domain = domain_separator(report.chain_id, parse_address(report.contract))
    numbers = draw(domain, seed.hash, sample.population, SIZE)
    assert tuple(each.number for each in sample.drawn) == numbers
    # The bundles are as of a block of the ledger's own chain, at which the counted assets were.
    block = service.anvil.rpc.fetch_block(sample.block.number)
    assert sample.block.hash == to_hex(block.hash)
    assert sample.block.number >= report.audit.block.number
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")

    ours = ("--block-hash", sample.block.hash)
    for theirs in (("--seed-hash", sample.seed.hash), ("--seed-rpc", other.url)):
        checked = check(folder, *ours, *theirs, "--json")
        assert (checked.code, checked.err) == (0, "")
        assert (checked.value["good"], len(checked.value["proven"])) == (True, SIZE)
        assert not [one for one in checked.value["not_proven"] if "hash was not given" in one]
        assert any(f"chain {OTHER} can make several" in one for one in checked.value["not_proven"])
    bare = check(folder).out
    assert f"the seed's block is part of chain {OTHER}" in bare
    assert "the bundles' block is part of the ledger's chain" in bare
    assert f"block {sample.seed.number} of chain {OTHER} drew {SIZE} assets" in bare


def test_a_seed_that_the_other_chain_does_not_have_is_caught(
    audit: Callable[..., Called],
    check: Callable[..., Called],
    service: Running,
    other: Anvil,
    auditor: Auditor,
    tmp_path: Path,
) -> None:
    assert audit().code == 0
    folder = tmp_path / "report"
    report, sample = read(folder)
    wrong = check(folder, "--seed-hash", "0x" + "77" * 32)
    assert (wrong.code, "step 3, request: the seed is another block's" in wrong.err) == (1, True)
    wrong = check(folder, "--seed-rpc", service.settings.rpc_url)
    assert (wrong.code, f"the seed is of chain {OTHER}" in wrong.err) == (1, True)
    both = check(folder, "--seed-rpc", other.url, "--seed-hash", sample.seed.hash)
    assert both.code == 2

    def forge(report: dict[str, Any]) -> None:
        """An auditor takes a hash that suits, and draws by it what has to be drawn."""
        report["sample"]["seed"]["hash"] = to_hex(keccak(b"what suits"))

    forged = Path(shutil.copytree(folder, tmp_path / "forged"))
    resign(forged, auditor, forge)
    wrong = check(forged, "--seed-rpc", other.url)
    assert "step 3, request: the seed is another block's" in wrong.err
    assert "step 4, draw" in check(forged).err

    late = Path(shutil.copytree(folder, tmp_path / "late"))
    resign(late, auditor, lambda r: r["sample"]["seed"].update(newest=sample.seed.number))
    assert "the seed's block was there already" in check(late, "--seed-rpc", other.url).err

    own = Path(shutil.copytree(folder, tmp_path / "own"))
    resign(own, auditor, lambda r: r["sample"]["seed"].update(chain_id=report.chain_id))
    assert "the seed's number is another" in check(own).err


def test_a_draw_by_another_chain_is_repeated(
    audit: Callable[..., Called], other: Anvil, tmp_path: Path
) -> None:
    later = other.rpc.fetch_block_number() + 200
    first = audit("--seed", later)
    assert first.code == 0, first.err
    assert first.value["sample"]["seed"]["number"] == later
    refused = audit("--seed", later, folder=tmp_path / "refused")
    assert (refused.code, "yet to come" in refused.err) == (2, True)
    block = first.value["block"]
    again = audit("--seed", later, "--replay", "--block", block, folder=tmp_path / "again")
    assert again.code == 0, again.err
    numbers = [[each["number"] for each in one.value["sample"]["drawn"]] for one in (first, again)]
    assert numbers[0] == numbers[1]
    assert again.value["sample"]["replayed"] is True


def test_the_ledger_s_own_chain_is_no_other(
    verb: Verb, service: Running, auditor: Auditor, assets: list[str], tmp_path: Path
) -> None:
    assert assets
    place = ("-o", tmp_path / "report", "--key", auditor.key)
    done = verb("audit", "--sample", 2, *place, "--seed-rpc", service.settings.rpc_url)
    assert (done.code, "a chain of another number" in done.err) == (2, True)
    alone = verb("audit", "--seed-rpc", service.settings.rpc_url)
    assert (alone.code, "needs --sample" in alone.err) == (2, True)
