"""The verb `export`: the mirror as files for DuckDB, Spark, pipes and EPCIS repositories."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ledger.cli.bar import bars, counting_columns
from ledger.cli.options import AsJsonAtEnd, Database
from ledger.cli.output import count, fail, say
from ledger.types import parse_hash, to_hex

if TYPE_CHECKING:
    from ledger.mirror.export.run import Export, Exported, Progress


def export(
    format: Annotated[
        Literal["parquet", "jsonl", "epcis"],
        typer.Option(help="Parquet, JSON Lines or EPCIS 2.0 documents.", show_default=False),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR|FILE|-",
            help="A folder (always for Parquet; else one that is there, or ends in /) gets what it"
            " lacks; a file is written anew; - is standard output.",
            show_default=False,
        ),
    ],
    tables: Annotated[
        str | None, typer.Option(metavar="TABLE,…", help="Only these tables (Parquet).")
    ] = None,
    from_block: Annotated[int | None, typer.Option(min=0, help="The first block.")] = None,
    to_block: Annotated[
        int | None, typer.Option(min=0, help="The last block; else the last that is final.")
    ] = None,
    subject: Annotated[
        str | None, typer.Option(metavar="ID", help="Only entries about this subject.")
    ] = None,
    database_url: Database = None,
    as_json: AsJsonAtEnd = False,
) -> None:
    """Export the mirror's entries, and to Parquet its other tables too, up to the last final block.

    Called again on the same folder, it adds the blocks that have become final since.
    """
    if output == "-" and format == "parquet":
        raise typer.BadParameter("Parquet is written to a folder", param_hint="--output")
    if output == "-" and as_json:
        raise typer.BadParameter("the entries themselves go there with -o -", param_hint="--json")
    wanted_subject = None if subject is None else parse_hash(subject, "--subject")

    from ledger.mirror.export.run import Export, Wanted, open_mirror
    from ledger.settings import Settings

    names = None if tables is None else tuple(tables.split(","))
    wanted = Wanted(format, names, from_block, to_block, wanted_subject)
    engine = open_mirror(Settings.given(database_url=database_url).database())
    try:
        with _bar() as show:
            exported = _write(Export.plan(engine, wanted, show), output)
    finally:
        engine.dispose()
    if output == "-":
        fail(_sentence(exported))
    else:
        say(json.dumps(_value(exported, format, output)) if as_json else _sentence(exported))


def _write(planned: Export, output: str) -> Exported:
    path = Path(output)
    if output == "-":
        return _pipe(planned)
    if planned.wanted.format == "parquet" or output.endswith("/") or path.is_dir():
        return planned.to_folder(path)
    return planned.to_file(path)


def _pipe(planned: Export) -> Exported:
    """Write to standard output; a reader that has enough closes it, and that is no failure."""
    try:
        exported = planned.to_stream(sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # What is still buffered would fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None
    return exported


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None] | None]:
    """A bar over entries."""
    with bars(counting_columns) as shown:
        if shown is None:
            yield None
            return
        task = shown.add_task("entries", total=None)

        def show(progress: Progress) -> None:
            shown.update(task, total=progress.total, completed=progress.entries)

        yield show


def _value(exported: Exported, format: str, output: str) -> dict[str, Any]:
    return {
        "format": format,
        "output": output,
        "from_block": exported.from_block,
        "to_block": exported.to_block,
        "entries": exported.entries,
        "files": exported.files,
        "seconds": round(exported.seconds, 3),
        "ledger_head": to_hex(exported.ledger_head),
    }


def _sentence(exported: Exported) -> str:
    if exported.to_block < exported.from_block:
        return f"nothing new is final: all up to block {exported.to_block} is there"
    rate = exported.entries / exported.seconds if exported.seconds else 0
    return (
        f"{count(exported.entries, 'entry', 'entries')} of blocks {exported.from_block} to"
        f" {exported.to_block} in {exported.seconds:.1f} s ({rate:,.0f} a second); ledger head"
        f" {to_hex(exported.ledger_head)}"
    )
