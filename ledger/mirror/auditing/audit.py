"""Audits the mirror: recomputes all of it from the chain by the plain domain, cell by cell.

First the ledger in its own order: what the node tells folds to the chain's ledger head, and equals
the mirror's entries and blocks. Then subject by subject: what the entries fold to equals all other
tables. By then they were compared, so they are read from the mirror, with those that were wrong
put right: nothing has to be kept in memory, or sorted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, Engine, Table

from ledger.chain.identity import Deployed
from ledger.chain.rpc import RpcClient
from ledger.chain.wire import Block
from ledger.database.engine import reading
from ledger.domain.kinds import Kind
from ledger.errors import MalformedValue
from ledger.hashing import domain_separator
from ledger.mirror.auditing.cells import PORTION, TableCheck
from ledger.mirror.auditing.entries import BlocksCheck, CheckpointsCheck, EntriesCheck
from ledger.mirror.auditing.findings import Finding, Findings
from ledger.mirror.auditing.folding import PERIODS, SUBJECTS, ExpectedRow, fold_rows
from ledger.mirror.auditing.identity import expected_mirror, fetch_mirror, find_standing
from ledger.mirror.auditing.stream import LedgerStream, ToldEntry, verify_still_there
from ledger.mirror.tables import TABLES
from ledger.mirror.tables.checkpoints import CheckpointRow
from ledger.types import Hash32

AUDITED: Final[dict[str, Table]] = TABLES | {
    "checkpoint": CheckpointRow.__table__  # type: ignore[attr-defined]
}
"""Every table that the chain can contradict, by name."""

ORDER: Final = ("entry", "block", "checkpoint", *SUBJECTS.values(), *PERIODS.values(), "mirror")
"""All tables, in the order in which the first bad one of an entry's rows is named."""


@dataclass(slots=True)
class Progress:
    """How far an audit has come: entries compared with the chain, then entries folded."""

    compared: int = 0
    folded: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found as of a block; `compared` and `bad` count rows by table.

    `heads_checked` is at how many blocks the chain's own ledger head was found to prove the
    entries; `left_out` names tables that say nothing of that block, or that so many wrong entries
    left nothing to compare with.
    """

    block: Block
    ledger_head: Hash32
    entries: int
    heads_checked: int
    compared: Mapping[str, int]
    bad: Mapping[str, int]
    first: Finding | None
    left_out: tuple[str, ...]
    seconds: float

    @property
    def equal(self) -> bool:
        """Whether the mirror equals the chain."""
        return self.first is None


def audit(
    engine: Engine,
    rpc: RpcClient,
    deployed: Deployed,
    *,
    block: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Audit:
    """Compare the mirror, as one snapshot, with the chain as of the block that it stands at.

    With `block`, an older one, what the mirror says of it is compared: entries, blocks, periods.

    Raises:
        ChainMoved: the chain dropped blocks that the mirror has, before the audit or meanwhile.
        Unproven: what the node tells of the ledger is not what the chain's ledger head says.
        NodeUnavailable: the node does not answer, or is behind the mirror.
        MalformedValue: `block` is none that the mirror has.
        MirrorError: the mirror has not begun.
    """
    with reading(engine) as session, ExitStack() as ending:
        return _Auditing(session.connection(), rpc, deployed, progress, ending).run(block)


@dataclass(slots=True)
class _Auditing:
    """One audit."""

    connection: Connection
    rpc: RpcClient
    deployed: Deployed
    told: Callable[[Progress], None] | None
    ending: ExitStack
    findings: Findings = field(default_factory=Findings)
    progress: Progress = field(default_factory=Progress)
    compared: dict[str, int] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    def run(self, block: int | None) -> Audit:
        mirror = fetch_mirror(self.connection)
        self.progress.total = mirror["sequence"]
        standing = find_standing(self.rpc, self.connection, mirror)
        at = standing if block is None else self.fetch_older(block, standing)
        domain = domain_separator(self.deployed.chain_id, self.deployed.contract)
        stream = LedgerStream(self.rpc, self.deployed.contract, domain, self.base)
        entries, closed_worlds = self.compare_stream(stream, at, standing=at == standing)
        if entries.can_be_put_right:
            until = None if at == standing else at.number
            with closing(entries.corrected(stream.sequence)) as right:
                self.compare_subjects(fold_rows(self.counted(right), closed_worlds), until)
        if at == standing:
            check = self.check("mirror")
            head, sequence = stream.ledger_head, stream.sequence
            check.expect(expected_mirror(mirror, self.deployed, at, head, sequence), sequence)
            self.finish(check)
        # Whatever was found is moot if the chain has changed meanwhile.
        verify_still_there(self.rpc, at)
        return self.result(at, stream)

    @property
    def base(self) -> int:
        """The block before the contract's."""
        return max(self.deployed.block - 1, 0)

    def fetch_older(self, number: int, standing: Block) -> Block:
        if not self.base <= number <= standing.number:
            raise MalformedValue(
                field="block",
                value=number,
                wanted=f"a block from {self.base} to {standing.number}",
            )
        return self.rpc.fetch_block(number)

    # -- the ledger in its own order -----------------------------------------------------------

    def compare_stream(
        self, stream: LedgerStream, at: Block, *, standing: bool
    ) -> tuple[EntriesCheck, Mapping[Hash32, int]]:
        """Compare entries and blocks; also says in which blocks worlds closed."""
        entries = EntriesCheck(self.connection, self.check("entry"))
        blocks = BlocksCheck(self.rpc, self.check("block"))
        checkpoints = CheckpointsCheck(self.rpc, self.check("checkpoint"))
        closed_worlds: dict[Hash32, int] = {}
        blocks.expect(self.rpc.fetch_block(self.base))
        for block in stream.read(at):
            for told in block.entries:
                entries.compare(told)
                if told.entry.kind is Kind.WORLD_CLOSED:
                    closed_worlds[told.entry.subject] = told.block_number
            blocks.compare(block)
            checkpoints.compare(block)
            self.progress.compared = block.last_sequence
            self.tell()
        checkpoints.compare_up_to(at.number)
        if standing:
            blocks.compare_standing(at)
        else:
            blocks.compare_up_to(at.number)
        for check in (entries.check, blocks.check, checkpoints.check):
            self.finish(check, whole=standing)
        return entries, closed_worlds

    # -- subject by subject --------------------------------------------------------------------

    def compare_subjects(self, rows: Iterable[ExpectedRow], until: int | None) -> None:
        """Compare all other tables; those of subjects say nothing of an older block."""
        wanted = [*PERIODS.values(), *(SUBJECTS.values() if until is None else ())]
        checks = {table: self.check(table, until) for table in wanted}
        for row in rows:
            if (check := checks.get(row.table)) is not None:
                check.expect(row.values, row.sequence)
        for check in checks.values():
            self.finish(check)

    def counted(self, entries: Iterable[ToldEntry]) -> Iterator[ToldEntry]:
        """The entries, as a person watches them go by."""
        for told in entries:
            yield told
            self.progress.folded += 1
            if self.progress.folded % PORTION == 0:
                self.tell()

    # -- what all tables share -----------------------------------------------------------------

    def check(self, table: str, until: int | None = None) -> TableCheck:
        rank = ORDER.index(table)
        check = TableCheck(self.connection, AUDITED[table], self.findings, rank, until)
        self.ending.callback(check.close)
        return check

    def finish(self, check: TableCheck, *, whole: bool = True) -> None:
        if whole:
            check.finish()
        self.compared[check.table.name] = check.compared

    def tell(self) -> None:
        if self.told is not None:
            self.told(self.progress)

    def result(self, at: Block, stream: LedgerStream) -> Audit:
        return Audit(
            block=at,
            ledger_head=stream.ledger_head,
            entries=stream.sequence,
            heads_checked=stream.heads_checked,
            compared={table: self.compared[table] for table in ORDER if table in self.compared},
            bad={table: self.findings.bad[table] for table in ORDER if self.findings.bad[table]},
            first=self.findings.first,
            left_out=tuple([table for table in ORDER if table not in self.compared]),
            seconds=time.monotonic() - self.started,
        )
