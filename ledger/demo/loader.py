"""Loads the demo over the API; run again, it goes on where it was and repeats nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from ledger.client import Accepted, ApiProblem, Client, Enrolment, OperationAnswer
from ledger.client.answers import SETTLED
from ledger.demo.enterprises import ENTERPRISES
from ledger.demo.story import Act, Enterprise, Json, Life
from ledger.demo.worlds import all_lives
from ledger.errors import LedgerError

THREADS: Final = 16
PATIENCE: Final = 60.0
"""Seconds that a wave of entries may take to reach the ledger."""

_CONFLICT: Final = 409
_GOVERNED: Final = ("frozen", "unfrozen")

Progress: TypeAlias = Callable[[str, int, int], None]
"""Is told what is loading, how many are done, and of how many."""

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class DemoOrganisation:
    """An organisation of the demo, with the key to act for it."""

    id: str
    did: str
    name: str
    address: str
    api_key: str = field(repr=False)


class KeyLost(LedgerError):
    """An organisation is enrolled, but nobody kept its key, and no new one can be made."""

    code = "key_lost"
    advice = "start with --fresh, or issue a new key"

    def __init__(self, did: str) -> None:
        super().__init__(f"the API key of {did} is lost", did=did)


class DemoRefused(LedgerError):
    """An entry of the demo did not reach the ledger."""

    code = "demo_refused"


def load_demo(
    api_url: str,
    operator_key: str,
    keys: Mapping[str, str],
    progress: Progress = lambda _what, _done, _total: None,
    *,
    on_enrolled: Callable[[DemoOrganisation], None] = lambda _organisation: None,
    issue_key: Callable[[str], str] | None = None,
) -> list[DemoOrganisation]:
    """Enrol the demo's organisations and append all their entries.

    `keys` are the API keys known from before, by DID. `on_enrolled` is told each organisation at
    once, so that its key can be saved before anything else happens; `issue_key` makes a new key
    for an organisation's id where the old one was lost in between.

    Raises:
        KeyLost: an organisation is enrolled, its key unknown, and there is no `issue_key`.
        ApiProblem, ApiUnavailable, DemoRefused: the service did not take the demo.
    """
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(THREADS, thread_name_prefix="demo"))
        operator = stack.enter_context(Client(api_url, operator_key))
        enrolling = _Enrolling(operator, keys, on_enrolled, issue_key)
        organisations = list(pool.map(enrolling.run, ENTERPRISES))
        clients = {
            each.did: stack.enter_context(Client(api_url, each.api_key)) for each in organisations
        }
        _Telling(pool, operator, clients, progress).tell(list(all_lives()))
    return organisations


@dataclass(frozen=True, slots=True)
class _Enrolling:
    """Lets an enterprise in, or finds that it is."""

    operator: Client
    keys: Mapping[str, str]
    on_enrolled: Callable[[DemoOrganisation], None]
    issue_key: Callable[[str], str] | None

    def run(self, enterprise: Enterprise) -> DemoOrganisation:
        known = self.operator.find_organisation(enterprise.did)
        try:
            enrolment = None if known else self._enrol(enterprise)
        except ApiProblem as problem:
            if problem.status != _CONFLICT:
                raise
            enrolment = None  # an earlier, interrupted load had asked for it
        if enrolment is not None:
            return self._with_key(enterprise, enrolment.id, enrolment.address, enrolment.api_key)
        known = known or self.operator.get_organisation(enterprise.did)
        return self._with_key(enterprise, known.id, known.address, None)

    def _enrol(self, enterprise: Enterprise) -> Enrolment:
        return self.operator.enrol_organisation(
            enterprise.did,
            enterprise.name,
            wait=PATIENCE,
            idempotency_key=f"demo/{enterprise.did}",
        )

    def _with_key(
        self, enterprise: Enterprise, org: str, address: str, fresh: str | None
    ) -> DemoOrganisation:
        key = fresh or self.keys.get(enterprise.did)
        if key is None and self.issue_key is not None:
            key = self.issue_key(org)
        if key is None:
            raise KeyLost(enterprise.did)
        organisation = DemoOrganisation(org, enterprise.did, enterprise.name, address, key)
        self.on_enrolled(organisation)
        return organisation


@dataclass(slots=True)
class _Progressing:
    """How far one life is: its asset's id, and the position of its newest entry (-1: none)."""

    life: Life
    asset: str = ""
    position: int = -1

    @property
    def over(self) -> bool:
        return self.position >= self.life.last

    @property
    def holder(self) -> Enterprise:
        """Who may append its next entry."""
        owner = self.life.owner or self.life.maker
        for act in self.life.acts[: self.position]:
            owner = act.to or owner
        return owner

    @property
    def must_settle(self) -> bool:
        """Whether the service has to see the newest entry before it can judge the next."""
        before = self.life.acts[self.position - 1].kind if self.position else "registered"
        return (
            self.life.acts[self.position].kind in ("corrected", *_GOVERNED)
            or before in ("transferred", *_GOVERNED)
            or self.life.owner is not None
        )


class _Telling:
    """Appends the lives' entries in waves; within a wave, each life as far as it can go."""

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        operator: Client,
        clients: Mapping[str, Client],
        progress: Progress,
    ) -> None:
        self._pool = pool
        self._operator = operator
        self._clients = clients
        self._progress = progress

    def tell(self, lives: Sequence[Life]) -> None:
        going = self._each(self._find, lives)
        total = sum(life.last + 1 for life in lives)
        while open_ := [each for each in going if not each.over]:
            done = sum(min(each.position, each.life.last) + 1 for each in going)
            self._progress("demo", done, total)
            self._settle(self._each(self._advance, open_))
        self._progress("demo", total, total)

    def _each(self, act: Callable[[T], U], things: Iterable[T]) -> list[U]:
        return list(self._pool.map(act, things))

    def _find(self, life: Life) -> _Progressing:
        maker = self._clients[life.maker.did]
        for asset in maker.list_assets(organisation=life.maker.did, serial=life.serial):
            return _Progressing(life, asset.id, asset.position)
        return _Progressing(life)

    def _advance(self, going: _Progressing) -> Accepted:
        """Append as many of a life's entries as can be judged now; gives the last."""
        accepted = self._append(going)
        while not (going.over or going.must_settle):
            accepted = self._append(going)
        return accepted

    def _append(self, going: _Progressing) -> Accepted:
        life, position = going.life, going.position + 1
        key = f"demo/{life.maker.did}/{life.serial}/{position}"
        if position == 0:
            accepted = self._register(life, key)
            going.asset = accepted.id
        else:
            accepted = self._act(going, life.acts[position - 1], position, key)
        going.position = position
        return accepted

    def _register(self, life: Life, key: str) -> Accepted:
        return self._clients[life.maker.did].register_asset(
            life.serial,
            write(life.document),
            asset_kind=life.asset_kind,
            owner=None if life.owner is None else life.owner.did,
            idempotency_key=key,
        )

    def _act(self, going: _Progressing, act: Act, position: int, key: str) -> Accepted:
        client = self._operator if act.kind in _GOVERNED else self._clients[going.holder.did]
        return client.append_entry(
            going.asset,
            act.kind,
            document=None if act.document is None else write(act.document),
            to=None if act.to is None else act.to.did,
            corrects=act.corrects,
            position=position,
            idempotency_key=key,
        )

    def _settle(self, accepted: Sequence[Accepted]) -> None:
        """Wait until a wave is on the ledger, and the mirror shows it."""
        deadline = time.monotonic() + PATIENCE
        waiting = [each.operation for each in accepted]
        highest = 0
        while waiting:
            answers = self._each(self._operator.operation, waiting)
            highest = max([highest, *(each.block or 0 for each in answers)])
            waiting = [each.id for each in answers if not _is_over(each)]
            self._pause(bool(waiting), deadline)
        while self._operator.status().block.number < highest:
            self._pause(True, deadline)

    def _pause(self, needed: bool, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise DemoRefused(f"the demo's entries are not on the ledger after {PATIENCE:g} s")
        if needed:
            time.sleep(0.05)  # the service has no push yet


def _is_over(operation: OperationAnswer) -> bool:
    if operation.state == "rejected":
        raise DemoRefused(
            f"the ledger refused the demo's entry {operation.kind} of {operation.subject}: "
            f"{operation.reason}",
            reason=operation.reason,
        )
    return operation.state in SETTLED["done"]


def write(document: Json) -> bytes:
    """A document's text, as somebody who wants to read it would send it."""
    return json.dumps(document, ensure_ascii=False, indent=2).encode()
