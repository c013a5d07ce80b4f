"""Files of many receipts, one a line, as `register --receipts` writes and `receipt` reads them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.errors import UnknownThing

if TYPE_CHECKING:
    from ledger.client.answers import BulkAnswer


@contextmanager
def receipts_file(path: Path | None) -> Iterator[Callable[[BulkAnswer], None]]:
    """Write the receipts of answers, as they come, into a new file; without a path, nowhere."""
    if path is None:
        yield lambda _: None
        return
    from ledger.client.receipts import read_receipts

    lock = threading.Lock()
    with path.open("w", encoding="utf-8") as file:

        def write(answer: BulkAnswer) -> None:
            lines = [f"{json.dumps(one.value())}\n" for one in read_receipts(answer)]
            with lock:
                file.writelines(lines)
                file.flush()

        yield write


def find_line(path: Path, operation: str) -> bytes:
    """The line that is the receipt of an operation. Raises UnknownThing if there is none."""
    named = json.dumps({"operation": operation})[1:-1].encode()
    with path.open("rb") as file:
        for line in file:
            if named in line:
                return line
    raise UnknownThing("operation", field=str(path), value=operation)
