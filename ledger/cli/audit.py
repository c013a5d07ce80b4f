"""The verb `audit`: the mirror recomputed from the chain, and compared cell by cell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.bar import bars, counting_columns
from ledger.cli.options import AsJson, Database, ManifestFile, Node
from ledger.cli.output import count, fail, say
from ledger.cli.worker import choose_finality, load_deployed
from ledger.types import to_hex

if TYPE_CHECKING:
    from ledger.mirror.auditing.audit import Audit, Progress
    from ledger.mirror.auditing.findings import Cell, Finding


def audit(
    rpc_url: Node = None,
    database_url: Database = None,
    manifest: ManifestFile = None,
    block: Annotated[
        int | None, typer.Option(help="As of an older block than the mirror's own.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the whole mirror from the chain, and compare every cell.

    Exits with 1 if one differs, naming the first bad row in the ledger's order, and both values.
    """
    from ledger.chain.identity import verify_deployed
    from ledger.chain.rpc import RpcClient
    from ledger.database.engine import open_engine, upgrade
    from ledger.mirror.auditing.audit import audit as run
    from ledger.settings import Settings

    settings = Settings.given(rpc_url=rpc_url, database_url=database_url, manifest=manifest)
    deployed = load_deployed(settings)
    engine = open_engine(settings.database())
    try:
        upgrade(engine)
        with RpcClient(settings.rpc_url) as rpc, _bar() as show:
            verify_deployed(rpc, deployed, choose_finality(settings))
            found = run(engine, rpc, deployed, block=block, progress=show)
    finally:
        engine.dispose()
    say(json.dumps(_value(found)) if as_json else _sentence(found))
    if found.first is not None:
        fail(f"the mirror is not what the chain says: {found.first}")
        raise typer.Exit(1)


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None] | None]:
    """A bar over the entries compared, and one over those folded."""
    with bars(counting_columns) as shown:
        if shown is None:
            yield None
            return
        compared = shown.add_task("entries compared with the chain")
        folded = shown.add_task("entries folded into subjects")

        def show(progress: Progress) -> None:
            shown.update(compared, total=progress.total, completed=progress.compared)
            shown.update(folded, total=progress.total, completed=progress.folded)

        yield show


def _value(found: Audit) -> dict[str, Any]:
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


def _sentence(found: Audit) -> str:
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
