"""The verbs `operations list|show|retry|cancel|lanes|release`: requests on their way."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from ledger.cli.options import Api, AsJson, RunningFolder
from ledger.cli.output import fail, say
from ledger.errors import MalformedValue

if TYPE_CHECKING:
    from ledger.client import Client
    from ledger.client.answers import LaneAnswer, OperationAnswer

operations = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, show, retry and cancel operations: requests on their way to the chain.",
)

Key = Annotated[
    str | None,
    typer.Option(
        envvar="ASSET_LEDGER_API_KEY", help="The key to the API, of an organisation or operator."
    ),
]
Who = Annotated[
    str | None,
    typer.Option(
        metavar="DID|NAME|ID|operator",
        help="For whom, in the ledger running here; else its first organisation.",
    ),
]
Ids = Annotated[list[str], typer.Argument(metavar="ID…", show_default=False)]
State = Literal["queued", "sent", "done", "final", "rejected"]

_NEXT: Final = {
    "queued": "it goes into a transaction when its turn comes; until then it can be cancelled",
    "sent": "its transaction is repeated until the chain has it",
    "done": "it becomes final when its block does",
    "final": "nothing: it stands for good",
    "rejected": "nothing, unless you retry it",
}
_ID: Final = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


@operations.command("list")
def list_(
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only those of this kind of entry.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only those about this asset.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    api: Api = None,
    api_key: Key = None,
    organisation: Who = None,
    data: RunningFolder = None,
    as_json: AsJson = False,
) -> None:
    """List operations, newest first."""
    with _client(data, api, api_key, organisation) as client:
        wanted = {"state": state, "kind": kind, "subject": subject}
        page = min(limit, 200)
        found = list(islice(client.list_operations(**wanted, page=page), limit))
    if as_json:
        say(json.dumps({"operations": [asdict(each) for each in found]}))
    else:
        _print_table(_COLUMNS, [_row(each) for each in found], "no operations")


@operations.command()
def show(
    operation: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
    api: Api = None,
    api_key: Key = None,
    organisation: Who = None,
    data: RunningFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show how far an operation is, where, why, and what happens next."""
    id = _parse_id(operation)
    with _client(data, api, api_key, organisation) as client:
        found = client.operation(id)
    told = asdict(found) | {"next": _NEXT[found.state]}
    if as_json:
        say(json.dumps(told))
        return
    for name, value in (told | {"reason": _reason(found)}).items():
        if value not in (None, ""):
            say(f"{name:<13} {value}")


@operations.command()
def retry(
    ids: Ids,
    api: Api = None,
    api_key: Key = None,
    organisation: Who = None,
    data: RunningFolder = None,
    as_json: AsJson = False,
) -> None:
    """Queue rejected operations again; exits with 1 if one was refused."""
    with _client(data, api, api_key, organisation) as client:
        _each(ids, client.retry_operation, as_json)


@operations.command()
def cancel(
    ids: Ids,
    api: Api = None,
    api_key: Key = None,
    organisation: Who = None,
    data: RunningFolder = None,
    as_json: AsJson = False,
) -> None:
    """Cancel operations that wait; exits with 1 if one was refused, as it is sent already."""
    with _client(data, api, api_key, organisation) as client:
        _each(ids, client.cancel_operation, as_json)


@operations.command()
def lanes(
    api: Api = None,
    data: RunningFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show the lanes in which transactions are sent, and what the service needs."""
    from ledger.cli.access import find_api
    from ledger.client import Client

    with Client(find_api(data, api)) as client:
        status = client.status()
    if as_json:
        told = {"lanes": status.lanes, "queue": status.queue, "alarms": status.alarms}
        say(json.dumps(told, default=asdict))
        return
    _print_table(_LANE_COLUMNS, [_lane_row(each) for each in status.lanes], "no lanes yet")
    for alarm in status.alarms:
        say(f"{alarm.code}: {alarm.message}" + (f"\n  needs: {alarm.needs}" if alarm.needs else ""))


@operations.command()
def release(
    lane: Annotated[str, typer.Argument(metavar="LANE", show_default=False)],
    api: Api = None,
    api_key: Key = None,
    data: RunningFolder = None,
    as_json: AsJson = False,
) -> None:
    """Let a halted lane go on, once that is safe; needs the operator's key.

    What was to be sent under a nonce that somebody else used queues again when that is final.
    """
    with _client(data, api, api_key, "operator") as client:
        found = client.release_lane(lane)
    say(json.dumps(asdict(found)) if as_json else f"{lane} goes on as soon as that is safe")


def _client(
    data: Path | None, api: str | None, api_key: str | None, organisation: str | None
) -> Client:
    from ledger.cli.access import find_access
    from ledger.client import Client

    access = find_access(data, api, api_key, organisation)
    return Client(access.api, access.api_key)


def _parse_id(text: str) -> str:
    """An operation's id, given as such or as its URL."""
    id = text.rstrip("/").rsplit("/", 1)[-1]
    if not _ID.fullmatch(id):
        raise MalformedValue(field="ID", value=text, wanted="an operation's id")
    return id


def _each(ids: Sequence[str], act: Callable[[str], OperationAnswer], as_json: bool) -> None:
    """Do the same to each operation, and say of each what came of it."""
    from ledger.client import ApiProblem

    done: list[OperationAnswer] = []
    refused: list[dict[str, Any]] = []
    for id in [_parse_id(text) for text in ids]:
        try:
            done.append(act(id))
        except ApiProblem as problem:
            refused.append({"id": id, "code": problem.code, "detail": problem.detail})
            fail(f"{id}: {problem.code}: {problem.detail}")
            continue
        if not as_json:
            say(f"{id} is {_reason(done[-1]) or done[-1].state}")
    if as_json:
        say(json.dumps({"operations": [asdict(each) for each in done], "refused": refused}))
    if refused:
        raise typer.Exit(1)


_COLUMNS: Final = ("id", "state", "kind", "subject", "updated", "reason")
_LANE_COLUMNS: Final = ("lane", "role", "next nonce", "in flight", "oldest", "submitter", "halted")


def _row(operation: OperationAnswer) -> list[str]:
    return [
        operation.id,
        operation.state,
        operation.kind,
        f"{(operation.subject or '')[:10]}…",
        f"{(operation.updated_at or '')[:19]}Z",
        _reason(operation),
    ]


def _lane_row(lane: LaneAnswer) -> list[str]:
    return [
        lane.id,
        lane.role,
        str(lane.next_nonce),
        str(lane.in_flight),
        "" if lane.oldest_seconds is None else f"{lane.oldest_seconds:.0f} s",
        "runs" if lane.held else "none",
        lane.halted or "",
    ]


def _reason(operation: OperationAnswer) -> str:
    reason = operation.reason
    return str(reason.get("message") or reason.get("code")) if isinstance(reason, dict) else ""


def _print_table(columns: Iterable[str], rows: Sequence[Sequence[str]], none: str) -> None:
    from rich.console import Console
    from rich.table import Table

    if not rows:
        say(none)
        return
    table = Table(*columns, box=None, pad_edge=False, header_style="")
    for row in rows:
        table.add_row(*row)
    console = Console(markup=False, highlight=False)
    for column in table.columns[:-1]:
        column.no_wrap = True
    table.columns[-1].overflow = "fold"
    if not console.is_terminal:  # whoever reads a pipe wants whole lines
        console.width = 10_000
    console.print(table)
