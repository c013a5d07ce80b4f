"""What an audit found, as values for JSON and as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.cli.output import count
from ledger.types import to_hex

if TYPE_CHECKING:
    from ledger.mirror.auditing.audit import Audit
    from ledger.mirror.auditing.documents import BadDocument, Rehashed
    from ledger.mirror.auditing.findings import Cell, Finding
    from ledger.reports.report import Sample


def audit_value(found: Audit, documents: Rehashed | None) -> dict[str, Any]:
    """All of it, for a program; `documents` are null where they were not looked at."""
    return {
        "equal": found.equal,
        "block": found.block.number,
        "block_hash": to_hex(found.block.hash),
        "ledger_head": to_hex(found.ledger_head),
        "entries": found.entries,
        "heads_checked": found.heads_checked,
        "compared": dict(found.compared),
        "bad": dict(found.bad),
        "first": None if found.first is None else _finding_value(found.first),
        "left_out": list(found.left_out),
        "documents": None if documents is None else _documents_value(documents),
        "seconds": round(found.seconds, 3),
    }


def _finding_value(finding: Finding) -> dict[str, Any]:
    return {
        "table": finding.table,
        "row": {name: _cell(value) for name, value in finding.key.items()},
        "fault": finding.fault.value,
        "column": finding.column,
        "mirror": _cell(finding.mirror),
        "chain": _cell(finding.chain),
    }


def _cell(value: Cell) -> Any:
    return to_hex(value) if isinstance(value, bytes) else value


def _documents_value(found: Rehashed) -> dict[str, Any]:
    return {
        "kept": found.documents,
        "lines": found.lines,
        "erased": found.erased,
        "kept_though_erased": found.kept_though_erased,
        "bad": found.bad,
        "first": None if found.first is None else _bad_value(found.first),
        "seconds": round(found.seconds, 3),
    }


def _bad_value(bad: BadDocument) -> dict[str, Any]:
    return {
        "content_hash": to_hex(bad.content_hash),
        "subject": None if bad.subject is None else to_hex(bad.subject),
        "position": bad.position,
        "sequence": bad.sequence,
        "reason": bad.reason,
    }


def audit_sentence(found: Audit) -> str:
    """What was compared and how it came out, for a person."""
    rows = sum(found.compared.values())
    told = (
        f"{count(found.entries, 'entry', 'entries')} up to block {found.block.number}, proven by"
        f" the chain's ledger head at {count(found.heads_checked, 'block')}; {count(rows, 'row')}"
        f" of {count(len(found.compared), 'table')} compared in {found.seconds:.1f} s"
    )
    if found.left_out:
        told += f"; not compared: {', '.join(found.left_out)}"
    if found.equal:
        return f"{told}: the mirror equals the chain"
    bad = ", ".join(
        f"{bad:,} of {found.compared.get(table, 0):,} in {table}"
        for table, bad in found.bad.items()
    )
    return f"{told}: bad are {bad}"


def documents_sentence(found: Rehashed) -> str:
    """How many documents are what the ledger says, for a person."""
    told = (
        f"{count(found.documents, 'document')} and {count(found.lines, 'line')} of batches"
        f" rehashed in {found.seconds:.1f} s, {found.erased:,} erased"
    )
    if found.kept_though_erased:
        told += f", {found.kept_though_erased:,} KEPT THOUGH ERASED"
    return f"{told}: bad are {found.bad:,}" if found.bad else f"{told}: none is bad"


def sample_value(sample: Sample) -> dict[str, Any]:
    """The draw, and what came of each asset, as the report tells it."""
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(sample)
    return found


def sample_sentence(sample: Sample) -> str:
    """How many were drawn and proven, for a person."""
    proven = sum(each.failure is None for each in sample.drawn)
    return (
        f"{count(len(sample.drawn), 'asset')} of {sample.population:,} drawn by block"
        f" {sample.seed.number} of chain {sample.seed.chain_id}, {proven:,} proven by bundles"
    )
