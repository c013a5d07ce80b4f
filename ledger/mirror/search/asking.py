"""Asks the texts: which subjects tell of all that a query names, to those who may read it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    and_,
    cast,
    column,
    exists,
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


class Search:
    """A query for subjects of a kind, asked by `reader` (None: by who may read everything).

    A text is for whoever sent all that it holds, and for who began the subject or owns it;
    organisations' are for everybody. `of` are organisations of whom each began or owns the
    subject: that narrows.
    """

    def __init__(
        self,
        session: Session,
        query: str,
        subject_kind: str,
        reader: Hash32 | None,
        of: Collection[Hash32] = (),
    ) -> None:
        self._on_sqlite = session.get_bind().dialect.name == "sqlite"
        self._session = session
        self._kind = subject_kind
        self._reader = reader
        self._phrases = parse_query(query)
        signs = [reader_sign(org) for org in of]
        if subject_kind != ASSET:
            signs.append(sign(subject_kind))
        if reader is not None and subject_kind != ORGANISATION:
            signs.append(reader_sign(reader))
        self._asked = [*self._phrases, *(Phrase((one,)) for one in dict.fromkeys(signs))]

    def join(self, query: Any, subject: Any) -> Any:
        """The query of rows whose `subject` is found, a row for each; in the order of `key`."""
        found = query.join(SearchTextRow, col(SearchTextRow.subject) == subject)
        if self._on_sqlite:
            found = found.join(_INDEX, _INDEX.c.rowid == SearchTextRow.id)
        return found.where(*self._conditions())

    @property
    def key(self) -> Any:
        """What tells those who are found apart, in the order in which they began."""
        return _INDEX.c.rowid if self._on_sqlite else col(SearchTextRow.id)

    def list_best(self, limit: int) -> Sequence[Hash32]:
        """The subjects that are found, the most telling first."""
        found: Any = select(SearchTextRow.subject).where(*self._conditions())
        if self._on_sqlite:
            found = found.join(_INDEX, _INDEX.c.rowid == SearchTextRow.id)
            rank: ColumnElement[Any] = func.bm25(_INDEX.c.search_index)
        else:
            rank = func.ts_rank(col(SearchTextRow.tokens), self._tsquery()).desc()
        return list(self._session.exec(found.order_by(rank, self.key).limit(limit)))

    def _conditions(self) -> list[ColumnElement[bool]]:
        if not self._phrases:
            return [literal(False)]
        matches = self._match() if self._on_sqlite else self._vector_matches()
        return [matches, col(SearchTextRow.subject_kind) == self._kind, self._may_read()]

    def _may_read(self) -> ColumnElement[bool]:
        """By what holds now: the signs of a text follow the ledger a little later."""
        own = not_(col(SearchTextRow.apart))
        if self._reader is None or self._kind == ORGANISATION:
            return own
        asset = aliased(AssetRow)  # the query around may ask the same table
        owned = exists().where(
            col(asset.id) == col(SearchTextRow.subject), col(asset.owner) == self._reader
        )
        return or_(col(SearchTextRow.org) == self._reader, and_(own, owned))

    def _match(self) -> ColumnElement[bool]:
        """SQLite, FTS5, 3: full-text query syntax."""
        said = " AND ".join(
            f'"{" ".join(phrase.tokens)}"' + (" *" if phrase.beginning else "")
            for phrase in self._asked
        )
        return _INDEX.c.search_index.op("MATCH", is_comparison=True)(literal(said, Text))

    def _vector_matches(self) -> ColumnElement[bool]:
        return col(SearchTextRow.tokens).op("@@", is_comparison=True)(self._tsquery())

    def _tsquery(self) -> ColumnElement[Any]:
        """PostgreSQL, 8.11.2: tsquery."""
        said = " & ".join(
            "(" + " <-> ".join(f"'{one}'" + ":*" * phrase.beginning for one in phrase.tokens) + ")"
            for phrase in self._asked
        )
        return cast(literal(said, Text), TSQUERY)
