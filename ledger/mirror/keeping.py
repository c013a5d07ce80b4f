"""How subjects are kept as rows, by one rule: a field is a column of its name.

Nothing here needs a database: `ledger.mirror.subject_rows` asks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ledger.domain.asset import Asset
from ledger.domain.batch import Batch
from ledger.domain.catalogue import Schema, World
from ledger.domain.founding import Founding
from ledger.domain.organisation import Organisation
from ledger.domain.subjects import Subject
from ledger.mirror.asset_rows import ADVANCING, Row
from ledger.mirror.columns import COLUMNS
from ledger.mirror.steps import Values
from ledger.types import AssetKind, Stage, decode_parties, encode_parties

if TYPE_CHECKING:
    from sqlalchemy import RowMapping, Table

Named: TypeAlias = dict[str, Any]
"""A row's values by column."""


@dataclass(frozen=True, slots=True)
class Born:
    """A batch with the block that its entry is in: there its assets' first owner begins."""

    batch: Batch
    block: int


Known: TypeAlias = Row | Born | Organisation | Schema | World | Founding
"""A subject as folding goes over it: an asset as its row's values."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How a field is kept in its column."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


_FORMS: Final = {
    "asset_kind": _Form(int, AssetKind),
    "stage": _Form(int, Stage),
    "offered": _Form(encode_parties, decode_parties),
}
"""By name; other fields are kept as they are."""


_CONSTANT: Final = frozenset(
    {"id", "org", "schema", "asset_kind", "birth_content_hash", "did", "address", "opened_at"}
    | {"root", "size", "replaces", "authority", "issuer", "first_sequence"}
)
"""Columns that no entry after the first changes."""


class Keeping:
    """How the subjects of a class are kept; accounts are periods, and an address is derived.

    `changing` are the columns that entries after the first can change.
    """

    def __init__(self, subject: type[Subject], name: str) -> None:
        self.subject = subject
        self.name = name
        self.columns = columns = COLUMNS[name]
        told = [field.name for field in fields(subject)]
        self._names = [name for name in columns if hasattr(subject, name)]
        self._get = attrgetter(*self._names)
        self._read = [name for name in told if name in self._names]
        self._forms = {name: form for name, form in _FORMS.items() if name in self._names}
        self.changing = [name for name in columns if name not in _CONSTANT]
        self.id = columns.index("id")
        self.whole: Callable[[Row], Values] = tuple
        """A row as it is inserted."""
        self.changed: Callable[[Row], Values] = itemgetter(
            *[columns.index(name) for name in self.changing], self.id
        )
        """What an update of a row sets, and the id of the row that it is of."""

    @property
    def table(self) -> Table:
        """The table that holds the rows."""
        from ledger.mirror.tables import TABLES

        return TABLES[self.name]

    def row(self, subject: Subject, first: int, last: int) -> Row:
        """The row of a subject whose own entries are from sequence `first` to `last`."""
        values = self.values(subject) | {"first_sequence": first, "last_sequence": last}
        return [values[name] for name in self.columns]

    def values(self, subject: Subject) -> Named:
        """The columns of a subject by name, save for its sequences."""
        values: Named = dict(zip(self._names, self._get(subject), strict=True))
        for name, form in self._forms.items():
            values[name] = form.encode(values[name])
        return values

    def read(self, row: Mapping[str, Any] | RowMapping, **others: Any) -> Subject:
        """The subject that a row holds; `others` are the fields that are none of its columns."""
        values = {name: row[name] for name in self._read}
        for name, form in self._forms.items():
            values[name] = form.decode(values[name])
        return self.subject(**values, **others)


KEEPINGS: Final = (
    Keeping(Asset, "asset"),
    Keeping(Organisation, "organisation"),
    Keeping(Batch, "batch"),
    Keeping(Schema, "schema"),
    Keeping(World, "world"),
    Keeping(Founding, "founding"),
)
"""How every class of subject is kept; the most asked for first."""


_OF: Final = {keeping.subject: keeping for keeping in KEEPINGS}
ASSETS: Final = _OF[Asset]
advanced: Final[Callable[[Row], Values]] = itemgetter(
    *[ASSETS.columns.index(name) for name in ADVANCING], ASSETS.id
)
"""The same of an asset's row in which only `ADVANCING` changes."""
BATCHES: Final = _OF[Batch]


def keeping_of(known: Known | Subject) -> Keeping:
    """How such a subject is kept."""
    if isinstance(known, list):
        return ASSETS
    return BATCHES if isinstance(known, Born) else _OF[type(known)]


def plain(known: Known | None) -> Subject | None:
    """The subject as the domain's folds go over it."""
    if isinstance(known, list):
        return ASSETS.read(dict(zip(ASSETS.columns, known, strict=True)))
    return known.batch if isinstance(known, Born) else known


def row_of(known: Known, first: int, last: int) -> Row:
    """The row of a subject that is no asset, whose own entries are from `first` to `last`."""
    match known:
        case list():
            raise TypeError("an asset is kept as its row")
        case Born(subject, _):
            return BATCHES.row(subject, first, last)
        case _:
            return keeping_of(known).row(known, first, last)


def keep(subject: Subject, block: int) -> Known:
    """A subject that is no asset as folding goes over it; `block` is that of its last entry."""
    match subject:
        case Batch():
            return Born(subject, block)
        case Asset():
            raise TypeError("an asset is kept as its row")
        case _:
            return subject
