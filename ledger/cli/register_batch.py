"""What `register --batch` does: one file, one entry, followed until it is where it shall be."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.cli.output import count
from ledger.client.sources import LINES
from ledger.errors import MalformedValue

if TYPE_CHECKING:
    from ledger.client import Client
    from ledger.client.answers import OperationAnswer
    from ledger.client.batches import AcceptedBatch

_PIECE: Final = 256 * 1024
_PAUSE: Final = 0.1
_WORDS: Final = {
    "queued": "kept; waits for its turn",
    "sent": "in a transaction; waits for its block",
    "done": "on the ledger; waits to be final",
    "final": "final",
}


def register_batch(
    client: Client,
    path: Path,
    *,
    owner: str | None,
    name: str | None,
    schema: str | None = None,
    until: str,
    as_json: bool,
) -> None:
    """Register the lines of a file as one batch, and tell what came of it.

    Raises:
        ApiProblem: the service refused lines, or the ledger the entry.
    """
    began = time.monotonic()
    with _progress(path.stat().st_size) as (on_piece, say):
        accepted = client.register_batch(
            lambda: _pieces(path, on_piece), owner=owner, name=name, schema=schema
        )
        state = _follow(client, accepted, until, say)
    _tell(path, accepted, state, time.monotonic() - began, as_json)


def check_batch(files: Sequence[str], serial_field: str | None) -> None:
    """See that what is given can be a batch: one file of lines, which can be read again.

    Raises:
        MalformedValue: it cannot.
    """
    if len(files) != 1 or Path(files[0]).suffix.lower() not in LINES:
        wanted = f"one file of lines ({', '.join(sorted(LINES))}), as --batch takes"
        raise MalformedValue(field="FILE", value=" ".join(files), wanted=wanted)
    if serial_field is not None:
        raise MalformedValue(field="--serial-field", value=serial_field, wanted="without --batch")


def _pieces(path: Path, on_piece: Callable[[int], None]) -> Iterator[bytes]:
    sent = 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
            sent += len(piece)
            on_piece(sent)


def _follow(client: Client, accepted: AcceptedBatch, until: str, say: Callable[[str], None]) -> str:
    """The state that the operation has reached once that suffices, and the batch is readable."""
    from ledger.client.answers import SETTLED

    while True:
        operation = client.operation(accepted.operation)
        if operation.state == "rejected":
            raise _rejected(operation)
        say(_WORDS[operation.state])
        settled = operation.state in SETTLED[until]
        if settled and (until == "accepted" or client.find_batch(accepted.id)):
            return operation.state
        time.sleep(_PAUSE)  # the service has no push yet


def _rejected(operation: OperationAnswer) -> Exception:
    from ledger.client.problems import ApiProblem

    reason = operation.reason if isinstance(operation.reason, dict) else {}
    return ApiProblem(409, "refused", "The ledger refuses the batch", reason.get("message"))


def _tell(path: Path, accepted: AcceptedBatch, state: str, seconds: float, as_json: bool) -> None:
    import msgspec

    told: dict[str, Any] = {
        "id": accepted.id,
        "root": accepted.root,
        "size": accepted.size,
        "content_hash": accepted.content_hash,
        "operation": accepted.operation,
        "state": state,
        "already_there": accepted.repeated,
        "bytes": path.stat().st_size,
        "seconds": round(seconds, 3),
    }
    if as_json:
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return
    were = "was" if accepted.size == 1 else "were"
    words = f"{were} there already" if accepted.repeated else "registered"
    rate = f", {accepted.size / seconds:,.0f} a second" if seconds else ""
    print(  # noqa: T201
        f"{count(accepted.size, 'asset')} {words} as batch {accepted.id} ({state})"
        f" in {seconds:.1f} s{rate}"
    )


@contextmanager
def _progress(total: int) -> Iterator[tuple[Callable[[int], None], Callable[[str], None]]]:
    """A bar of bytes sent on the error stream, if that is a terminal, and then words."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(
        *columns, console=console, disable=not console.is_terminal, redirect_stdout=False
    ) as bars:
        bar = bars.add_task("sending", total=total)
        yield (
            lambda sent: bars.update(bar, completed=sent),
            lambda words: bars.update(bar, description=words),
        )
