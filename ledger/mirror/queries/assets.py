"""Assets, and how many of them an organisation owns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, LargeBinary, Select, cast, exists, func, literal, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from ledger.domain.kinds import Kind
from ledger.mirror.moments import Moment
from ledger.mirror.pages import Cursor, Page, Turn, page, page_of
from ledger.mirror.queries.members import find_members
from ledger.mirror.queries.periods import order_of, standing
from ledger.mirror.queries.states import begun, rows_at
from ledger.mirror.rows import chunks
from ledger.mirror.search.asking import Search, join_found
from ledger.mirror.search.near import page_found
from ledger.mirror.tables import AssetRow, BatchRow, EntryRow, HolderRow
from ledger.types import AssetKind, Hash32, Party

_FREEZES: Final = (int(Kind.FROZEN), int(Kind.UNFROZEN))


@dataclass(frozen=True, slots=True)
class AssetFilter:
    """Which assets to list; None filters nothing. `organisation` is the one that registered.

    `after` and `until` bound the sequence of the first entry, the latter included. `id_prefix` is
    the beginning of an id, in hex digits without 0x. `search` finds those whose texts tell of it;
    texts are today's, and follow a little behind the mirror.
    """

    owner: Hash32 | None = None
    custodian: Hash32 | None = None
    operator: Hash32 | None = None
    lien_holder: Hash32 | None = None
    organisation: Hash32 | None = None
    schema: Hash32 | None = None
    asset_kind: AssetKind | None = None
    frozen: bool | None = None
    after: int | None = None
    until: int | None = None
    ids: Collection[Hash32] | None = None
    id_prefix: str | None = None
    search: Search | None = None

    def parties(self) -> list[tuple[Party, Hash32]]:
        """The parties asked for, and who shall be them."""
        asked = [(party, getattr(self, party.label)) for party in Party]
        return [(party, org) for party, org in asked if org is not None]


def find_asset(session: Session, asset: Hash32, *, at: Moment | None = None) -> AssetRow | None:
    """Fetch an asset, be it of a batch and nothing written of it yet."""
    return find_assets(session, [asset], at=at).get(asset)


def find_assets(
    session: Session, ids: Collection[Hash32], *, at: Moment | None = None
) -> Mapping[Hash32, AssetRow]:
    """Fetch those of the assets that exist, by id, be they of batches and nothing written yet."""
    found: dict[Hash32, AssetRow] = {}
    for portion in chunks(ids):
        rows = select(AssetRow).where(col(AssetRow.id).in_(portion), *begun(AssetRow, at))
        found |= {row.id: row for row in rows_at(session, session.exec(rows).all(), at)}
    return found | find_members(session, [one for one in ids if one not in found], at)


def list_assets(
    session: Session,
    wanted: AssetFilter = AssetFilter(),
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[AssetRow]:
    """Fetch a page of assets.

    They come in the order of registration, but for those whose id begins so, which come in that
    of their ids, and those that are frozen, in that in which they were frozen. As of a moment,
    those of a party come in the order in which it became that party. Those that are searched for
    come in the order in which this service was first told of them. Assets of batches of which
    nothing is written yet are among them only if `ids` names them: `list_batches` tells whose
    they are, and `count_unlisted` how many.

    Raises:
        MalformedValue: the cursor is not one of such a list.
    """
    turn = Turn(cursor, limit, newest_first)
    if wanted.ids is not None:
        named = find_assets(session, wanted.ids, at=at).values()
        rows = [row for row in named if _is_wanted(row, wanted)]
        return page_of(rows, lambda row: (row.first_sequence, row.id), turn)
    query, keys = _ordered(session, wanted, at)
    query = query.where(*begun(AssetRow, at), *_lasting(wanted), *_changing(wanted, at))
    if wanted.search is None:
        found = page(session, query, keys, turn)
    else:
        found = page_found(session, query, keys[0], turn)
    return Page(rows_at(session, found.items, at), found.cursor)


def _ordered(session: Session, wanted: AssetFilter, at: Moment | None) -> tuple[Any, list[Any]]:
    """The query, begun from what gives the most telling filter in an order, and that order."""
    query: Any = select(AssetRow)
    if wanted.search is not None:
        query, key = join_found(session, wanted.search, query, col(AssetRow.id))
        return query, [key]
    parties = wanted.parties()
    if parties and at is not None:
        held = query.join(HolderRow, col(HolderRow.asset) == col(AssetRow.id))
        return held.where(*_holds(*parties[0], at)), order_of(HolderRow)
    if wanted.frozen and not parties:
        froze = query.join(EntryRow, col(EntryRow.subject) == col(AssetRow.id))
        return froze.where(*_freezes(at)), [col(EntryRow.sequence)]
    by_id = wanted.id_prefix is not None and not parties
    return query, [col(AssetRow.id if by_id else AssetRow.first_sequence)]


def _lasting(wanted: AssetFilter) -> list[ColumnElement[bool]]:
    """The conditions on what never changes."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.organisation is not None:
        conditions.append(col(AssetRow.org) == wanted.organisation)
    if wanted.schema is not None:
        conditions.append(col(AssetRow.schema_) == wanted.schema)
    if wanted.asset_kind is not None:
        conditions.append(col(AssetRow.asset_kind) == int(wanted.asset_kind))
    if wanted.after is not None:
        conditions.append(col(AssetRow.first_sequence) > wanted.after)
    if wanted.until is not None:
        conditions.append(col(AssetRow.first_sequence) <= wanted.until)
    if wanted.id_prefix is not None:
        # Said as bounds, so that the index serves.
        least, most = (bytes.fromhex(wanted.id_prefix.ljust(64, digit)) for digit in "0f")
        conditions += [col(AssetRow.id) >= least, col(AssetRow.id) <= most]
    return conditions


def _changing(wanted: AssetFilter, at: Moment | None) -> list[ColumnElement[bool]]:
    """The conditions on what entries change, save for what the query's order has begun from."""
    parties, searched = wanted.parties(), wanted.search is not None
    conditions: list[ColumnElement[bool]] = []
    if at is None:
        conditions += [col(getattr(AssetRow, party.label)) == org for party, org in parties]
    else:
        conditions += [_held_then(party, org, at) for party, org in parties[not searched :]]
    if wanted.frozen is not None and (searched or parties or not wanted.frozen):
        conditions.append(_is_frozen(at).is_(wanted.frozen))
    return conditions


def _holds(party: Party, org: Hash32, at: Moment | None) -> list[ColumnElement[bool]]:
    held = [col(HolderRow.org) == org, col(HolderRow.party) == party.label]
    return [*held, *standing(HolderRow, at)]


def _held_then(party: Party, org: Hash32, at: Moment) -> ColumnElement[bool]:
    other = aliased(HolderRow)
    held = col(other.org) == org, col(other.party) == party.label, *standing(other, at)
    return exists().where(col(other.asset) == col(AssetRow.id), *held)


def _freezes(at: Moment | None) -> list[ColumnElement[bool]]:
    """The entry froze its asset, and nothing undid that until the moment."""
    later = aliased(EntryRow)
    undone = exists().where(
        col(later.subject) == col(EntryRow.subject),
        col(later.position) > col(EntryRow.position),
        col(later.kind).in_(_FREEZES),
        *_up_to(later, at),
    )
    return [col(EntryRow.kind) == int(Kind.FROZEN), ~undone, *_up_to(EntryRow, at)]


def _is_frozen(at: Moment | None) -> Any:
    if at is None:
        return col(AssetRow.frozen)
    last = (
        select(EntryRow.kind)
        .where(EntryRow.subject == AssetRow.id, col(EntryRow.kind).in_(_FREEZES))
        .where(*_up_to(EntryRow, at))
        .order_by(col(EntryRow.position).desc())
        .limit(1)
    )
    return func.coalesce(last.scalar_subquery(), 0) == int(Kind.FROZEN)


def _up_to(entry: Any, at: Moment | None) -> list[ColumnElement[bool]]:
    return [] if at is None else [col(entry.sequence) <= at.sequence]


def _is_wanted(row: AssetRow, wanted: AssetFilter) -> bool:
    asked = {
        "org": wanted.organisation,
        "schema_": wanted.schema,
        "asset_kind": None if wanted.asset_kind is None else int(wanted.asset_kind),
        "frozen": wanted.frozen,
        **{party.label: org for party, org in wanted.parties()},
    }
    if wanted.after is not None and row.first_sequence <= wanted.after:
        return False
    if wanted.until is not None and row.first_sequence > wanted.until:
        return False
    return row.id.hex().startswith(wanted.id_prefix or "") and all(
        value in (None, getattr(row, name)) for name, value in asked.items()
    )


# -- how many ----------------------------------------------------------------------------------


def count_assets_by_owner(
    session: Session, owners: Collection[Hash32], *, at: Moment | None = None
) -> Mapping[Hash32, int]:
    """How many assets each of these organisations owned, those of batches included.

    Those that have rows, and the batches that were theirs, less the assets of these batches that
    have rows of their own. Holders' periods of these begin with the batch, so that it is the
    same for a moment.
    """
    counts = Counter(dict.fromkeys(owners, 0))
    for portion in chunks(owners):
        rows = session.connection().execute(
            union_all(_held(portion, at), _born(portion, at), _counted_twice(portion, at))
        )
        for owner, number in rows:
            counts[owner] += int(number)
    return counts


def _held(owners: list[Hash32], at: Moment | None) -> Select[Any]:
    org = col(HolderRow.org if at else AssetRow.owner)
    by_owner: Any = select(org, func.count()).group_by(org)
    counted: Select[Any] = by_owner.where(org.in_(owners))
    if at is None:
        return counted
    return counted.where(col(HolderRow.party) == Party.OWNER.label, *standing(HolderRow, at))


def _born(owners: list[Hash32], at: Moment | None) -> Select[Any]:
    owner = col(BatchRow.owner)
    by_owner: Any = select(owner, func.sum(BatchRow.size)).group_by(owner)
    counted: Select[Any] = by_owner.where(owner.in_(owners), *begun(BatchRow, at))
    return counted


def _counted_twice(owners: list[Hash32], at: Moment | None) -> Select[Any]:
    owner = col(BatchRow.owner)
    by_owner: Any = select(owner, -func.count()).group_by(owner)
    of_batch = by_owner.join(AssetRow, _is_of_batch())
    counted: Select[Any] = of_batch.where(owner.in_(owners), *begun(BatchRow, at))
    return counted


def _is_of_batch() -> ColumnElement[bool]:
    batch, asset = col(BatchRow.id), col(AssetRow.id)
    # SQLite would make text of bytes that are put together.
    last = cast(func.substr(batch, 1, 29).concat(literal(b"\xff" * 3, LargeBinary)), LargeBinary)
    return (asset > batch) & (asset <= last)


def count_unlisted(session: Session, wanted: AssetFilter, *, at: Moment | None = None) -> int:
    """How many assets are as wanted but not listed: of batches, and nothing is written of them.

    Nothing is counted without a filter by `owner` or `organisation`, or where ids or texts choose.
    """
    asked = {BatchRow.org: wanted.organisation, BatchRow.owner: wanted.owner}
    theirs = [col(column) == org for column, org in asked.items() if org is not None]
    if not theirs or not _may_be_unwritten(wanted):
        return 0
    if wanted.schema is not None:
        theirs.append(col(BatchRow.schema_) == wanted.schema)
    theirs += begun(BatchRow, at)
    born: Any = select(func.sum(BatchRow.size)).where(*theirs)
    written: Any = select(-func.count()).select_from(BatchRow).join(AssetRow, _is_of_batch())
    written = written.where(*theirs, *begun(AssetRow, at))
    return sum(int(number or 0) for number in session.scalars(union_all(born, written)))


def _may_be_unwritten(wanted: AssetFilter) -> bool:
    others = {party for party, _ in wanted.parties()} - {Party.OWNER}
    bounded = wanted.after is not None or wanted.until is not None
    chosen = wanted.ids is not None or wanted.id_prefix or wanted.search or bounded
    kind = wanted.asset_kind in (None, AssetKind.INSTANCE)
    return kind and not (others or chosen or wanted.frozen)
