"""The verb `register`: assets from files or a pipe into the ledger, again if need be."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import typer

from ledger.cli.options import Api, RunningFolder

if TYPE_CHECKING:
    from ledger.cli.interrupts import Interrupts
    from ledger.client.bulk import Outcome

PATIENCE = 24 * 3600.0
"""Seconds that one asset may wait for room in a full queue, which moves as long as it is full."""

ADVICE = "Nothing is lost and nothing will be registered twice: run the same command again."


def register(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…|-",
            help="JSON Lines (.jsonl, .ndjson, or - for standard input): one asset a line, "
            '{"serial": …, "document": {…}, "asset_kind"?, "owner"?, "schema"?}. '
            "JSON (.json): one document, one asset.",
            show_default=False,
        ),
    ],
    api: Api = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            envvar="ASSET_LEDGER_API_KEY", help="The registering organisation's key to the API."
        ),
    ] = None,
    organisation: Annotated[
        str | None,
        typer.Option(
            metavar="DID|NAME|ID",
            help="Which organisation of the ledger running here registers; else its first.",
        ),
    ] = None,
    data: RunningFolder = None,
    serial_field: Annotated[
        str | None,
        typer.Option(
            metavar="POINTER",
            help="Where a .json document has its serial (RFC 6901); else its file's name is it.",
        ),
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(metavar="ID", help="A published schema: each document must fit it."),
    ] = None,
    batch: Annotated[
        bool,
        typer.Option("--batch", help="Register the one file's lines as one batch: all, or none."),
    ] = False,
    owner: Annotated[
        str | None,
        typer.Option(metavar="DID|ID", help="With --batch: who holds title; else the registrar."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="With --batch: what the batch is called.")
    ] = None,
    wait: Annotated[
        Literal["accepted", "done", "final"] | None,
        typer.Option(
            help="How far to follow each asset, or the batch.", show_default="done; a batch: final"
        ),
    ] = None,
    in_flight: Annotated[
        int, typer.Option(min=1, max=256, help="How many requests to have under way at once.")
    ] = 4,
    receipts: Annotated[
        Path | None,
        typer.Option(help="A file for the receipts, one a line, written as assets are accepted."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, an asset a line.")
    ] = False,
) -> None:
    """Register assets and follow them until they are on the ledger.

    Running it again is harmless: what is registered already is found and not repeated.
    Exits with 0 if all are in, 1 if some were refused, 2 if it was called wrongly.
    """
    from ledger.cli.access import find_access
    from ledger.cli.interrupts import Interrupts
    from ledger.cli.receipts_file import receipts_file
    from ledger.cli.register_batch import check_batch, register_batch
    from ledger.client import Client
    from ledger.client.bulk import register_all
    from ledger.client.pointer import parse_pointer
    from ledger.client.sources import check_sources, count_items, read_items
    from ledger.errors import MalformedValue

    check_sources(files)
    if batch:
        if receipts is not None:
            raise MalformedValue(field="--receipts", value=receipts, wanted="without --batch")
        check_batch(files, serial_field)
        access = find_access(data, api, api_key, organisation)
        with Client(access.api, access.api_key, queue_patience=PATIENCE) as client:
            register_batch(
                client,
                Path(files[0]),
                owner=owner,
                name=name,
                schema=schema,
                until=wait or "final",
                as_json=as_json,
            )
        return
    if owner or name:
        raise MalformedValue(field="--owner, --name", value=owner or name, wanted="with --batch")
    tokens = None if serial_field is None else parse_pointer(serial_field, "--serial-field")
    access = find_access(data, api, api_key, organisation)
    with (
        Interrupts() as interrupts,
        Client(
            access.api, access.api_key, connections=in_flight + 4, queue_patience=PATIENCE
        ) as client,
        receipts_file(receipts) as keep,
        progress(count_items(files)) as (on_accepted, on_ended),
        Report(as_json, interrupts).opened() as report,
    ):
        items = read_items(files, tokens, schema)
        for outcome in register_all(
            client,
            items,
            until=wait or "done",
            in_flight=in_flight,
            on_accepted=on_accepted,
            on_answer=keep,
        ):
            report.add(outcome)
            on_ended()
    if report.counts["failed"]:
        raise typer.Exit(1)


class Report:
    """Tells each outcome as it comes, so that a million of them need no memory."""

    def __init__(self, as_json: bool, interrupts: Interrupts) -> None:
        self.counts = {"registered": 0, "already_there": 0, "failed": 0}
        self._json = as_json
        self._interrupts = interrupts
        self._began = time.monotonic()

    @contextmanager
    def opened(self) -> Iterator[Self]:
        """Begins the report, and ends it whatever happens in between."""
        complete = False
        if self._json:
            sys.stdout.write('{"assets":[')
        try:
            yield self
            complete = True
        except KeyboardInterrupt:
            print(f"\nasset-ledger: interrupted. {ADVICE}", file=sys.stderr)  # noqa: T201
            raise typer.Exit(1) from None
        finally:
            with self._interrupts.held():
                self._close(complete)

    def add(self, outcome: Outcome) -> None:
        """Tells one outcome."""
        with self._interrupts.held():
            if self._json:
                self._write(outcome)
            self.counts[outcome.result] += 1
            if outcome.problem is not None:
                print(_sentence(outcome), file=sys.stderr)  # noqa: T201

    def _write(self, outcome: Outcome) -> None:
        import msgspec

        first = not any(self.counts.values())
        sys.stdout.write(("\n" if first else ",\n") + msgspec.json.encode(outcome).decode())

    def _close(self, complete: bool) -> None:
        import msgspec

        seconds = time.monotonic() - self._began
        total = sum(self.counts.values())
        if self._json:
            end = {**self.counts, "complete": complete, "seconds": round(seconds, 3)}
            sys.stdout.write("\n]," + msgspec.json.encode(end).decode()[1:] + "\n")
            sys.stdout.flush()
            return
        rate = f", {total / seconds:,.0f} a second" if seconds and total else ""
        print(  # noqa: T201
            f"{self.counts['registered']} registered, {self.counts['already_there']} already "
            f"there, {self.counts['failed']} failed in {seconds:.1f} s{rate}"
        )


def _sentence(outcome: Outcome) -> str:
    place = outcome.source if outcome.line is None else f"{outcome.source}:{outcome.line}"
    problem = outcome.problem or {}
    code = " ".join(str(problem[key]) for key in ("status", "code") if key in problem)
    serial = "" if outcome.serial is None else f" {outcome.serial}:"
    return f"{place}:{serial} {code}: {problem.get('detail')}"


@contextmanager
def progress(total: int | None) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """Bars on the error stream, if that is a terminal: what is accepted, and what has ended."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:,.0f}/s")

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:>8}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, disable=not console.is_terminal, redirect_stdout=False
    ) as bars:
        accepted = bars.add_task("accepted", total=total)
        ended = bars.add_task("done", total=total)
        yield lambda: bars.advance(accepted), lambda: bars.advance(ended)
