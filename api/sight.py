"""What requests name that are judged together: looked up once, and by one snapshot."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlmodel import Session

from api import lookup
from api.births import Births
from api.lookup import Target
from api.published import Published, find_published, load_schema_document
from api.suspension import find_suspended
from ledger.errors import LedgerError, UnknownThing
from ledger.outbox.keys import Credential
from ledger.types import Hash32, to_hex


@dataclass(frozen=True, slots=True)
class Sight:
    """Assets and organisations that requests name, as one snapshot shows them.

    `acting` are organisations that were looked at, `suspended` those of them that may do nothing.
    """

    session: Session
    births: Births
    targets: Mapping[Hash32, Target]
    parties: Mapping[str, Hash32 | LedgerError]
    acting: set[Hash32]
    suspended: set[Hash32]
    _schemas: dict[Hash32, Published | None] = field(default_factory=dict)
    _texts: dict[Hash32, bytes | None] = field(default_factory=dict)

    @classmethod
    def over(
        cls,
        session: Session,
        births: Births,
        assets: Collection[Hash32] = (),
        names: Collection[str] = (),
        orgs: Collection[Hash32] = (),
    ) -> Sight:
        """Look for these assets, and for organisations by names that stand in a member `to`."""
        parties = lookup.find_parties(session, names, "to") if names else {}
        acting = {*orgs, *(one for one in parties.values() if isinstance(one, bytes))}
        suspended = find_suspended(session, acting)
        targets = lookup.find_targets(session, assets)
        return cls(session, births, targets, parties, acting, suspended)

    def get_target(self, who: Credential, asset: Hash32) -> Target:
        """The asset that the caller wants to append to. Raises Problem."""
        return lookup.get_target(self.targets, who, asset)

    def get_party(self, name: str) -> Hash32:
        """The organisation that a member `to` names. Raises UnknownThing, MalformedValue."""
        found = self.parties[name]
        if isinstance(found, LedgerError):
            raise found
        return found

    def find_suspended(self, orgs: Collection[Hash32]) -> set[Hash32]:
        """Those that are suspended, and are not about to be reinstated."""
        if more := {*orgs} - self.acting:
            self.suspended.update(find_suspended(self.session, more))
            self.acting.update(more)
        return self.suspended.intersection(orgs)

    def get_published(self, schema: Hash32) -> Published:
        """A schema that is on the ledger, or on its way there. Raises UnknownThing."""
        if schema not in self._schemas:
            self._schemas[schema] = find_published(self.session, schema)
        found = self._schemas[schema]
        if found is None:
            raise UnknownThing("schema", field="schema", value=to_hex(schema))
        return found

    def find_schema_document(self, schema: Hash32) -> bytes | None:
        """The text of a published schema, if it was sent to this service. Raises as its reading."""
        if schema not in self._texts:
            found = self.get_published(schema)
            self._texts[schema] = load_schema_document(self.session, self.births, found)
        return self._texts[schema]
