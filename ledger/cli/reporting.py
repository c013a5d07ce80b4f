"""The report of an audit: made of what was found, signed, written with all that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import typer

from ledger.cli.audited import audit_value
from ledger.cli.sampling import BUNDLES, block_at
from ledger.types import Hash32, parse_hash, to_hex

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.chain.identity import Deployed
    from ledger.chain.rpc import RpcClient
    from ledger.chain.signers.signer import Signer
    from ledger.chain.wire import Block
    from ledger.mirror.auditing.audit import Audit
    from ledger.mirror.auditing.documents import Rehashed
    from ledger.reports.report import Report, Sample

REPORT: Final = "report.json"
PAPER: Final = "report.pdf"


@dataclass(frozen=True, slots=True)
class Found:
    """All that an audit found; `asked_at` (seconds since 1970) is when `newest` was the newest."""

    audit: Audit
    documents: Rehashed | None
    asked_at: int
    newest: Block
    sample: Sample | None = None


def make_report(
    found: Found, deployed: Deployed, rpc: RpcClient, signer: Signer, title: str, auditor: str
) -> Report:
    """The report of what was found, for the signer to sign."""
    import ledger
    from ledger.hashing import keccak
    from ledger.reports.report import FORMAT, Asked, Report

    return Report(
        format=FORMAT,
        tool=f"asset-ledger {ledger.__version__}",
        title=title,
        auditor=auditor,
        signer=to_hex(signer.address),
        chain_id=deployed.chain_id,
        contract=to_hex(deployed.contract),
        code_hash=to_hex(keccak(rpc.fetch_code(deployed.contract))),
        asked=Asked(found.asked_at, block_at(found.newest)),
        audit=_compared(found),
        sample=found.sample,
    )


def _compared(found: Found) -> Any:
    from ledger.reports.report import Compared, DocumentsSaid

    value = audit_value(found.audit, found.documents)
    documents = value.pop("documents")
    if documents is not None:
        del documents["seconds"]
        documents = msgspec.convert(documents, DocumentsSaid)
    first = found.audit.first
    value |= {
        "block": block_at(found.audit.block),
        "first": None if first is None else str(first)[:2000],
        "documents": documents,
    }
    return Compared(**{name: value[name] for name in Compared.__struct_fields__})


@dataclass(frozen=True, slots=True)
class Words:
    """Who signs a report, and in which words; `pdf`: it is printed, too."""

    signer: Signer
    title: str
    auditor: str
    pdf: bool


def write_all(folder: Path, found: Found, deployed: Deployed, rpc: RpcClient, words: Words) -> None:
    """Sign the report of what was found, and write it beside the bundles."""
    report = make_report(found, deployed, rpc, words.signer, words.title, words.auditor)
    raw = write_report(folder, report, words.signer)
    if words.pdf:
        from ledger.reports.paper import print_paper

        (folder / PAPER).write_bytes(print_paper(raw))


def write_report(folder: Path, report: Report, signer: Signer) -> bytes:
    """Sign a report and write it into its folder; returns its bytes."""
    from ledger.reports.report import encode_report

    raw = encode_report(report, signer.sign_message(report.message()).encode())
    (folder / REPORT).write_bytes(raw)
    return raw


def make_folder(folder: Path) -> None:
    """Make the folder of a report, which nothing else may lie in."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise typer.BadParameter(f"{folder} is not empty", param_hint="--output")


def read_report(place: Path) -> tuple[bytes, Callable[[Hash32], bytes | None], list[Hash32]]:
    """A report's bytes, what finds the bundles beside it, and for which assets there are any."""
    path = place / REPORT if place.is_dir() else place
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="REPORT") from None
    beside = path.parent / BUNDLES
    files = sorted(beside.glob("*"))
    there = [parse_hash(each.name.removesuffix(".json"), str(each)) for each in files]

    def find_bundle(asset: Hash32) -> bytes | None:
        bundle = beside / f"{to_hex(asset)}.json"
        return bundle.read_bytes() if bundle.is_file() else None

    return raw, find_bundle, there
