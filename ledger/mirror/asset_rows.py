"""What the commonest entries make of an asset's row: quick, and equal to `ledger.domain.asset`.

An asset is folded as the list of its row's values, changed in place. Kinds that are not here take
the way over the domain's own fold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from ledger.domain.coding import BadPayload
from ledger.domain.kinds import Kind
from ledger.mirror.columns import COLUMNS as _COLUMNS
from ledger.types import AssetKind, Hash32, Party, Stage

Row: TypeAlias = list[Any]
"""An asset's row; a list, so that it can be told from subjects and changed."""

COLUMNS: Final = _COLUMNS["asset"]
OWNER: Final = COLUMNS.index("owner")
COUNT: Final = COLUMNS.index("count")
HEAD: Final = COLUMNS.index("head")
UPDATED_AT: Final = COLUMNS.index("updated_at")
FIRST_SEQUENCE: Final = COLUMNS.index("first_sequence")
LAST_SEQUENCE: Final = COLUMNS.index("last_sequence")
ADVANCING: Final = ("count", "head", "updated_at", "last_sequence")
"""What every entry changes in an asset's row, and all that most of them do."""

_CONTENT_HASH: Final = COLUMNS.index("content_hash")
_STAGE: Final = COLUMNS.index("stage")
_PARENT: Final = COLUMNS.index("parent")
OFFERED: Final = COLUMNS.index("offered")
_PARTIES: Final = tuple([COLUMNS.index(party.label) for party in Party])

_NAMES: Final = tuple([COLUMNS.index(name) for name in ("org", "owner", "schema")])

# How many there are: to ask an enumeration takes longer than all else that is done with a word.
_ASSET_KINDS, _STAGES, _PARTY_COUNT = len(AssetKind), len(Stage), len(Party)

_WORD_PADDING: Final = bytes(31)
_PADDING: Final = bytes(31), bytes(24)


def born_row(subject: Hash32, org: Hash32, payload: bytes, timestamp: int, sequence: int) -> Row:
    """The row of an asset that is born now. Raises BadPayload."""
    kind = payload[127] if len(payload) == 128 else 255
    if payload[96:127] != _WORD_PADDING or kind >= _ASSET_KINDS:
        raise BadPayload(Kind.REGISTERED, payload)
    content_hash = payload[64:96]
    return [
        subject, org, payload[:32], payload[32:64], kind, content_hash, content_hash, 0, False,
        None, None, None, 0, None, 1, subject, timestamp, timestamp, sequence, sequence,
    ]  # fmt: skip


def share_names(row: Row, names: dict[Hash32, Hash32]) -> None:
    """Have a row hold the organisations and the schema that others hold, not their like."""
    for column in _NAMES:
        row[column] = names.setdefault(row[column], row[column])


def _unchanged(_row: Row, _org: Hash32, _payload: bytes) -> None:
    """What the entry says is about others than the asset's own state."""


def _revised(row: Row, _org: Hash32, payload: bytes) -> None:
    row[_CONTENT_HASH] = _hash(Kind.REVISED, payload)


def _staged(row: Row, _org: Hash32, payload: bytes) -> None:
    row[_STAGE] = _word(Kind.STAGED, payload, _STAGES)


def _transferred(row: Row, _org: Hash32, payload: bytes) -> None:
    row[OWNER], row[OFFERED] = _hash(Kind.TRANSFERRED, payload), 0


def _mounted(row: Row, _org: Hash32, payload: bytes) -> None:
    row[_PARENT] = _hash(Kind.MOUNTED, payload)


def _dismounted(row: Row, _org: Hash32, payload: bytes) -> None:
    _hash(Kind.DISMOUNTED, payload)
    row[_PARENT] = None


def _withdrawn(row: Row, _org: Hash32, payload: bytes) -> None:
    row[OFFERED] &= ~(1 << _word(Kind.WITHDRAWN, payload, _PARTY_COUNT))


def _observed(_row: Row, _org: Hash32, payload: bytes) -> None:
    if len(payload) != 32:
        raise BadPayload(Kind.OBSERVED, payload)


def _offered(row: Row, _org: Hash32, payload: bytes) -> None:
    row[OFFERED] |= 1 << offered_of(payload)[0]


def _accepted(row: Row, org: Hash32, payload: bytes) -> None:
    party = accepted_of(payload)
    row[_PARTIES[party]] = org
    row[OFFERED] = row[OFFERED] & ~(1 << party) if party else 0


def offered_of(payload: bytes) -> tuple[int, Hash32, int]:
    """The party, to whom, and until when, of an `Offered` payload. Raises BadPayload."""
    party = payload[31] if len(payload) == 96 else 255
    if (payload[:31], payload[64:88]) != _PADDING or party >= _PARTY_COUNT:
        raise BadPayload(Kind.OFFERED, payload)
    return party, payload[32:64], int.from_bytes(payload[88:])


def accepted_of(payload: bytes) -> int:
    """The party of an `Accepted` payload. Raises BadPayload."""
    return _word(Kind.ACCEPTED, payload, _PARTY_COUNT)


def _hash(kind: Kind, payload: bytes) -> Hash32:
    if len(payload) != 32:
        raise BadPayload(kind, payload)
    return payload


def _word(kind: Kind, payload: bytes, limit: int) -> int:
    if len(payload) != 32 or payload[:31] != _WORD_PADDING or payload[31] >= limit:
        raise BadPayload(kind, payload)
    return payload[31]


QUIET: Final[dict[int, Callable[[Row, Hash32, bytes], None]]] = {
    Kind.OBSERVED: _observed,
    Kind.PART_ADDED: _observed,
    Kind.PART_REMOVED: _observed,
    Kind.REVISED: _revised,
    Kind.STAGED: _staged,
}
"""By kind: changes an asset's row as the entry says, but for count, head and times. These open and
close nothing between subjects."""

LOUD: Final[dict[int, Callable[[Row, Hash32, bytes], None]]] = {
    Kind.TRANSFERRED: _transferred,
    Kind.OFFERED: _offered,
    Kind.ACCEPTED: _accepted,
    Kind.WITHDRAWN: _withdrawn,
    Kind.MOUNTED: _mounted,
    Kind.DISMOUNTED: _dismounted,
    Kind.ATTESTED: _unchanged,
    Kind.ATTESTATION_REVOKED: _unchanged,
    Kind.LISTED: _unchanged,
    Kind.DELISTED: _unchanged,
}
"""The same of those that do."""

ALTERING: Final = frozenset(
    kind for kind, change in (QUIET | LOUD).items() if change not in (_observed, _unchanged)
)
"""Those of them that change more than `ADVANCING`."""
