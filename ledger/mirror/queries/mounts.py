"""What an asset is made of, and what it is a part of, however deep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, literal
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from ledger.database.plain import rows_of
from ledger.errors import InputError
from ledger.mirror.moments import Moment
from ledger.mirror.pages import Cursor, Page, Turn, fetch_rows, page_of_rows
from ledger.mirror.queries.periods import list_standing, periods_at, standing
from ledger.mirror.tables import MountRow
from ledger.types import Hash32

DEEPEST: Final = 32
"""Levels of parts that an asset can have; the contract refuses more."""


LARGEST: Final = 10_000
"""Parts of a tree that is looked through for a page; of a larger one, ask for fewer levels."""


class LargeTree(InputError):
    """There are more parts on so many levels than are looked through for one page."""

    code = "large_tree"


@dataclass(frozen=True, slots=True)
class Tree:
    """The parts of an asset, with the level of each (1: its own), nearest levels first.

    `whole` is false where there are more than were asked for.
    """

    parts: Sequence[tuple[int, MountRow]]
    whole: bool


def list_parts(
    session: Session,
    parent: Hash32,
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[MountRow]:
    """Fetch a page of the parts of an asset, in the order in which they were mounted."""
    turn = Turn(cursor, limit, newest_first)
    return list_standing(session, MountRow, [col(MountRow.parent) == parent], at, turn)


def list_where_used(
    session: Session, part: Hash32, *, at: Moment | None = None
) -> Sequence[MountRow]:
    """Fetch the chain of assets of which one is a part: its parent's mount, that one's, …"""
    level = literal(1).label("level")
    found = select(MountRow.part, MountRow.position, MountRow.parent, level)
    chain = found.where(MountRow.part == part, *standing(MountRow, at)).cte("chain", recursive=True)
    above = aliased(MountRow)
    more = select(above.part, above.position, above.parent, chain.c.level + 1)
    more = more.join(chain, col(above.part) == chain.c.parent)
    chain = chain.union_all(more.where(chain.c.level < DEEPEST, *standing(above, at)))
    rows = OrmSession.execute(
        session,
        select(chain.c.level, MountRow)
        .select_from(chain)
        .join(
            MountRow,
            (col(MountRow.part) == chain.c.part) & (col(MountRow.position) == chain.c.position),
        ),
    ).all()
    ordered = sorted(rows, key=lambda row: row[0])
    return periods_at([row for _, row in ordered], at)


def find_tree(
    session: Session, root: Hash32, *, at: Moment | None = None, limit: int = 10_000
) -> Tree:
    """Fetch the parts of an asset, their parts, and so on: it as built; `limit` of them at most.

    Of one level, parts come by their parents' ids, and in the order in which they were mounted.
    """
    tree = _tree(root, DEEPEST, at)
    wanted = _mounts_of(tree).order_by(
        tree.c.level, col(MountRow.parent), col(MountRow.from_block), col(MountRow.part)
    )
    rows = OrmSession.execute(session, wanted.limit(limit + 1)).all()
    parts = periods_at([row for _, row in rows[:limit]], at)
    levels = [level for level, _ in rows[:limit]]
    return Tree(list(zip(levels, parts, strict=True)), whole=len(rows) <= limit)


def list_tree(
    session: Session,
    root: Hash32,
    depth: int = DEEPEST,
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
) -> Page[tuple[int, MountRow]]:
    """Fetch a page of the parts of an asset, down to a level, with the level of each (1: its own).

    Nearest levels come first, and of one level what was mounted first.

    Raises:
        LargeTree: there are more than LARGEST.
    """
    tree = _tree(root, depth, at)
    some = select(tree.c.part).limit(LARGEST + 1).subquery("some")
    if session.exec(select(func.count()).select_from(some)).one() > LARGEST:
        raise LargeTree(f"there are more than {LARGEST} parts down to level {depth}", depth=depth)
    wanted: Any = rows_of(MountRow).select_from(tree).join(MountRow, _is_node(tree))
    keys = [tree.c.level, col(MountRow.from_block), col(MountRow.part)]
    rows = fetch_rows(session, MountRow, wanted, keys, Turn(cursor, limit))
    found = page_of_rows(rows, limit)
    levels = [int(level) for _, (level, *_) in rows[:limit]]
    return Page(list(zip(levels, periods_at(found.items, at), strict=True)), found.cursor)


def _tree(root: Hash32, depth: int, at: Moment | None) -> Any:
    """The parts below an asset with their levels, to be selected from."""
    found = select(MountRow.part, MountRow.position, literal(1).label("level"))
    tree = found.where(MountRow.parent == root, *standing(MountRow, at)).cte("tree", recursive=True)
    below = aliased(MountRow)
    more = select(below.part, below.position, tree.c.level + 1)
    more = more.join(tree, col(below.parent) == tree.c.part)
    return tree.union_all(more.where(tree.c.level < depth, *standing(below, at)))


def _mounts_of(tree: Any) -> Any:
    return select(tree.c.level, MountRow).select_from(tree).join(MountRow, _is_node(tree))


def _is_node(tree: Any) -> Any:
    return (col(MountRow.part) == tree.c.part) & (col(MountRow.position) == tree.c.position)
