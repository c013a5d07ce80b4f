"""The words that the demo's worlds are told in: enterprises, and lives of assets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self, TypeAlias
from uuid import UUID

from ledger.hashing import sha256

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Enterprise:
    """Who acts: an invented organisation, with the address of a site of its own."""

    host: str
    name: str
    country: str
    city: str
    offset: str = "+00:00"

    @property
    def did(self) -> str:
        """Its decentralised identifier (did:web Method, 3.2)."""
        return f"did:web:{self.host}"

    def time(self, local: str, days: float = 0) -> str:
        """The local time `local` (`YYYY-MM-DDTHH:MM`) plus `days`, with the site's offset."""
        moment = datetime.fromisoformat(local) + timedelta(days=days)
        return moment.isoformat(timespec="seconds") + self.offset


@dataclass(frozen=True, slots=True)
class Act:
    """One later entry of an asset's life; `to` gets title, `corrects` is a position."""

    kind: str
    document: Json | None = None
    to: Enterprise | None = None
    corrects: int | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """An asset from its registration on; each verb gives the life with one more entry."""

    maker: Enterprise
    serial: str
    document: Json
    asset_kind: str = "instance"
    owner: Enterprise | None = None
    acts: tuple[Act, ...] = ()

    def then(self, act: Act) -> Self:
        return replace(self, acts=(*self.acts, act))

    def observed(self, document: Json) -> Self:
        """Something happened to it."""
        return self.then(Act("observed", document))

    def revised(self, document: Json) -> Self:
        """Another document describes it from now on."""
        return self.then(Act("revised", document))

    def corrected(self, position: int, document: Json) -> Self:
        """The entry at `position` was mistaken, and this is right."""
        return self.then(Act("corrected", document, corrects=position))

    def handed_over(self, to: Enterprise) -> Self:
        """Title passes to `to`."""
        return self.then(Act("transferred", to=to))

    def frozen(self, notice: Json) -> Self:
        """The operator bars it from everything."""
        return self.then(Act("frozen", notice))

    def unfrozen(self, notice: Json) -> Self:
        """The operator lets it move again."""
        return self.then(Act("unfrozen", notice))

    @property
    def last(self) -> int:
        """The position of its last entry."""
        return len(self.acts)


def draw(*names: object) -> float:
    """A number in [0, 1) that belongs to these names: the same on every machine, for ever."""
    return int.from_bytes(sha256("/".join(map(str, names)).encode())[:6], "big") / 2**48


def vary(nominal: float, spread: float, *names: object, digits: int = 2) -> float:
    """A measurement named by `names`: `nominal`, give or take at most `spread`."""
    return round(nominal + spread * (2 * draw(*names) - 1), digits)


def urn(*names: object) -> str:
    """A UUID that belongs to these names (RFC 9562, 5.8: UUID version 8)."""
    digest = bytearray(sha256("/".join(map(str, names)).encode())[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return f"urn:uuid:{UUID(bytes=bytes(digest))}"


def gtin(maker: Enterprise, product: str) -> str:
    """A GTIN-14 of GS1's demonstration range, 952 (GS1 General Specifications, 7.9)."""
    digits = f"0952{int(draw('gtin', maker.host, product) * 10**9):09d}"
    total = sum(int(digit) * (3, 1)[index % 2] for index, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def item(maker: Enterprise, product: str, serial: str) -> str:
    """The web address of one item (GS1 Digital Link, AI 01 and 21)."""
    return f"https://id.{maker.host}/01/{gtin(maker, product)}/21/{serial}"
