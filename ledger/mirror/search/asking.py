"""Asks the texts: which subjects tell of all that a query names, to those who may read it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    and_,
    cast,
    column,
    func,
    literal,
    not_,
    or_,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from ledger.mirror.search.tables import ASSET, ORGANISATION, SearchTextRow
from ledger.mirror.search.texts import reader_sign
from ledger.mirror.search.words import Phrase, parse_query, sign
from ledger.mirror.tables import AssetRow
from ledger.types import Hash32

_INDEX: Final = table("search_index", column("rowid", BigInteger), column("search_index"))


@dataclass(frozen=True, slots=True)
class Search:
    """A query for subjects of a kind, asked by `reader` (None: by who may read everything).

    A text is for whoever sent all that it holds, and for who began the subject or owns it;
    organisations' are for everybody.
    """

    query: str
    subject_kind: str = ASSET
    reader: Hash32 | None = None

    def phrases(self) -> list[Phrase]:
        """What a text must have: the words, and the signs of its kind and its reader."""
        words = parse_query(self.query)
        signs = [] if self.subject_kind == ASSET else [sign(self.subject_kind)]
        if self.reader is not None and self.subject_kind != ORGANISATION:
            signs.append(reader_sign(self.reader))
        return [*words, *(Phrase((one,)) for one in signs)] if words else []


def join_found(session: Session, search: Search, query: Any, subject: Any) -> tuple[Any, Any]:
    """Those of a query's rows whose `subject` is found, each once, and their order.

    That is the order in which this service was first told of them.
    """
    found = query.join(SearchTextRow, col(SearchTextRow.subject) == subject)
    conditions = _conditions(session, search)
    if not _on_sqlite(session):
        return found.where(*conditions), col(SearchTextRow.id)
    found = found.join(_INDEX, _INDEX.c.rowid == SearchTextRow.id)
    return found.where(*conditions), _INDEX.c.rowid


def list_best(session: Session, search: Search, limit: int) -> Sequence[Hash32]:
    """The subjects that are found, the most telling first."""
    found: Any = select(SearchTextRow.subject).where(*_conditions(session, search))
    if _on_sqlite(session):
        found = found.join(_INDEX, _INDEX.c.rowid == SearchTextRow.id)
        rank: ColumnElement[Any] = func.bm25(_INDEX.c.search_index)
    else:
        rank = func.ts_rank(col(SearchTextRow.tokens), _tsquery(search)).desc()
    return list(session.exec(found.order_by(rank, col(SearchTextRow.id)).limit(limit)))


def find_among(session: Session, search: Search, subjects: Collection[Hash32]) -> frozenset[Hash32]:
    """Those of some subjects that are found."""
    found = select(SearchTextRow.subject).where(
        col(SearchTextRow.subject).in_(subjects), *_conditions(session, search)
    )
    if _on_sqlite(session):
        found = found.join(_INDEX, _INDEX.c.rowid == SearchTextRow.id)
    return frozenset(session.exec(found))


def _on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _conditions(session: Session, search: Search) -> list[ColumnElement[bool]]:
    if not search.phrases():
        return [literal(False)]
    matches = _match(search) if _on_sqlite(session) else _vector_matches(search)
    return [matches, col(SearchTextRow.subject_kind) == search.subject_kind, _may_read(search)]


def _may_read(search: Search) -> ColumnElement[bool]:
    """By what holds now: the signs of a text follow the ledger a little later."""
    own = not_(col(SearchTextRow.apart))
    if search.reader is None or search.subject_kind == ORGANISATION:
        return own
    asset = aliased(AssetRow)  # the query around may ask the same table
    # As one value, for PostgreSQL would look at all that the reader owns if it were a condition.
    owner = select(asset.owner).where(col(asset.id) == col(SearchTextRow.subject))
    owned = owner.scalar_subquery() == search.reader
    return or_(col(SearchTextRow.org) == search.reader, and_(own, owned))


def _match(search: Search) -> ColumnElement[bool]:
    """SQLite, FTS5, 3: full-text query syntax."""
    said = " AND ".join(f'"{" ".join(phrase.tokens)}"' for phrase in search.phrases())
    return _INDEX.c.search_index.op("MATCH", is_comparison=True)(literal(said, Text))


def _vector_matches(search: Search) -> ColumnElement[bool]:
    return col(SearchTextRow.tokens).op("@@", is_comparison=True)(_tsquery(search))


def _tsquery(search: Search) -> ColumnElement[Any]:
    """PostgreSQL, 8.11.2: tsquery."""
    said = " & ".join(
        "(" + " <-> ".join(f"'{one}'" for one in phrase.tokens) + ")" for phrase in search.phrases()
    )
    return cast(literal(said, Text), TSQUERY)
