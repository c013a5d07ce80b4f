"""What assets are filtered by, and the conditions in which queries say it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, literal
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from ledger.domain.kinds import Kind
from ledger.mirror.moments import Moment
from ledger.mirror.queries.periods import standing
from ledger.mirror.search.asking import Search
from ledger.mirror.tables import AssetRow, EntryRow, HolderRow
from ledger.types import AssetKind, Hash32, Party, Stage

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
    stage: Stage | None = None
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

    def lasting(self) -> dict[str, bytes | int]:
        """The values asked for of what never changes, by the names of columns."""
        asked = {
            "org": self.organisation,
            "schema_": self.schema,
            "asset_kind": None if self.asset_kind is None else int(self.asset_kind),
        }
        return {name: value for name, value in asked.items() if value is not None}

    def changing(self) -> dict[str, bytes | int]:
        """The values asked for of what entries change, as the newest leave them."""
        asked = {
            "stage": None if self.stage is None else int(self.stage),
            "frozen": self.frozen,
            **{party.label: org for party, org in self.parties()},
        }
        return {name: value for name, value in asked.items() if value is not None}

    def id_bounds(self) -> tuple[Hash32, Hash32] | None:
        """The least and the greatest id that begins so, so that the index serves."""
        if self.id_prefix is None:
            return None
        least, most = (bytes.fromhex(self.id_prefix.ljust(64, digit)) for digit in "0f")
        return least, most


def is_wanted(row: AssetRow, wanted: AssetFilter) -> bool:
    """Whether a row at hand is one that the filter lets through; texts are not looked at."""
    if wanted.after is not None and row.first_sequence <= wanted.after:
        return False
    if wanted.until is not None and row.first_sequence > wanted.until:
        return False
    asked = wanted.lasting() | wanted.changing()
    return row.id.hex().startswith(wanted.id_prefix or "") and all(
        value == getattr(row, name) for name, value in asked.items()
    )


def unindexed(column: Any) -> Any:
    """A column, said so that no index can serve it: of rows that another one has found."""
    one: Any = col(column)
    return func.coalesce(one, literal(one.type.python_type(), one.type))


def lasts(
    wanted: AssetFilter, row: Any = AssetRow, say: Callable[[Any], Any] = col
) -> list[ColumnElement[bool]]:
    """The conditions on what never changes."""
    conditions = [say(getattr(row, name)) == value for name, value in wanted.lasting().items()]
    if (ids := wanted.id_bounds()) is not None:
        conditions += [say(row.id) >= ids[0], say(row.id) <= ids[1]]
    return conditions


def within(
    wanted: AssetFilter, row: Any = AssetRow, say: Callable[[Any], Any] = col
) -> list[ColumnElement[bool]]:
    """The bounds of the first entry."""
    conditions = []
    if wanted.after is not None:
        conditions.append(say(row.first_sequence) > wanted.after)
    if wanted.until is not None:
        conditions.append(say(row.first_sequence) <= wanted.until)
    return conditions


def stands(
    wanted: AssetFilter, at: Moment | None, row: Any = AssetRow, say: Callable[[Any], Any] = col
) -> list[ColumnElement[bool]]:
    """The conditions on what entries change, a stage as of a moment aside."""
    if at is None:
        return [say(getattr(row, name)) == value for name, value in wanted.changing().items()]
    conditions = [_was_party(party, org, at, row) for party, org in wanted.parties()]
    if wanted.frozen is not None:
        conditions.append(_was_frozen(at, row).is_(wanted.frozen))
    return conditions


def _was_party(party: Party, org: Hash32, at: Moment, row: Any) -> ColumnElement[bool]:
    """Looked for among the asset's own holders: the party may hold more than all else."""
    held = aliased(HolderRow)
    those = unindexed(held.org) == org, col(held.party) == party.label
    return exists().where(col(held.asset) == col(row.id), *those, *standing(held, at))


def _was_frozen(at: Moment, row: Any) -> Any:
    last = (
        select(EntryRow.kind)
        .where(EntryRow.subject == row.id, col(EntryRow.kind).in_(_FREEZES))
        .where(*up_to(EntryRow, at))
        .order_by(col(EntryRow.position).desc())
        .limit(1)
    )
    return func.coalesce(last.scalar_subquery(), 0) == int(Kind.FROZEN)


def was_kept_frozen(entry: Any, at: Moment | None) -> ColumnElement[bool]:
    """Nothing undid, until the moment, what an entry froze."""
    later = aliased(EntryRow)
    undone = exists().where(
        col(later.subject) == col(entry.subject),
        col(later.position) > col(entry.position),
        col(later.kind).in_(_FREEZES),
        *up_to(later, at),
    )
    return ~undone


def up_to(entry: Any, at: Moment | None) -> list[ColumnElement[bool]]:
    """The condition on entries that were there at a moment."""
    return [] if at is None else [col(entry.sequence) <= at.sequence]
