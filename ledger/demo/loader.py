"""Loads the demo over the API; run again, it goes on where it was and repeats nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from ledger.client import ApiProblem, Client, Enrolment
from ledger.demo.enterprises import ENTERPRISES
from ledger.demo.settling import settle
from ledger.demo.story import Enterprise
from ledger.demo.telling import Progress, Telling
from ledger.demo.worlds import all_lives
from ledger.errors import LedgerError

THREADS: Final = 16

_CONFLICT: Final = 409


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
        organisations = [enrolling.run(each) for each in ENTERPRISES]
        settle(pool, operator, enrolling.operations)
        clients = {
            each.did: stack.enter_context(Client(api_url, each.api_key)) for each in organisations
        }
        Telling(pool, operator, clients, progress).tell(list(all_lives()))
    return organisations


@dataclass(frozen=True, slots=True)
class _Enrolling:
    """Lets enterprises in, or finds that they are; `operations` are under way."""

    operator: Client
    keys: Mapping[str, str]
    on_enrolled: Callable[[DemoOrganisation], None]
    issue_key: Callable[[str], str] | None
    operations: list[str] = field(default_factory=list)

    def run(self, enterprise: Enterprise) -> DemoOrganisation:
        known = self.operator.find_organisation(enterprise.did)
        enrolment = None if known else self._enrol(enterprise)
        if enrolment is not None:
            self.operations.append(enrolment.operation)
            return self._with_key(enterprise, enrolment.id, enrolment.address, enrolment.api_key)
        known = known or self.operator.get_organisation(enterprise.did)
        return self._with_key(enterprise, known.id, known.address, None)

    def _enrol(self, enterprise: Enterprise) -> Enrolment | None:
        """The enrolment; None if an earlier load's has come through in this moment."""
        key = f"demo/{enterprise.did}"
        try:
            return self.operator.enrol_organisation(
                enterprise.did, enterprise.name, idempotency_key=key
            )
        except ApiProblem as problem:
            if problem.status == _CONFLICT:
                return None
            raise

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
