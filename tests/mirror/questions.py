"""Every question that can be asked of the mirror, with the index that answers it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Engine, event
from sqlmodel import Session, SQLModel

from ledger.domain.kinds import Kind
from ledger.mirror import queries
from ledger.mirror.queries import AssetFilter, CredentialFilter, EntryFilter, Moment, Page
from ledger.types import Address, AssetKind, Hash32, Party, Stage


@dataclass(frozen=True)
class Known:
    """What there is to ask about; `time` is in seconds since 1970."""

    orgs: Sequence[Hash32]
    accounts: Sequence[Address]
    dids: Sequence[str]
    addresses: Sequence[Address]
    assets: Sequence[Hash32]
    batches: Sequence[Hash32]
    schemas: Sequence[Hash32]
    worlds: Sequence[Hash32]
    time: int


@dataclass(frozen=True)
class Question:
    """A call of a function of `queries`; `index` is what answers it, empty for a primary key.

    As of a moment it is another one where `then` is given. `whole`: it lists all of a table.
    """

    function: Callable[..., Any]
    given: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)
    index: str = ""
    then: str | None = None
    whole: bool = False

    @property
    def name(self) -> str:
        return self.function.__name__

    def __str__(self) -> str:
        told = [*(_tell(one) for one in self.given), *map(_tell, self.named.items())]
        return " ".join([self.name, *told])

    def takes(self, name: str) -> bool:
        return name in inspect.signature(self.function).parameters

    def ask(self, session: Session, at: Moment | None = None, **paging: Any) -> Any:
        asked = {"at": at} if self.takes("at") else {}
        return self.function(session, *self.given, **self.named, **asked, **paging)

    def ask_all(self, session: Session, at: Moment | None = None, limit: int = 4) -> Any:
        """The whole answer, of all pages."""
        if not self.takes("cursor"):
            return plain(self.ask(session, at))
        return self.pages(session, at, limit, newest_first=False)

    def pages(
        self, session: Session, at: Moment | None, limit: int, *, newest_first: bool
    ) -> list[Any]:
        """What pages of that length tell, joined."""
        turned = {"newest_first": True} if newest_first else {}
        seen: list[Any] = []
        cursor = None
        while True:
            page = self.ask(session, at, cursor=cursor, limit=limit, **turned)
            assert len(page.items) <= limit
            seen += map(plain, page.items)
            cursor = page.cursor
            if cursor is None:
                return seen
            assert len(page.items) == limit


def plain(answer: Any) -> Any:
    """An answer by its values alone, wherever its rows come from."""
    match answer:
        case SQLModel() | tuple() if hasattr(answer, "model_dump"):
            return answer.model_dump()
        case Page(items):
            return [plain(one) for one in items]
        case queries.OrganisationSeen(row, accounts):
            return plain(row), list(accounts)
        case queries.Tree(parts, whole):
            return [(level, plain(row)) for level, row in parts], whole
        case dict():
            return {key: plain(value) for key, value in answer.items()}
        case list() | tuple():
            return [plain(one) for one in answer]
        case _:
            return answer


def _tell(value: Any) -> str:
    return value[0] if isinstance(value, tuple) else type(value).__name__


def questions(known: Known) -> Iterator[Question]:
    """All of them, each about everything that is known."""
    yield from _of_all(known)
    for org in known.orgs:
        yield from _of_organisation(org, known)
    for asset in known.assets:
        yield from _of_asset(asset, known)
    for batch in known.batches:
        yield Question(queries.find_batch, (batch,))
        yield Question(queries.find_entry, (batch, 0), index="entry_place")
    for schema in known.schemas:
        yield Question(queries.find_schema, (schema,))
        yield Question(queries.list_versions, (schema,), index="schema_replaces")
        yield _assets(AssetFilter(schema=schema), "asset_schema")
        under = Question(queries.list_claims_under, (schema,), index="claim_schema")
        yield from _good_and_about(under, known)
        yield from _credentials(CredentialFilter(schema=schema), known, "entry_kind")
    for world in known.worlds:
        yield Question(queries.find_world, (world,))
        yield _entries(EntryFilter(subject=world), "entry_place")
        listed = Question(queries.list_listings_in, (world,), index="listing_world")
        yield listed
        yield replace(listed, named={"shown_at": known.time})
        shown = {"shown_at": known.time}
        yield Question(queries.list_assets_in, (world,), shown, "listing_world")
    for stage in Stage:
        index, then = ("asset_stage", "entry_kind") if stage else ("asset_sequence", None)
        yield Question(queries.list_assets_at, (stage,), {}, index, then, whole=not stage)
    yield Question(queries.list_assets_by_change, whole=True)
    for account in known.accounts:
        yield Question(queries.list_organisations_of, (account,), index="account_account")


def _of_all(known: Known) -> Iterator[Question]:
    yield Question(queries.find_founding, whole=True)
    yield Question(queries.list_entries, whole=True)
    for kind in Kind:
        yield _entries(EntryFilter(kind=kind), "entry_kind")
    yield Question(queries.list_assets, index="asset_sequence", whole=True)
    for asset_kind in AssetKind:
        yield _assets(AssetFilter(asset_kind=asset_kind), "asset_kind")
    yield _assets(AssetFilter(frozen=True), "entry_kind")
    yield replace(_assets(AssetFilter(frozen=False), "asset_sequence"), whole=True)
    yield _assets(AssetFilter(ids=known.assets))
    yield _assets(AssetFilter(ids=known.assets, after=2, until=20))
    yield _assets(AssetFilter(after=2, until=20), "asset_sequence")
    yield Question(queries.find_assets, (known.assets,))
    for digits in ("0", "1", "f0"):
        yield _assets(AssetFilter(id_prefix=digits.ljust(2, "7")))
    for did in known.dids:
        yield Question(queries.find_organisation, named={"did": did}, index="organisation_did")
    for address in known.addresses:
        by_address = {"address": address}
        yield Question(queries.find_organisation, named=by_address, index="organisation_address")
    yield Question(queries.find_organisations, (known.orgs,))
    yield Question(queries.count_assets_by_owner, (known.orgs,), {}, "asset_owner", "holder_org")
    yield Question(queries.list_organisations, index="organisation_sequence", whole=True)
    yield Question(queries.list_batches, index="batch_sequence", whole=True)
    yield from _credentials(CredentialFilter(), known, "entry_kind")
    yield Question(queries.list_schemas, index="schema_sequence", whole=True)
    yield Question(queries.list_worlds, index="world_sequence", whole=True)


def _of_organisation(org: Hash32, known: Known) -> Iterator[Question]:
    yield Question(queries.find_organisation, named={"id": org})
    yield Question(queries.list_accounts, (org,))
    yield _entries(EntryFilter(organisation=org), "entry_org")
    yield _entries(EntryFilter(organisation=org, kind=Kind.OBSERVED), "entry_")
    yield _assets(AssetFilter(organisation=org), "asset_org")
    yield _assets(AssetFilter(organisation=org, after=2, until=20), "asset_(org|sequence)")
    yield _assets(AssetFilter(owner=org, after=2, until=20), "asset_(owner|sequence)", "holder_org")
    for party in Party:
        wanted = AssetFilter(**{party.label: org})
        yield _assets(wanted, f"asset_{party.label}", "holder_org")
        yield _assets(replace(wanted, frozen=True), f"asset_{party.label}", "holder_org")
        yield _assets(replace(wanted, frozen=False), f"asset_{party.label}", "holder_org")
        yield Question(queries.list_holdings, (org, party), index="holder_org")
    yield Question(queries.count_unlisted, (AssetFilter(owner=org),), index="batch_owner")
    yield Question(queries.count_unlisted, (AssetFilter(organisation=org),), index="batch_org")
    both = AssetFilter(owner=org, organisation=org, custodian=known.orgs[-1])
    yield _assets(both, "asset_", "holder_org")
    yield _assets(AssetFilter(frozen=True, organisation=org), "entry_kind")
    yield from _narrowed(org, known)
    to = Question(queries.list_offers_to, (org,), {}, "offer_open", "offer_to")
    yield to
    yield replace(to, named={"good_at": known.time})
    by = Question(queries.list_claims_by, (org,), index="claim_issuer")
    yield from _good_and_about(by, known)
    yield Question(queries.list_claims_of, (org,))
    yield Question(queries.find_credential, (org, 2))
    yield from _credentials(CredentialFilter(issuer=org), known, "entry_kind")
    yield from _credentials(CredentialFilter(holder=org), known)
    yield from _credentials(CredentialFilter(holder=org, issuer=known.orgs[-1]), known)
    yield Question(queries.list_batches, named={"organisation": org}, index="batch_org")
    yield Question(queries.list_batches, named={"owner": org}, index="batch_owner")
    yield Question(queries.list_schemas, named={"organisation": org}, index="schema_org")
    yield Question(queries.list_worlds, named={"organisation": org}, index="world_org")


def _narrowed(org: Hash32, known: Known) -> Iterator[Question]:
    """What one filter finds and others narrow, in which each may lead."""
    schema = known.schemas[0]
    for wanted in (
        AssetFilter(organisation=org, schema=schema),
        AssetFilter(schema=schema, asset_kind=AssetKind.INSTANCE),
        AssetFilter(organisation=org, asset_kind=AssetKind.TYPE, frozen=False),
        AssetFilter(organisation=org, asset_kind=AssetKind.INSTANCE, after=2, until=20),
    ):
        yield _assets(wanted, "asset_")
    digits = AssetFilter(organisation=org, id_prefix="f")
    yield _assets(digits)
    for party in Party:
        wanted = AssetFilter(**{party.label: org})
        index = f"asset_{party.label}"
        yield _assets(replace(wanted, organisation=known.orgs[-1]), index, "holder_org")
        yield _assets(replace(wanted, schema=schema, after=2), index, "holder_org")


def _of_asset(asset: Hash32, known: Known) -> Iterator[Question]:
    yield Question(queries.find_asset, (asset,))
    yield Question(queries.find_entry, (asset, 1), index="entry_place")
    yield _entries(EntryFilter(subject=asset), "entry_place")
    yield _entries(EntryFilter(subject=asset, kind=Kind.OBSERVED), "entry_place")
    yield Question(queries.list_holders, (asset,))
    yield Question(queries.list_parties, (asset,))
    of = Question(queries.list_offers_of, (asset,))
    yield of
    yield replace(of, named={"good_at": known.time})
    claims = Question(queries.list_claims_of, (asset,))
    yield claims
    yield replace(claims, named={"good_at": known.time, "issuer": known.orgs[-1]})
    ever = Question(queries.list_claims_ever, (asset,))
    yield ever
    yield replace(ever, named={"issuer": known.orgs[-1]})
    yield replace(ever, named={"spent_at": known.time})
    yield Question(queries.find_claim, (asset, 2))
    for world in known.worlds:
        yield Question(queries.find_listing, (asset, world))
    listings = Question(queries.list_listings_of, (asset,))
    yield listings
    yield replace(listings, named={"shown_at": known.time})
    yield Question(queries.list_parts, (asset,), index="mount_parent")
    yield Question(queries.list_where_used, (asset,))
    yield Question(queries.list_assets_on, (asset,), index="mount_parent")
    yield Question(queries.find_tree, (asset,), index="mount_parent")
    yield Question(queries.list_tree, (asset,), index="mount_parent")
    yield Question(queries.list_tree, (asset, 2), index="mount_parent")


def _good_and_about(question: Question, known: Known) -> Iterator[Question]:
    yield question
    yield replace(question, named={"good_at": known.time, "about": "organisations"})
    yield replace(question, named={"about": "assets"})


def _credentials(wanted: CredentialFilter, known: Known, index: str = "") -> Iterator[Question]:
    for in_force in (None, True, False):
        asked = replace(wanted, in_force=in_force, time=known.time)
        yield Question(queries.list_credentials, (asked,), {}, index)


def _assets(wanted: AssetFilter, index: str = "", then: str | None = None) -> Question:
    return Question(queries.list_assets, (wanted,), {}, index, then)


def _entries(wanted: EntryFilter, index: str) -> Question:
    return Question(queries.list_entries, (wanted,), {}, index)


@contextmanager
def statements(engine: Engine) -> Iterator[list[tuple[str, object]]]:
    """The statements that are sent meanwhile, with their parameters."""
    sent: list[tuple[str, object]] = []

    def note(_c: object, _u: object, statement: str, given: object, *_: object) -> None:
        if statement.startswith(("SELECT", "WITH")):
            sent.append((statement, given))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
