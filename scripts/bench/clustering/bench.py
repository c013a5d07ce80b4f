"""One run: a plan is carried out on a running ledger, and what comes out is compared with it."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from scripts.bench.clustering.acting import Acting, Done, open_clients
from scripts.bench.clustering.checking import (
    audit,
    compare_assets,
    compare_attestations,
    compare_balances,
    compare_entries,
    compare_operations,
)
from scripts.bench.clustering.plan import Plan
from scripts.bench.clustering.settling import settle
from scripts.bench.writing.system import Organisation, System


@dataclass(frozen=True, slots=True)
class Run:
    """A plan that was carried out by these organisations, on a ledger of `before` entries."""

    plan: Plan
    organisations: Sequence[Organisation]
    before: int
    done: Done

    @property
    def ids(self) -> list[str]:
        """The organisations' ids, by their numbers in the plan."""
        return [one.id for one in self.organisations]

    @property
    def rate(self) -> float:
        """Entries a second, from the first request until all are final."""
        return self.plan.entries / self.done.final

    def wait(self, percent: int) -> float:
        """Seconds within which so many percent of the requests were answered."""
        return statistics.quantiles(self.done.waits, n=100, method="inclusive")[percent - 1]


def carry_out(system: System, plan: Plan, say: Callable[[str], None]) -> Run:
    """Enrol organisations and have them do all that is planned, until it is final.

    Raises:
        LedgerError: the service did not take it, or something is stuck.
    """
    say(f"{plan.organisations} organisations join")
    organisations = system.enrol(plan.organisations)
    before = system.count_entries()
    say(f"{len(plan.lives):,} assets, {plan.entries:,} entries are planned")
    try:
        done = asyncio.run(_carry_out(system, organisations, plan, say))
    except ExceptionGroup as group:
        raise _first(group) from group
    return Run(plan, organisations, before, done)


async def _carry_out(
    system: System,
    organisations: Sequence[Organisation],
    plan: Plan,
    say: Callable[[str], None],
) -> Done:
    async with AsyncExitStack() as stack:
        clients = await open_clients(stack, system.api, organisations)
        began = time.perf_counter()
        done = await Acting(clients, [one.id for one in organisations], plan, say).run()
        done.operations = await settle(clients, done.sent, say)
        done.final = time.perf_counter() - began
    return done


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """One of the errors that ended a group of tasks."""
    error: Exception = group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def compare(
    system: System, run: Run, say: Callable[[str], None], database_url: str | None = None
) -> list[str]:
    """Each thing that is not as planned. Raises LedgerError."""
    say("what the API tells is compared")
    wrong = compare_operations(run.plan, run.done)
    wrong += asyncio.run(compare_told(system, run))
    say("balances are compared")
    wrong += compare_balances(system, run.ids, run.plan)
    system.settle()
    wrong += compare_entries(system, run.before, run.plan)
    say("audit")
    return wrong + audit(system, database_url)


async def compare_told(system: System, run: Run) -> list[str]:
    """What the API tells of assets that is not as planned."""
    async with AsyncExitStack() as stack:
        clients = await open_clients(stack, system.api, run.organisations)
        assets = await compare_assets(clients, run.ids, run.plan, run.done)
        return assets + await compare_attestations(clients, run.ids, run.plan, run.done)
