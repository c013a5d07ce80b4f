"""Asks the texts: which subjects tell of all that a query names, to those who may read it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Text, cast, column, exists, false, func, literal, or_, table
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ledger.mirror.search.tables import ASSET, ORGANISATION, SearchTextRow
from ledger.mirror.search.words import Phrase, parse_query
from ledger.mirror.tables import AssetRow
from ledger.types import Hash32

Readers: TypeAlias = Collection[Hash32] | None
"""For whom is searched: these organisations (none of them: what is public), or None: all texts."""

_INDEX: Final = table("search_index", column("rowid"), column("search_index"))


def assets_telling(session: Session, query: str, readers: Readers) -> SelectOfScalar[Hash32]:
    """The ids of assets whose texts have all words of a query, as a sub-select for a filter.

    A text is for the organisation that sent it, and for who registered or owns the asset.
    """
    return select(SearchTextRow.subject).where(
        SearchTextRow.subject_kind == ASSET, _matches(session, query), _may_read(readers)
    )


def list_best(
    session: Session, query: str, subject_kind: str, readers: Readers, limit: int
) -> Sequence[Hash32]:
    """The subjects of that kind whose texts have all words of a query, the most telling first."""
    phrases = parse_query(query)
    best = select(SearchTextRow.subject).where(
        SearchTextRow.subject_kind == subject_kind, _matches(session, query), _may_read(readers)
    )
    if session.get_bind().dialect.name == "postgresql":
        rank: ColumnElement[Any] = func.ts_rank(col(SearchTextRow.tokens), _tsquery(phrases)).desc()
    else:
        best = best.join(_INDEX, _INDEX.c.rowid == SearchTextRow.id).where(_match(phrases))
        rank = func.bm25(_INDEX.c.search_index)
    found = session.exec(best.order_by(rank, col(SearchTextRow.id)).limit(limit))
    return list(dict.fromkeys(found))


def _may_read(readers: Readers) -> ColumnElement[bool]:
    """As of the documents themselves: who sent them, registered the asset, or owns it."""
    if readers is None:
        return literal(True)
    concerned = exists().where(
        col(AssetRow.id) == col(SearchTextRow.subject),
        or_(col(AssetRow.org).in_(readers), col(AssetRow.owner).in_(readers)),
    )
    return or_(
        col(SearchTextRow.subject_kind) == ORGANISATION,
        col(SearchTextRow.org).in_(readers),
        concerned,
    )


def _matches(session: Session, query: str) -> ColumnElement[bool]:
    phrases = parse_query(query)
    if not phrases:
        return false()
    if session.get_bind().dialect.name == "postgresql":
        return col(SearchTextRow.tokens).op("@@", is_comparison=True)(_tsquery(phrases))
    return col(SearchTextRow.id).in_(select(_INDEX.c.rowid).where(_match(phrases)))


def _match(phrases: Sequence[Phrase]) -> ColumnElement[bool]:
    """SQLite, FTS5, 3: full-text query syntax."""
    said = " AND ".join(
        f'"{" ".join(phrase.tokens)}"' + (" *" if phrase.beginning else "") for phrase in phrases
    )
    return _INDEX.c.search_index.op("MATCH", is_comparison=True)(literal(said, Text))


def _tsquery(phrases: Sequence[Phrase]) -> ColumnElement[Any]:
    """PostgreSQL, 8.11.2: tsquery."""
    said = " & ".join(
        "(" + " <-> ".join(f"'{one}'" + ":*" * phrase.beginning for one in phrase.tokens) + ")"
        for phrase in phrases
    )
    return cast(literal(said, Text), TSQUERY)
