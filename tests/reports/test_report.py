"""A report is what its auditor signed, drew and proved, or a step says by name what it is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.reporting import read_report
from ledger.documents.canonical import canonical
from ledger.hashing import sha256
from ledger.proofs.build import build_bundle
from ledger.reports.report import decode_report, encode_report
from ledger.reports.steps import REPORT_STEPS, ReportFailed
from ledger.reports.verify import Checked, Trusted, verify_report
from ledger.types import parse_address, parse_hash, parse_hex, to_hex
from tests.api.running import Running
from tests.reports.auditor import Auditor, resign
from tests.reports.ledger import Called

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def folder(reported: Path, tmp_path: Path) -> Path:
    """A copy of the report and its bundles, to be falsified."""
    return Path(shutil.copytree(reported, tmp_path / "report"))


def check(folder: Path, trusted: Trusted) -> Checked:
    raw, find_bundle, there = read_report(folder)
    return verify_report(raw, trusted, find_bundle, there)


def failing(folder: Path, auditor: Auditor, **trusted: bytes) -> str:
    """The step that fails, and why."""
    with pytest.raises(ReportFailed) as failed:
        check(folder, Trusted(auditor.signer.address, **trusted))
    return f"{failed.value.code}: {failed.value.reason}"


def report_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_bytes())["report"]
    return found


def test_a_report_is_checked_with_its_draw_and_bundles(folder: Path, auditor: Auditor) -> None:
    checked = check(folder, Trusted(auditor.signer.address))
    assert checked.report.is_good
    assert len(checked.proven) == 8
    assert "that the seed's block is part of the chain" in checked.not_proven[0]
    raw = (folder / "report.json").read_bytes()
    signed = decode_report(raw)
    assert encode_report(signed.report, parse_hex(signed.signature)) == raw


def leaves(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values that hold no others."""
    match value:
        case dict():
            for name, one in value.items():
                yield from leaves(one, (*place, name))
        case list():
            for at, one in enumerate(value):
                yield from leaves(one, (*place, at))
        case _:
            yield place


def other(value: Any) -> Any:
    """Another value of the same form."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str() if value.startswith("0x"):
            return value[:-1] + ("0" if value[-1] != "0" else "1")
        case str():
            return value + "x"
        case _:
            return "0x" + "11" * 32


def test_whatever_is_changed_after_signing_is_caught(folder: Path, auditor: Auditor) -> None:
    path = folder / "report.json"
    raw = path.read_bytes()
    places = list(leaves(json.loads(raw)))
    assert len(places) > 80
    for place in places:
        value = json.loads(raw)
        inner = value
        for name in place[:-1]:
            inner = inner[name]
        inner[place[-1]] = other(inner[place[-1]])
        path.write_bytes(canonical(value))
        assert failing(folder, auditor).startswith(("wrong_auditor", "wrong_report")), place


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw + b"\n",
        lambda raw: json.dumps(json.loads(raw), indent=1, ensure_ascii=False).encode(),
        lambda raw: raw.replace(b'"tool"', b'"tools"'),
        lambda raw: raw.replace(b"asset-ledger-audit/1", b"asset-ledger-audit/2"),
        lambda raw: raw[:-1],
        lambda raw: raw.replace(b'"replayed":false', b'"replayed":0'),
        lambda _: b"[]",
        lambda _: b"\xff",
    ],
)
def test_bytes_that_are_no_report_are_refused(
    folder: Path, auditor: Auditor, change: Callable[[bytes], bytes]
) -> None:
    path = folder / "report.json"
    path.write_bytes(change(path.read_bytes()))
    assert failing(folder, auditor).startswith("wrong_report: ")


def swap(one: int, two: int, *names: str) -> Change:
    def change(report: dict[str, Any]) -> None:
        drawn = report["sample"]["drawn"]
        for name in names:
            drawn[one][name], drawn[two][name] = drawn[two][name], drawn[one][name]

    return change


def fail_first(report: dict[str, Any]) -> None:
    report["sample"]["drawn"][0] |= {"bundle": None, "entries": None, "failure": "lost"}


def change_hash(report: dict[str, Any], *names: str) -> None:
    for name in names:
        report["sample"][name]["hash"] = "0x" + "22" * 32


LIES: list[tuple[str, Change, str]] = [
    ("another population", lambda r: r["sample"].update(population=10**6), "wrong_draw: asset 0"),
    ("another seed", lambda r: change_hash(r, "seed", "block"), "wrong_draw: "),
    ("another seed than block", lambda r: change_hash(r, "seed"), "wrong_request: the seed's hash"),
    (
        "another block than seed",
        lambda r: change_hash(r, "block"),
        "wrong_request: the seed's hash",
    ),
    ("another order", swap(0, 1, "number"), "wrong_draw: asset 0 of the draw is another"),
    ("one fewer", lambda r: r["sample"]["drawn"].pop(), "wrong_draw: so many had to be drawn"),
    (
        "fewer wanted",
        lambda r: (r["sample"].update(wanted=7), r["sample"]["drawn"].pop()),
        "wrong_bundle: there is a bundle of 0x",
    ),
    (
        "an asset twice",
        lambda r: r["sample"]["drawn"][1].update(asset=r["sample"]["drawn"][0]["asset"]),
        "wrong_draw: 0x",
    ),
    ("another chain", lambda r: r.update(chain_id=1), "wrong_draw: "),
    ("another contract", lambda r: r.update(contract="0x" + "33" * 20), "wrong_draw: "),
    (
        "a seed known when it was asked for",
        lambda r: (
            r["asked"]["block"].update(number=r["sample"]["seed"]["number"]),
            r["sample"]["seed"].update(newest=r["sample"]["seed"]["number"]),
        ),
        "wrong_request: the seed's block was there already",
    ),
    (
        "a seed known when assets were counted",
        lambda r: r["audit"]["block"].update(number=r["sample"]["seed"]["number"]),
        "wrong_request: the seed's block was there already",
    ),
    (
        "another number of the seed's block",
        lambda r: r["sample"]["seed"].update(number=r["sample"]["seed"]["number"] + 1),
        "wrong_request: the seed's number is another",
    ),
    (
        "another number of the bundles' block",
        lambda r: [
            r["sample"][one].update(number=r["sample"][one]["number"] + 1)
            for one in ("seed", "block")
        ],
        "wrong_bundle: the bundle of 0x",
    ),
    (
        "another chain of the seed",
        lambda r: r["sample"]["seed"].update(chain_id=1, number=r["sample"]["seed"]["newest"]),
        "wrong_request: the seed's block was there already",
    ),
    (
        "bundles as of a block before the compared one",
        lambda r: (
            r["sample"]["seed"].update(chain_id=1),
            r["audit"]["block"].update(number=r["sample"]["block"]["number"] + 1),
        ),
        "wrong_request: bundles are as of a block before the compared one",
    ),
    (
        "another time of the seed's block",
        lambda r: [r["sample"][one].update(timestamp=1) for one in ("seed", "block")],
        "wrong_bundle: the bundle of 0x",
    ),
    ("other code", lambda r: r.update(code_hash="0x" + "44" * 32), "wrong_bundle: "),
    (
        "more entries",
        lambda r: r["sample"]["drawn"][0].update(entries=7),
        "wrong_bundle: the bundle of 0x",
    ),
    ("another bundle", swap(0, 1, "bundle"), "wrong_bundle: the bundle of 0x"),
    ("a failure that was none", fail_first, "wrong_bundle: there is a bundle of 0x"),
    ("another signer", lambda r: r.update(signer="0x" + "55" * 20), "wrong_auditor: it names"),
    (
        "assets that were born after they were counted",
        lambda r: r["audit"]["block"].update(timestamp=1),
        "wrong_order: 0x",
    ),
    (
        "neither bundle nor failure",
        lambda r: r["sample"]["drawn"][0].update(bundle=None),
        "wrong_report: report.sample.drawn[0]",
    ),
]


@pytest.mark.parametrize(
    ("change", "told"), [lie[1:] for lie in LIES], ids=[lie[0] for lie in LIES]
)
def test_an_auditor_who_lies_is_caught(
    folder: Path, auditor: Auditor, change: Change, told: str
) -> None:
    resign(folder, auditor, change)
    assert failing(folder, auditor).startswith(told)


def test_every_step_but_none_is_caught_by_some_lie() -> None:
    caught = {told.split(":")[0] for _, _, told in LIES}
    assert caught == {step.code for step in REPORT_STEPS}


def test_numbers_of_others_are_caught(folder: Path, auditor: Auditor, batch: str) -> None:
    """Two assets exchange their numbers, with all that belongs to them: each bundle is right."""
    drawn = report_of(folder)["sample"]["drawn"]
    members = [at for at, one in enumerate(drawn) if one["asset"][:60] == batch[:60]]
    names = ("asset", "bundle", "entries", "serial", "owner")
    assert len(members) >= 2, "of eight, from a population that is mostly one batch"
    resign(folder, auditor, swap(members[0], members[1], *names))
    assert "are of one batch" in failing(folder, auditor)


def test_bundles_beside_it_are_the_ones_that_it_tells_of(folder: Path, auditor: Auditor) -> None:
    bundles = sorted((folder / "bundles").iterdir())
    raw = bundles[0].read_bytes()
    bundles[0].unlink()
    assert failing(folder, auditor) == f"wrong_bundle: the bundle of {bundles[0].stem} is missing"
    for another in (raw + b"\n", bundles[1].read_bytes()):
        bundles[0].write_bytes(another)
        assert f"the bundle of {bundles[0].stem} is another" in failing(folder, auditor)
    bundles[0].write_bytes(raw)
    stray = folder / "bundles" / f"0x{'66' * 32}.json"
    stray.write_bytes(raw)
    assert f"there is a bundle of {stray.stem}" in failing(folder, auditor)


def test_a_bundle_of_another_block_does_not_do(
    folder: Path, auditor: Auditor, service: Running
) -> None:
    """Its hash is the one that the report tells; still it must be of the seed's block."""
    report = report_of(folder)
    first = report["sample"]["drawn"][0]["asset"]
    seed = report["sample"]["seed"]["number"]
    contract = parse_address(report["contract"])
    built = build_bundle(service.anvil.rpc, contract, parse_hash(first), seed + 1)
    (folder / "bundles" / f"{first}.json").write_bytes(built.raw)
    told = to_hex(sha256(built.raw))
    resign(folder, auditor, lambda r: r["sample"]["drawn"][0].update(bundle=told))
    assert f"the bundle of {first} does not verify: step 2, header" in failing(folder, auditor)


def test_only_what_is_trusted_counts(folder: Path, auditor: Auditor) -> None:
    report = report_of(folder)
    address = auditor.signer.address
    assert "another contract" in failing(folder, auditor, contract=bytes(20))
    assert "as of another block" in failing(folder, auditor, block_hash=bytes(32))
    assert "the seed is another block's" in failing(folder, auditor, seed_hash=bytes(32))
    trusted = Trusted(
        address, parse_address(report["contract"]), parse_hash(report["sample"]["seed"]["hash"])
    )
    assert len(check(folder, trusted).proven) == 8
    with pytest.raises(ReportFailed, match="step 2, signature: somebody else signed"):
        check(folder, Trusted(bytes(20)))


def test_the_verb_names_the_step_that_fails(
    folder: Path, auditor: Auditor, verb: Callable[..., Called]
) -> None:
    resign(folder, auditor, lambda r: r["sample"].update(population=10**6))
    done = verb("audit", "verify-report", folder, "--signer", auditor.address, "--json")
    assert (done.code, done.value["code"], done.value["step"]) == (1, "wrong_draw", 4)
    assert "the report is not proven: step 4, draw: asset 0 of the draw is another" in done.err
    assert verb("audit", "verify-report", folder / "none", "--signer", auditor.address).code == 2
    assert verb("audit", "verify-report", folder, "--signer", "0x12").code == 2
