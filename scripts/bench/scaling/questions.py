"""The product's questions, each drawn by chance from what a mirror's chain holds."""

from __future__ import annotations

from typing import Any, Final

from sqlmodel import Session

from ledger.domain.kinds import Kind
from ledger.mirror import queries
from ledger.mirror.queries import AssetFilter, Cursor, EntryFilter, Moment, Page
from ledger.mirror.search.asking import Search
from ledger.types import Hash32
from scripts.bench.scaling.asking import Ask, Mirror, Question
from scripts.bench.scaling.searching import model_of, serial_of

# So many that a small mirror's lists have as many after a deep cursor.
_PAGE, _FEW, _FEWEST = 50, 20, 3


def _asset(mirror: Mirror) -> Ask:
    asset = mirror.asset()
    return lambda session: queries.find_asset(session, asset)


def _asset_at(mirror: Mirror) -> Ask:
    entry, block = mirror.entry()
    return lambda session: queries.find_asset(session, entry.subject, at=_at(session, block))


def _assets_so(mirror: Mirror) -> Ask:
    wanted = AssetFilter(id_prefix=mirror.asset().hex()[:10])
    return lambda session: queries.list_assets(session, wanted)


# -- lists of an organisation ----------------------------------------------------------------------


def _owned(session: Session, org: Hash32, cursor: Cursor | None, limit: int) -> Page[Any]:
    return queries.list_assets(session, AssetFilter(owner=org), cursor=cursor, limit=limit)


def _assets_of(mirror: Mirror) -> Ask:
    org, cursor = mirror.deep(_owned, 1 / mirror.chain.shape.organisations)
    return lambda session: _owned(session, org, cursor, _PAGE)


def _owned_then(session: Session, org: Hash32, cursor: Cursor | None, limit: int) -> Page[Any]:
    newest = queries.find_moment(session)
    return queries.list_assets(
        session, AssetFilter(owner=org), at=newest, cursor=cursor, limit=limit
    )


def _assets_of_at(mirror: Mirror) -> Ask:
    org, cursor = mirror.deep(_owned_then, 1 / mirror.chain.shape.organisations)
    wanted, block = AssetFilter(owner=org), mirror.block(0.8, 1.0)
    return lambda session: queries.list_assets(
        session, wanted, cursor=cursor, at=_at(session, block)
    )


def _registered(session: Session, org: Hash32, cursor: Cursor | None, limit: int) -> Page[Any]:
    return queries.list_assets(session, AssetFilter(organisation=org), cursor=cursor, limit=limit)


def _assets_by(mirror: Mirror) -> Ask:
    org, cursor = mirror.deep(_registered, 1 / mirror.chain.shape.organisations)
    return lambda session: _registered(session, org, cursor, _PAGE)


def _claimed(session: Session, org: Hash32, cursor: Cursor | None, limit: int) -> Page[Any]:
    return queries.list_claims_by(session, org, cursor=cursor, limit=limit)


def _claims_by(mirror: Mirror) -> Ask:
    # Four in ten assets have one that stands.
    org, cursor = mirror.deep(_claimed, 0.4 / mirror.chain.shape.organisations)
    return lambda session: _claimed(session, org, cursor, _FEW)


def _offers_to(mirror: Mirror) -> Ask:
    org = mirror.organisation()
    return lambda session: queries.list_offers_to(session, org, limit=_FEWEST)


# -- what is between assets and others -------------------------------------------------------------


def _holders(mirror: Mirror) -> Ask:
    asset = mirror.asset(Kind.TRANSFERRED, Kind.ACCEPTED)
    return lambda session: queries.list_holders(session, asset)


def _parts(mirror: Mirror) -> Ask:
    entry, block = mirror.entry(Kind.PART_ADDED)
    return lambda session: queries.list_parts(session, entry.subject, at=_at(session, block))


def _where_used(mirror: Mirror) -> Ask:
    entry, block = mirror.entry(Kind.MOUNTED)
    return lambda session: queries.list_where_used(session, entry.subject, at=_at(session, block))


def _claims_of(mirror: Mirror) -> Ask:
    entry, block = mirror.entry(Kind.ATTESTED)
    return lambda session: queries.list_claims_of(session, entry.subject, at=_at(session, block))


def _listings_of(mirror: Mirror) -> Ask:
    entry, block = mirror.entry(Kind.LISTED)
    return lambda session: queries.list_listings_of(session, entry.subject, at=_at(session, block))


# -- search ----------------------------------------------------------------------------------------


def _serial(mirror: Mirror) -> Ask:
    wanted = AssetFilter(search=Search(serial_of(mirror.asset(Kind.REGISTERED))))
    return lambda session: queries.list_assets(session, wanted)


def _model(mirror: Mirror) -> Ask:
    model = model_of(mirror.asset(Kind.REGISTERED), mirror.chain.shape.assets)
    wanted = AssetFilter(search=Search(model))
    return lambda session: queries.list_assets(session, wanted, limit=_PAGE)


# -- entries ---------------------------------------------------------------------------------------


def _entry(mirror: Mirror) -> Ask:
    entry, _ = mirror.entry()
    return lambda session: queries.find_entry(session, entry.subject, entry.position)


def _entries_of(mirror: Mirror) -> Ask:
    wanted = EntryFilter(subject=mirror.asset())
    return lambda session: queries.list_entries(session, wanted)


def _entries_of_at(mirror: Mirror) -> Ask:
    entry, block = mirror.entry()
    wanted = EntryFilter(subject=entry.subject)
    return lambda session: queries.list_entries(session, wanted, at=_at(session, block))


def _entries(mirror: Mirror) -> Ask:
    cursor = (mirror.sequence(),)
    return lambda session: queries.list_entries(session, cursor=cursor)


def _entries_kind(mirror: Mirror) -> Ask:
    wanted, cursor = EntryFilter(kind=Kind.ATTESTED), (mirror.sequence(),)
    return lambda session: queries.list_entries(session, wanted, cursor=cursor)


def _entries_by(mirror: Mirror) -> Ask:
    wanted, cursor = EntryFilter(organisation=mirror.organisation()), (mirror.sequence(),)
    return lambda session: queries.list_entries(session, wanted, cursor=cursor)


def _moment(mirror: Mirror) -> Ask:
    time = mirror.chain.shape.timestamp(mirror.block())
    return lambda session: queries.find_moment(session, time=time)


def _at(session: Session, block: int) -> Moment:
    return queries.find_moment(session, block=block)


QUESTIONS: Final = (
    Question("asset", "an asset", _asset),
    Question("asset_at", "an asset as of a block", _asset_at),
    Question("assets_so", "assets whose id begins so", _assets_so),
    Question("assets_of", "50 assets of an owner, deep", _assets_of),
    Question("assets_of_at", "the same as of a block", _assets_of_at),
    Question("assets_by", "50 assets by who registered, deep", _assets_by),
    Question("claims_by", "20 attestations by an issuer, deep", _claims_by),
    Question("offers_to", "3 offers open to an organisation", _offers_to),
    Question("holders", "who held an asset", _holders),
    Question("parts", "parts of an asset as of a block", _parts),
    Question("where_used", "where a part was used as of a block", _where_used),
    Question("claims_of", "attestations of an asset as of a block", _claims_of),
    Question("listings_of", "listings of an asset as of a block", _listings_of),
    Question("serial", "search: an asset's serial", _serial),
    Question("model", "search: 50 of a model's 100 assets", _model),
    Question("entry", "an entry of an asset", _entry),
    Question("entries_of", "entries of an asset", _entries_of),
    Question("entries_of_at", "the same as of a block", _entries_of_at),
    Question("entries", "50 entries of all, deep", _entries),
    Question("entries_kind", "50 entries of a kind, deep", _entries_kind),
    Question("entries_by", "50 entries by who acted, deep", _entries_by),
    Question("moment", "the block of a time", _moment),
)
