"""The tables of search: subjects' texts as tokens, and how far they follow the mirror.

SQLite indexes the tokens in the FTS5 table `search_index`, kept by triggers; PostgreSQL as a
`tsvector`, together with the stretches of ids in which a text lies. Only the indexer writes here,
and it never updates a row: it makes it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from sqlalchemy import Column, Dialect, Index, Text, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field, SQLModel

from ledger.mirror.tables.columns import binary, integer, numbered, truth, words
from ledger.types import Hash32

ASSET: Final = "asset"
ORGANISATION: Final = "organisation"
SCHEMA: Final = "schema"
WORLD: Final = "world"

SIZES: Final = (14, 16, 18, 20, 22)
"""Of stretches of ids: each has two to the power of that many."""

_NUMBERS: Final = [
    f"(search_text.id >> {bits}) * {len(SIZES)} + {at}" for at, bits in enumerate(SIZES)
]
STRETCHES: Final = f"(ARRAY[{', '.join(_NUMBERS)}])"
"""PostgreSQL: the stretches in which an id lies, one of each size, each a number of its own."""


class Tokens(TypeDecorator[Sequence[str]]):
    """Tokens in their order, which the parser of no database ever splits again."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL's own type there."""
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str | None:
        """One after the other, or, for PostgreSQL, each with its places."""
        if value is None:
            return None
        return _vector(value) if dialect.name == "postgresql" else " ".join(value)


def _vector(tokens: Sequence[str]) -> str:
    places: dict[str, list[str]] = {}
    for place, token in enumerate(tokens, 1):
        places.setdefault(token, []).append(str(place))
    return " ".join(f"'{token}':{','.join(at)}" for token, at in places.items())


class SearchTextRow(SQLModel, table=True):
    """What this service was told of a subject, up to the subject's entry `sequence`.

    A subject's own text has `org` for who began it, and holds what everybody sent; it is for `org`
    and for who owns the subject, and an organisation's is for everybody. A text `apart` is for the
    sender of what it holds, who is neither. So of a subject there is one text for each reader.
    `id` is twice the sequence of the first entry that it is made of, and one more if it is apart.
    """

    __tablename__: ClassVar[Any] = "search_text"
    __table_args__ = (
        Index("search_text_subject", "subject"),
        Index("search_text_sequence", "sequence"),
        Index("search_text_tokens", "tokens", text(STRETCHES), postgresql_using="gin").ddl_if(
            dialect="postgresql"
        ),
    )

    id: int = numbered()
    subject: Hash32 = binary()
    subject_kind: str = words()
    org: Hash32 = binary()
    apart: bool = truth()
    sequence: int = integer()
    tokens: Any = Field(sa_column=Column(Tokens, nullable=False))


class SearchMarkRow(SQLModel, table=True):
    """The texts told all up to the entry `sequence`, which is of that block.

    The newest is where the texts are; the older ones, back to the final block, are what a
    reorganisation takes them back to.
    """

    __tablename__: ClassVar[Any] = "search_mark"

    sequence: int = numbered()
    block_number: int = integer()
    block_hash: Hash32 = binary()
