"""Who `up` has on the ledger: its operator, and the organisations whose keys it keeps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

from ledger.cli.folder import Kept, save_kept
from ledger.types import Hash32, parse_hash

ALONE: Final = ("did:web:works.example", "Example Works")
"""DID and name of the one organisation of a ledger without demo data."""

_PATIENCE: Final = 60.0


class Keyring:
    """The API keys of this ledger: issued once, kept in the data folder before anything else."""

    def __init__(self, data: Path, kept: Kept, database_url: str) -> None:
        self.data = data
        self.kept = kept
        self._database_url = database_url
        self._saving = threading.Lock()

    def operator(self) -> str:
        """The operator's key; a new one where the database does not know the kept one."""
        if not self._is_known(self.kept.operator_key):
            self.kept.operator_key = self._issue(None)
            self.save()
        return self.kept.operator_key

    def by_did(self) -> dict[str, str]:
        """The organisations' keys that the database knows."""
        known = [each for each in self.kept.organisations if self._is_known(each["api_key"])]
        return {each["did"]: each["api_key"] for each in known}

    def issue(self, org: str) -> str:
        """A new key for an organisation, whose first one was lost before it was kept."""
        return self._issue(parse_hash(org, "organisation"))

    def keep(self, organisation: dict[str, str]) -> None:
        """Keep an organisation with its key, on disk before this returns."""
        with self._saving:
            others = [o for o in self.kept.organisations if o["did"] != organisation["did"]]
            self.kept.organisations = [*others, organisation]
            save_kept(self.data, self.kept)

    def save(self) -> None:
        """Write what is kept to disk."""
        with self._saving:
            save_kept(self.data, self.kept)

    def _issue(self, org: Hash32 | None) -> str:
        from ledger.database.engine import open_engine, writing
        from ledger.outbox.keys import issue_key

        engine = open_engine(self._database_url)
        try:
            with writing(engine) as session:
                return issue_key(session, org)
        finally:
            engine.dispose()

    def _is_known(self, key: str) -> bool:
        from ledger.database.engine import open_engine, reading
        from ledger.outbox.keys import BadKey, authenticate

        engine = open_engine(self._database_url)
        try:
            with reading(engine) as session:
                authenticate(session, key)
        except BadKey:
            return False
        finally:
            engine.dispose()
        return True


def load_demo(keyring: Keyring, progress: Callable[[str, int, int], None]) -> None:
    """Enrol the demo's organisations and append their entries; goes on where it stopped."""
    from ledger.demo import DemoOrganisation, load_demo

    def keep(organisation: DemoOrganisation) -> None:
        keyring.keep(asdict(organisation))

    load_demo(
        keyring.kept.api,
        keyring.operator(),
        keyring.by_did(),
        progress,
        on_enrolled=keep,
        issue_key=keyring.issue,
    )
    keyring.kept.demo = True
    keyring.save()


def enrol_alone(keyring: Keyring) -> None:
    """Enrol the one organisation that a ledger without demo data begins with."""
    from ledger.client import Client

    did, name = ALONE
    if did in keyring.by_did():
        return
    with Client(keyring.kept.api, keyring.operator()) as client:
        known = client.find_organisation(did)
        if known is not None:
            org, address, key = known.id, known.address, None
        else:
            enrolment = client.enrol_organisation(
                did, name, wait=_PATIENCE, idempotency_key=f"up/{did}"
            )
            org, address, key = enrolment.id, enrolment.address, enrolment.api_key
    keyring.keep(
        {
            "id": org,
            "did": did,
            "name": name,
            "address": address,
            "api_key": key or keyring.issue(org),
        }
    )
