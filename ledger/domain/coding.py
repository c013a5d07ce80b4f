"""How payloads are written and read: one strict coding for all that are made of 32-byte words."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import ClassVar, Final, NamedTuple, Self, TypeAlias

from ledger.domain.kinds import Kind
from ledger.errors import MalformedValue
from ledger.types import AssetKind, Party, Stage

Size: TypeAlias = int
"""How many assets a batch holds: 1 to 2^24 - 1, as many as there are ids behind the batch's."""


class BadPayload(MalformedValue):
    """A payload is not the canonical ABI encoding of its kind's struct."""

    code = "bad_payload"

    def __init__(self, kind: Kind, payload: bytes) -> None:
        super().__init__(
            field="payload", value=payload.hex(), wanted=f"the payload of an entry {kind.label}"
        )


def _size(number: int) -> Size:
    if not 0 < number < 1 << 24:
        raise ValueError(number)
    return number


class _Form(NamedTuple):
    """How a field of some type stands in its word: the lowest `bits` of it, read as `form` says.

    `meaning` gives what a number stands for, or raises ValueError if that is nothing.
    """

    form: str
    bits: int
    meaning: Callable[[int], int] | None = None


_FORMS: Final = {
    "Hash32": _Form("32s", 256),
    "Address": _Form("12x20s", 160),
    "int": _Form("24xQ", 64),
    "Size": _Form("28xI", 32, _size),
    "AssetKind": _Form("31xB", 8, AssetKind),
    "Party": _Form("31xB", 8, Party),
    "Stage": _Form("31xB", 8, Stage),
}
"""By the type that a field is declared with."""


class Words:
    """A payload whose struct is made of 32-byte words, one a field in the order of declaration."""

    __slots__ = ()
    KIND: ClassVar[Kind]
    _NAMES: ClassVar[tuple[str, ...]]
    _STRUCT: ClassVar[struct.Struct]
    _UNUSED: ClassVar[int]  # the payload's bits that no field takes
    _MEANINGS: ClassVar[tuple[tuple[int, Callable[[int], int]], ...]]

    def __init_subclass__(cls) -> None:
        told = cls.__annotations__.items()
        forms = {name: _FORMS[type_] for name, type_ in told if type_ in _FORMS}
        cls._NAMES = tuple(forms)
        cls._STRUCT = struct.Struct(">" + "".join([one.form for one in forms.values()]))
        cls._UNUSED = 0
        for one in forms.values():
            cls._UNUSED = cls._UNUSED << 256 | (1 << 256) - (1 << one.bits)
        cls._MEANINGS = tuple(
            [(at, one.meaning) for at, one in enumerate(forms.values()) if one.meaning]
        )

    def encode(self) -> bytes:
        """Write it as `abi.encode` writes its struct.

        Raises:
            MalformedValue: its struct cannot hold a field's value.
        """
        try:
            payload = self._STRUCT.pack(*[getattr(self, name) for name in self._NAMES])
        except struct.error:
            payload = b""
        # Bytes too short or too long are fitted in silently: what is read again tells.
        if not payload or self.decode(payload) != self:
            raise MalformedValue(field=self.KIND.label, value=self, wanted="a payload")
        return payload

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read it, if `payload` is its canonical encoding. Raises BadPayload if not."""
        make: Callable[..., Self] = cls
        unused = cls._UNUSED
        if unused and int.from_bytes(payload) & unused:
            raise BadPayload(cls.KIND, payload)
        try:
            values = cls._STRUCT.unpack(payload)
            if not cls._MEANINGS:
                return make(*values)
            meant = list(values)
            for at, meaning in cls._MEANINGS:
                meant[at] = meaning(meant[at])
            return make(*meant)
        except (struct.error, ValueError):
            raise BadPayload(cls.KIND, payload) from None
