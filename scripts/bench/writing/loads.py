"""The loads that are measured, each from the first request until its last asset is mirrored.

An asset counts once `GET /v1/assets/{id}` answers with it from the mirror; that as many entries
came as assets were asked for is checked after each load. Seconds run from a client's first
request (of `register`: from its start as a process) to the last asset's answer.

The naive loop has the machine to itself: all our processes are held still while it runs, and no
copy of the chain's state is made. Its assets count once their receipt is there; there is no
mirror in it, no document kept, nothing that a crash would not lose. It runs before the other
loads and after them; the median of the two rates is what ratios are to.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ledger.chain.artifacts import load_artifact
from ledger.client import Client
from ledger.types import to_hex
from scripts.bench.usage import Usage, watched
from scripts.bench.writing.clients import run_client, run_program
from scripts.bench.writing.documents import registration
from scripts.bench.writing.parts import serial_of, write_parts
from scripts.bench.writing.stranger import Stranger, enrol_stranger
from scripts.bench.writing.system import BenchError, Organisation, System

NAIVE: Final = "naive"
_WAIT: Final = 60
_LOOK_EVERY: Final = 0.02


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many assets each load registers; `each` and `waiting` are those of one organisation."""

    naive: int = 200
    single: int = 200
    organisations: int = 100
    each: int = 50
    waiting: int = 20
    file: int = 20_000
    batch: int = 1_000_000


SMALL: Final = Sizes(naive=3, single=3, organisations=3, each=4, waiting=2, file=40, batch=200)
"""A dose of seconds: what it measures means nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a load came to; `waits` are seconds of single requests, where there are any.

    `accepted` is when the last request was answered.
    """

    name: str
    title: str
    assets: int
    seconds: float
    waits: tuple[float, ...] = ()
    accepted: float | None = None
    used: Mapping[str, Usage] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Assets a second, end to end."""
        return self.assets / self.seconds

    def wait(self, percent: int) -> float | None:
        """Seconds within which so many percent of single requests were answered."""
        if len(self.waits) < 2:
            return None
        return statistics.quantiles(self.waits, n=100, method="inclusive")[percent - 1]


@dataclass(slots=True)
class Bench:
    """One run over one system."""

    system: System
    sizes: Sizes
    say: Callable[[str], None]
    organisations: list[Organisation] = field(default_factory=list)
    _stranger: Stranger | None = None
    _naive: int = 0

    def run(self, only: frozenset[str]) -> list[Row]:
        """Run the loads of these names, in order."""
        loads = {name: load for name, load in self._loads().items() if name in only}
        many = not only.isdisjoint({"b", "w"})
        self.organisations = self.system.enrol(self.sizes.organisations if many else 1)
        before = [self.naive()] if NAIVE in only else []
        rows = [self._measure(name, load) for name, load in loads.items()]
        return [*before, *rows, *([self.naive()] if before and rows else [])]

    def _loads(self) -> dict[str, Callable[[], Row]]:
        return {
            "a": self.single,
            "b": self.concurrent,
            "w": self.waiting,
            "c": self.file,
            "d": self.batch,
        }

    def _measure(self, name: str, load: Callable[[], Row]) -> Row:
        self.say(f"{name}: begins")
        entries = self.system.count_entries()
        used: dict[str, Usage] = {}
        with watched(self.system.pids, used):
            row = load()
        self.system.settle()
        came = self.system.count_entries() - entries
        expected = 1 if name == "d" else row.assets
        if came != expected:
            raise BenchError(f"{name}: {came} entries came, not {expected}")
        self.say(f"{name}: {row.assets:,} in {row.seconds:.1f} s, {row.rate:,.1f} a second")
        return Row(
            name, row.title, row.assets, row.seconds, row.waits, row.accepted, {**used, **row.used}
        )

    # -- the loads -------------------------------------------------------------------------

    def naive(self) -> Row:
        """Build, sign, send, wait, one by one."""
        self._stranger = self._stranger or enrol_stranger(self.system)
        job = {
            "rpc_url": self.system.rpc_url,
            "contract": to_hex(self.system.manifest.contracts["AssetLedger"].address),
            "abi": load_artifact("AssetLedger").abi,
            "key": self._stranger.key.hex(),
            "org": self._stranger.org.hex(),
            "first": self._naive,
            "count": self.sizes.naive,
        }
        self.say("naive: begins")
        used: dict[str, Usage] = {}
        with self.system.held(), watched({"chain": self.system.pids["chain"]}, used):
            answer, client = run_client("naive", job)
        self._naive += self.sizes.naive
        row = Row(
            NAIVE,
            "naive web3.py loop",
            self.sizes.naive,
            answer["seconds"],
            tuple(answer["waits"]),
            used={**used, "client": client},
        )
        self.say(f"naive: {row.rate:,.1f} a second")
        return row

    def single(self) -> Row:
        """(a) One client, one POST at a time, each waiting until its asset is mirrored."""
        return self._post("a", "one client, Prefer: wait", 1, self.sizes.single, _WAIT)

    def concurrent(self) -> Row:
        """(b) Many organisations at once, each posting as soon as it is answered."""
        count = self.sizes.organisations
        return self._post("b", f"{count} organisations at once", count, self.sizes.each, 0)

    def waiting(self) -> Row:
        """(w) As (b), but each waits until its asset is mirrored before it posts the next."""
        count = self.sizes.organisations
        title = f"{count} organisations, Prefer: wait"
        return self._post("w", title, count, self.sizes.waiting, _WAIT)

    def file(self) -> Row:
        """(c) `asset-ledger register` of a file of JSON Lines."""
        [organisation, *_] = self.organisations
        count = self.sizes.file
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "parts.jsonl"
            with path.open("wb") as lines:
                for number in range(count):
                    lines.write(registration(f"FILE-{time.time_ns()}-{number}") + b"\n")
            began = time.perf_counter()
            output, client = self._register([str(path)], organisation)
            assets = json.loads(output)["assets"]
            if len(assets) != count or any(one["result"] != "registered" for one in assets):
                raise BenchError(f"of {count} lines, not all were registered")
            self._await_mirrored(organisation, assets[-1]["id"])
            seconds = time.perf_counter() - began
        return Row("c", f"register a file of {count:,}", count, seconds, used={"client": client})

    def batch(self) -> Row:
        """(d) One batch from its file until it is final, and its last asset found by its serial."""
        [organisation, *_] = self.organisations
        count, seed = self.sizes.batch, time.time_ns()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "parts.jsonl"
            write_parts(path, count, seed)
            began = time.perf_counter()
            output, client = self._register([str(path), "--batch"], organisation)
            told = json.loads(output)
            if told["size"] != count or told["state"] != "final":
                raise BenchError(f"of {count} lines, {told['size']} are {told['state']}")
            last = to_hex((int(told["id"], 16) + count).to_bytes(32, "big"))
            self._await_mirrored(organisation, last)
            self._verify_found(organisation, serial_of(count, seed), last)
            seconds = time.perf_counter() - began
        return Row("d", f"a batch of {count:,}, final", count, seconds, used={"client": client})

    # -- how -------------------------------------------------------------------------------

    def _post(self, name: str, title: str, organisations: int, count: int, wait: int) -> Row:
        keys = [one.api_key for one in self.organisations[:organisations]]
        job: dict[str, Any] = {
            "api": self.system.api,
            "keys": keys,
            "prefix": f"{name}-{time.time_ns()}",
            "count": count,
            "wait": wait,
        }
        answer, client = run_client("posting", job)
        return Row(
            name,
            title,
            len(keys) * count,
            answer["seconds"],
            tuple(answer["waits"]),
            answer["accepted"],
            {"client": client},
        )

    def _register(self, arguments: list[str], organisation: Organisation) -> tuple[bytes, Usage]:
        access = ["--api", self.system.api, "--api-key", organisation.api_key]
        told = run_program(["-m", "ledger.cli", "register", *arguments, *access, "--json"])
        return told.output, told.usage

    def _await_mirrored(self, organisation: Organisation, asset: str) -> None:
        with Client(self.system.api, organisation.api_key) as client:
            until = time.monotonic() + _WAIT
            while client.find_asset(asset) is None:
                if time.monotonic() > until:
                    raise BenchError(f"{asset} is not mirrored")
                time.sleep(_LOOK_EVERY)

    def _verify_found(self, organisation: Organisation, serial: str, asset: str) -> None:
        with Client(self.system.api, organisation.api_key) as client:
            found = [one.id for one in client.list_assets(serial=serial)]
        if found != [asset]:
            raise BenchError(f"{serial} is {found}, not {asset}")


def say(text: str) -> None:
    """Tell how far it is, on the error stream."""
    print(f"writes: {text}", file=sys.stderr, flush=True)
