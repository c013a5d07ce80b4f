"""A sample as an auditor draws it: by a block that nobody had seen, every asset of it proven."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from ledger.cli.seeding import Request, require_unknown
from ledger.database.engine import Engine, open_engine
from ledger.domain.payloads import BatchRegistered
from ledger.errors import MalformedValue
from ledger.hashing import domain_separator, sha256
from ledger.proofs.verify import verify_bundle
from ledger.reports.draw import draw
from ledger.reports.report import decode_report
from ledger.types import parse_address, parse_hash, to_hex
from tests.api.running import Member, Running, until
from tests.reports.auditor import Auditor, blocks_coming
from tests.reports.ledger import Called

Verb = Callable[..., Called]
SIZE = 9


@pytest.fixture
def engine(service: Running) -> Iterator[Engine]:
    found = open_engine(service.settings.database())
    yield found
    found.dispose()


@pytest.fixture
def audit(
    verb: Verb, service: Running, auditor: Auditor, assets: list[str], tmp_path: Path
) -> Callable[..., Called]:
    """Audits while blocks come, into a folder of the test's own."""
    assert assets

    def call(*arguments: object, folder: Path | None = None) -> Called:
        place = ("-o", folder or tmp_path / "report", "--key", auditor.key)
        with blocks_coming(service):
            return verb("audit", "--sample", SIZE, "--within", 60, "--json", *place, *arguments)

    return call


def births(engine: Engine, sequence: int) -> list[str]:
    """All assets by the order of their births, by nothing but the entries."""
    found: list[str] = []
    wanted = text("select subject, kind, payload from entry where sequence <= :s order by sequence")
    with engine.connect() as connection:
        for subject, kind, payload in connection.execute(wanted, {"s": sequence}):
            if kind == 32:
                found.append(to_hex(subject))
            if kind == 33:
                size = BatchRegistered.decode(payload).size
                found += [f"0x{int(subject.hex(), 16) + i:064x}" for i in range(1, size + 1)]
    return found


def test_the_next_block_draws_assets_each_proven_at_once(
    audit: Callable[..., Called],
    verb: Verb,
    service: Running,
    engine: Engine,
    auditor: Auditor,
    tmp_path: Path,
) -> None:
    done = audit("--seed", "next", "--title", "审计报告", "--auditor", "甲", "--names", "--pdf")
    assert done.code == 0, done.err
    folder = tmp_path / "report"
    report = decode_report((folder / "report.json").read_bytes()).report
    sample = report.sample
    assert sample is not None

    # The block came after the request, which came after the assets were counted.
    assert sample.seed.number == report.asked.block.number + 1
    assert report.asked.block.number >= report.audit.block.number
    seed = service.anvil.rpc.fetch_block(sample.seed.number)
    assert sample.seed.hash == to_hex(seed.hash)

    # The draw is repeated from the number of assets alone; the assets from the entries alone.
    born = births(engine, report.audit.entries)
    assert sample.population == len(born) > 20
    domain = domain_separator(report.chain_id, parse_address(report.contract))
    numbers = draw(domain, seed.hash, len(born), SIZE)
    assert [(each.number, each.asset) for each in sample.drawn] == [(n, born[n]) for n in numbers]

    # Every bundle is there, is the one that is told of, and verifies.
    for each in sample.drawn:
        raw = (folder / "bundles" / f"{each.asset}.json").read_bytes()
        assert to_hex(sha256(raw)) == each.bundle
        contract = parse_address(report.contract)
        verified = verify_bundle(raw, block_hash=seed.hash, contract=contract)
        assert (to_hex(verified.subject), len(verified.entries)) == (each.asset, each.entries)
    assert {each.owner for each in sample.drawn} >= {"沈阳第一机床厂"}
    assert any(each.serial and each.serial.startswith("BAT-") for each in sample.drawn)
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-1.7")

    arguments = ("--signer", auditor.address, "--block-hash", to_hex(seed.hash), "--contract")
    checked = verb("audit", "verify-report", folder, *arguments, report.contract, "--json")
    assert (checked.code, checked.err) == (0, "")
    assert (checked.value["good"], len(checked.value["proven"])) == (True, SIZE)
    assert "by bundles, 0 not" in verb("audit", "verify-report", folder, *arguments[:2]).out


def test_a_seed_that_is_there_already_is_refused_unless_a_draw_is_repeated(
    audit: Callable[..., Called], service: Running, tmp_path: Path
) -> None:
    newest = service.anvil.rpc.fetch_block_number()
    later = newest + 300
    first = audit("--seed", later)
    assert first.code == 0, first.err
    assert f"waiting until block {later} is final" in first.err
    sample = first.value["sample"]
    assert (sample["seed"]["number"], sample["replayed"]) == (later, False)

    refused = audit("--seed", later, folder=tmp_path / "refused")
    assert refused.code == 2
    assert f"--seed: '{later}' is not a block that is yet to come" in refused.err

    block = first.value["block"]
    again = audit("--seed", later, "--replay", "--block", block, folder=tmp_path / "again")
    assert again.code == 0, again.err
    told = again.value["sample"]
    assert told["replayed"] is True
    assert told["population"] == sample["population"]
    assert told["drawn"] == sample["drawn"], "the very same bundles"
    unborn = ("--replay", "--block", block, "--seed", 10**9)
    assert "to replay its draw" in audit(*unborn, folder=tmp_path / "unborn").err


def test_what_says_nothing_alone_is_refused(verb: Verb, tmp_path: Path, auditor: Auditor) -> None:
    for arguments, needed in (
        (("--sample", 3), "needs --output"),
        (("-o", tmp_path / "x"), "needs --key"),
        (("--key", auditor.key), "needs --output"),
        (("--replay",), "needs --sample"),
        (("--pdf",), "needs --output"),
        (("--sample", 3, "-o", tmp_path / "x", "--key", auditor.key, "--replay"), "needs --block"),
        (("--sample", 3, "-o", auditor.key.parent, "--key", auditor.key), "is not empty"),
        (("--sample", 3, "-o", tmp_path / "y", "--key", auditor.key, "--seed", "x"), "--seed: 'x'"),
    ):
        done = verb("audit", *arguments)
        assert done.code == 2, arguments
        assert needed in done.err


def test_a_seed_that_is_not_final_in_time_is_told(
    verb: Verb, assets: list[str], auditor: Auditor, tmp_path: Path
) -> None:
    assert assets
    place = ("-o", tmp_path / "report", "--key", auditor.key)
    done = verb("audit", "--sample", 2, "--within", 0.3, *place)
    assert done.code == 1
    assert "was not final within 0.3 s" in done.err


def test_a_mirror_that_has_come_to_the_seed_counts_too_late(service: Running) -> None:
    block = service.anvil.rpc.fetch_block("latest")
    with pytest.raises(MalformedValue, match="which was there when assets were counted"):
        require_unknown(Request(0, block, block.number, False), block)


def test_an_asset_that_cannot_be_proven_is_named_and_the_report_says_so(
    audit: Callable[..., Called],
    verb: Verb,
    service: Running,
    engine: Engine,
    maker: Member,
    auditor: Auditor,
    tmp_path: Path,
) -> None:
    asset = parse_hash(maker.register())
    until(lambda: maker.http.get(f"/v1/assets/{to_hex(asset)}").status_code == 200)
    forged = bytes([asset[0] ^ 1]) + asset[1:]
    change = text("update entry set subject = :to where subject = :of")
    with engine.begin() as connection:
        connection.execute(change, {"to": forged, "of": asset})
    try:
        done = audit("--sample", 10_000)
    finally:
        with engine.begin() as connection:
            connection.execute(change, {"to": asset, "of": forged})
    assert done.code == 1
    assert f"{to_hex(forged)} is not proven: unknown" in done.err
    assert "the mirror is not what the chain says: entry" in done.err
    checked = verb("audit", "verify-report", tmp_path / "report", "--signer", auditor.address)
    assert checked.code == 0, checked.err
    assert "the mirror IS NOT what the chain says" in checked.out
    assert f"{done.value['sample']['population'] - 1:,} proven by bundles, 1 not" in checked.out
    assert service is not None


def test_a_report_without_a_sample_is_signed_too(
    verb: Verb, assets: list[str], auditor: Auditor, tmp_path: Path
) -> None:
    assert assets
    folder = tmp_path / "report"
    assert verb("audit", "-o", folder, "--key", auditor.key).code == 0
    done = verb("audit", "verify-report", folder, "--signer", auditor.address, "--json")
    assert (done.code, done.value["good"], done.value["drawn"]) == (0, True, None)
    stray = folder / "bundles" / f"0x{'11' * 32}.json"
    stray.parent.mkdir()
    stray.write_bytes(b"{}")
    done = verb("audit", "verify-report", folder, "--signer", auditor.address)
    assert (done.code, "there is a bundle of 0x1111" in done.err) == (1, True)
