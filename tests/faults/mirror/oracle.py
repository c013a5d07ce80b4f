"""Compares a mirror with the chain: a little at every commit, all of it in the end."""

from __future__ import annotations

import random
import shutil
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, func, select

from ledger.mirror.auditing.audit import audit
from ledger.mirror.run import _Run
from ledger.mirror.store import Store
from ledger.mirror.tables import TABLES, MirrorRow
from ledger.types import Hash32
from tests.faults.ground import open_again
from tests.faults.mirror.grove import Branch, Grove
from tests.faults.mirror.line import Client, Line
from tests.faults.mirror.node import Node
from tests.mirror.mirroring import FinalUpTo

# What these say depends on when the mirror looked; they are judged by what they say.
_BY_THEMSELVES: Final = {"mirror", "block"}
_COMPARED: Final = [table for name, table in TABLES.items() if name not in _BY_THEMSELVES]
_MIRROR, _BLOCK, _ENTRY = TABLES["mirror"], TABLES["block"], TABLES["entry"]
_STATED: Final = [getattr(_MIRROR.c, name) for name in MirrorRow.model_fields if name != "id"]

Row = dict[str, Any]
Contents = dict[str, list[tuple[Any, ...]]]
_NOTHING: Final[Contents] = {table.name: [] for table in _COMPARED}


def honest(grove: Grove, branch: Branch, head: int) -> Line:
    """A line to a node that shows a branch up to a block, without fault or habit."""
    draw = random.Random(0)  # noqa: S311
    return Line(Node(grove, draw, branch, head, 0), lambda _: None, draw)


@dataclass
class Oracle:
    """Knows what a mirror of any of a grove's blocks holds; `first` is an empty database."""

    grove: Grove
    first: Path
    folder: Path
    _expected: dict[Hash32, Contents] = field(default_factory=dict)

    def expected(self, hash_: Hash32) -> Contents:
        """What a fresh mirror holds at a block: the audit has found it to equal the chain."""
        if hash_ not in self._expected:
            branch, block = self.grove.known[hash_]
            founded = block.number >= self.grove.deployed.block
            self._expected[hash_] = self._mirror(branch, block.number) if founded else _NOTHING
        return self._expected[hash_]

    def _mirror(self, branch: Branch, head: int) -> Contents:
        path = self.folder / "fresh.db"
        shutil.copyfile(self.first, path)
        engine = open_again(f"sqlite:///{path}")
        rpc = Client(honest(self.grove, branch, head), passing=lambda _: None)
        try:
            store, deployed = Store(engine), self.grove.deployed
            run = _Run(rpc, store, deployed, FinalUpTo(), threading.Event())
            run.index(to_head=True, poll=0.0)
            found = audit(engine, rpc, deployed)
            assert found.equal, f"a fresh mirror differs from the chain: {found.first}"
            assert found.block.number == head
            return read_contents(engine)
        finally:
            rpc.close()
            engine.dispose()
            for left in self.folder.glob("fresh.db*"):
                left.unlink()


def read_contents(engine: Engine) -> Contents:
    """All rows of all tables that say something of the ledger."""
    with engine.connect() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(table.select().order_by(*table.primary_key))
            ]
            for table in _COMPARED
        }


@dataclass
class Watch:
    """Looks at one mirror after each of its commits; `wrong` says what it saw.

    With `deep`, all rows are compared each time. `told` counts what it did; what happens while it
    is `looking` is its own doing. Of the steps of a mirror that was told the truth since it rested,
    and will be till it does, those are judged too: then `honest` is the node.
    """

    oracle: Oracle
    engine: Engine
    told: Counter[str]
    sole: bool
    deep: bool = False
    honest: Node | None = None
    wrong: list[str] = field(default_factory=list)
    looking: bool = False
    _seen: tuple[Any, ...] = ()
    _before: Row | None = None

    def look(self) -> None:
        """Compare the ledger head with the chain's, if the mirror has moved."""
        self.looking = True
        try:
            self._look()
        finally:
            self.looking = False

    def _look(self) -> None:
        with self.engine.connect() as connection:
            found = connection.execute(select(*_STATED)).mappings().first()
            if found is None or self._seen == tuple(found.values()):
                return
            self._seen = tuple(found.values())
            before, self._before = self._before, dict(found)
            count, last = connection.execute(
                select(func.count(), func.coalesce(func.max(_ENTRY.c.sequence), 0))
            ).one()
        self.told["commits looked at"] += 1
        self._judge(dict(found), count, last)
        if self.honest is not None and before is not None:
            self._judge_step(self.honest, before, dict(found))

    def _judge_step(self, node: Node, before: Row, after: Row) -> None:
        if after["final_block"] > max(node.most_final, before["final_block"]):
            self.complain(f"it takes {after['final_block']} for final, not {node.most_final}")
        proven = before["proven_block"] == before["block_number"]
        back = after["block_number"] < before["block_number"]
        if back and proven and not self.sole and node.head < before["block_number"]:
            self.complain(f"it went back to {after['block_number']} as a node was behind")

    def _judge(self, row: Row, count: int, last: int) -> None:
        if row.get("proven_block", row["block_number"]) < row["block_number"]:
            self.told["unproven commits"] += 1
            return
        known = self.oracle.grove.known.get(row["block_hash"])
        stands = tuple(row[name] for name in ("block_number", "ledger_head", "sequence"))
        if known is None and stands[0] == row["base_block"]:
            return  # nothing proves what is below the contract's block; the next block corrects it
        if known is None:
            self.complain(f"it stands at {stands[0]}, a block that is none of the chain's")
            return
        _, block = known
        right = block.number, block.ledger_head, block.sequence
        if (stands, count, last) != (right, block.sequence, block.sequence):
            self.complain(f"at a commit: {(stands, count, last)} instead of {right}")
        elif self.deep:
            self.compare(block.hash)

    def compare(self, hash_: Hash32) -> None:
        """Compare all rows with those of a fresh mirror at that block."""
        found, right = read_contents(self.engine), self.oracle.expected(hash_)
        for name in found:
            if found[name] != right[name]:
                self.complain(f"{name}: {_difference(found[name], right[name])}")
        self._compare_blocks(hash_)
        self.told["mirrors compared"] += 1

    def _compare_blocks(self, hash_: Hash32) -> None:
        branch, at = self.oracle.grove.known[hash_]
        base = max(self.oracle.grove.deployed.block - 1, 0)
        with self.engine.connect() as connection:
            rows = connection.execute(_BLOCK.select()).mappings().all()
        told = {row["number"]: row for row in rows}
        needed = {block.number for block in branch[: at.number + 1] if _has_entries(branch, block)}
        if missing := (needed | {base, at.number}) - told.keys():
            self.complain(f"blocks are forgotten: {sorted(missing)}")
        for number, row in told.items():
            if number > at.number:
                self.complain(f"block {number} is beyond {at.number}")
                continue
            block = branch[number]
            right = {
                "hash": block.hash,
                "parent_hash": branch[number - 1].hash if number else bytes(32),
                "timestamp": block.timestamp,
                "ledger_head": block.ledger_head,
                "last_sequence": block.sequence,
            }
            if bad := [name for name in row if name in right and row[name] != right[name]]:
                self.complain(f"block {number} has another {', '.join(bad)}")

    def complain(self, what: str) -> None:
        if what not in self.wrong:
            self.wrong.append(what)


def read_state(engine: Engine) -> Row | None:
    """The mirror's own row; None before it has begun."""
    with engine.connect() as connection:
        row = connection.execute(_MIRROR.select()).mappings().first()
        return None if row is None else dict(row)


def _has_entries(branch: Branch, block: Any) -> bool:
    return bool(block.number and block.sequence > branch[block.number - 1].sequence)


def _difference(found: list[Any], right: list[Any]) -> str:
    many = [row for row in found if row not in right]
    few = [row for row in right if row not in found]
    return f"{len(many)} too many {many[:2]}, {len(few)} missing {few[:2]}"
