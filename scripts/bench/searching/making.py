"""Fills a mirror with assets and their texts, whose words are as common as their names tell."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Engine, insert, text

from ledger.database.engine import writing
from ledger.mirror.search.tables import ASSET, SearchTextRow
from ledger.mirror.search.texts import reader_sign
from ledger.mirror.search.words import tokenise
from ledger.mirror.tables import AssetRow
from ledger.types import Hash32

ORGANISATIONS: Final = 100
"""Each registered one asset in so many, drawn by chance."""

ENTRIES: Final = 10
"""Of each asset, one after the other: texts are ordered by the first of them."""

_PORTION: Final = 10_000


def organisation(number: int) -> Hash32:
    """The id of an organisation; those from `ORGANISATIONS` on have registered nothing."""
    return sha256(b"organisation %d" % number).digest()


def serial_of(number: int) -> str:
    """The serial of an asset, which no other has."""
    return f"SN-{number:09}"


def id_of(number: int) -> Hash32:
    """The id of an asset."""
    return sha256(b"asset %d" % number).digest()


def sequence_of(number: int) -> int:
    """The sequence of an asset's first entry."""
    return ENTRIES * (number + 1)


def fill(engine: Engine, assets: int) -> None:
    """Write so many assets and their texts, as the texts' indexer would."""
    for start in range(0, assets, _PORTION):
        numbers = range(start, min(start + _PORTION, assets))
        with writing(engine) as session:
            connection = session.connection()
            connection.execute(insert(AssetRow), [_asset(one) for one in numbers])
            connection.execute(insert(SearchTextRow), [_text(one) for one in numbers])
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))


def _asset(number: int) -> dict[str, Any]:
    row = {
        column.name: bytes(32) if column.type.python_type is bytes else 0
        for column in AssetRow.__table__.columns  # type: ignore[attr-defined]
        if not column.nullable
    }
    org, at = _org(number), sequence_of(number)
    told = {"id": id_of(number), "org": org, "owner": _owner(number), "frozen": False, "count": 1}
    return row | told | {"first_sequence": at, "last_sequence": at}


def _text(number: int) -> dict[str, Any]:
    org, at = _org(number), sequence_of(number)
    return {
        "id": 2 * at,
        "subject": id_of(number),
        "subject_kind": ASSET,
        "org": org,
        "apart": False,
        "sequence": at,
        "tokens": [*tokenise(_strings(number)), *map(reader_sign, {org, _owner(number)})],
    }


def _strings(number: int) -> list[str]:
    """A serial and a document: one word of all, one of ten, of a thousand, one sentence."""
    drawn = id_of(number)
    ten, other, thousand = drawn[8] % 10, drawn[9] % 10, int.from_bytes(drawn[10:14]) % 1000
    return [
        serial_of(number),
        "Planetary gearbox, oil-filled",
        f"colour{ten}",
        f"alloy{other}",
        f"lot{thousand}",
        "行星变速箱",
    ]


def _org(number: int) -> Hash32:
    """Who registered an asset."""
    return organisation(int.from_bytes(id_of(number)[:4]) % ORGANISATIONS)


def _owner(number: int) -> Hash32:
    """Who owns it now: one in five was sold."""
    sold = id_of(number)[4] % 5 == 0
    return organisation(id_of(number)[5] % ORGANISATIONS) if sold else _org(number)
