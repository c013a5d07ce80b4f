"""The data folder of a running ledger: one `up` at a time, and what it keeps for the next."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import msgspec

from ledger.cli.access import RUNNING, load_running
from ledger.errors import Conflict, InputError

_LOCK: Final = "up.lock"
_PATIENCE: Final = 3.0


@dataclass(slots=True)
class Kept:
    """What one start leaves for the next: addresses, keys to the API, how far it came."""

    api: str = ""
    rpc_url: str = ""
    embedded: bool = True
    database_url: str = ""
    demo: bool = False
    operator_key: str = ""
    organisations: list[dict[str, str]] = field(default_factory=list)


class Busy(Conflict):
    """Another `up` runs on the same data folder."""

    code = "already_running"


class NotOurs(InputError):
    """A folder that is to be wiped was not made by `up`."""

    code = "not_our_folder"


@contextmanager
def hold(data: Path) -> Iterator[None]:
    """Make the data folder (mode 0700) and hold it against every other `up`.

    Raises:
        Busy: another one holds it; names its process.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data / _LOCK).open("a+") as lock:
        _lock(lock.fileno(), data)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def wipe(data: Path) -> None:
    """Empty a data folder that is held.

    Raises:
        NotOurs: it holds things but has never been a ledger's data folder.
    """
    entries = [path for path in data.iterdir() if path.name != _LOCK]
    if entries and not {"up.json", "keys", "chain"} & {path.name for path in entries}:
        raise NotOurs(f"{data} is not empty and no ledger's data folder: it is not wiped")
    for path in entries:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def load_kept(data: Path) -> Kept:
    """What the last start left; nothing if there was none. Raises MalformedValue."""
    told = load_running(data)
    return Kept(**{each.name: told[each.name] for each in fields(Kept) if each.name in told})


def save_kept(data: Path, kept: Kept, told: Mapping[str, Any] | None = None) -> None:
    """Keep it in `up.json`, with what else other verbs may want; it holds keys, so mode 0600."""
    path = data / RUNNING
    part = path.with_suffix(".part")
    text = msgspec.json.format(msgspec.json.encode(asdict(kept) | dict(told or {})))
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(text + b"\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _lock(handle: int, data: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                holder = (data / _LOCK).read_text().strip()
                raise Busy(
                    f"{data} is in use by another `asset-ledger up` (process {holder})",
                    data=str(data),
                    process=holder,
                ) from None
        time.sleep(0.1)
