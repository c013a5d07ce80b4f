"""What a deployment has signed, kept before it is sent, so that no crash makes it send twice."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ledger.errors import MalformedValue, ToolError
from ledger.types import Address, Hash32, parse_address, parse_hash, parse_hex, to_hex


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed transaction of a deployment; `address` is what it creates, if it does."""

    label: str
    sender: Address
    nonce: int
    raw: bytes
    hash: Hash32
    address: Address | None


class _Line(msgspec.Struct):
    genesis: str
    label: str
    sender: str
    nonce: int
    raw: str
    hash: str
    address: str | None


class Journal:
    """The signed transactions of deployments on one chain: a file of JSON lines, one each."""

    def __init__(self, path: Path, genesis: Hash32) -> None:
        self._path = path
        self._genesis = to_hex(genesis)

    def find(self, label: str) -> list[Signed]:
        """What was signed for a step, the last first. Raises ToolError."""
        return [signed for signed in reversed(self.load()) if signed.label == label]

    def load(self) -> list[Signed]:
        """All that was signed on this chain, in order.

        A last line without its end was being written when its writer was killed, and so was
        never sent: it does not count.

        Raises:
            ToolError: the file cannot be read or is damaged.
        """
        try:
            lines = self._path.read_bytes().split(b"\n")[:-1]
            read = [msgspec.json.decode(line, type=_Line) for line in lines]
            return [_read(line) for line in read if line.genesis == self._genesis]
        except FileNotFoundError:
            return []
        except (OSError, msgspec.MsgspecError, MalformedValue) as error:
            raise ToolError(f"{self._path}: the journal is damaged: {error}") from None

    def append(self, signed: Signed) -> None:
        """Keep a signed transaction; it is on the disk when this returns."""
        line = _Line(
            self._genesis,
            signed.label,
            to_hex(signed.sender),
            signed.nonce,
            to_hex(signed.raw),
            to_hex(signed.hash),
            None if signed.address is None else to_hex(signed.address),
        )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            self._cut_torn_line(file.fileno())
            file.write(msgspec.json.encode(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _cut_torn_line(self, handle: int) -> None:
        whole = self._path.read_bytes()
        os.ftruncate(handle, whole.rfind(b"\n") + 1)


def _read(line: _Line) -> Signed:
    return Signed(
        line.label,
        parse_address(line.sender, "sender"),
        line.nonce,
        parse_hex(line.raw, field="raw"),
        parse_hash(line.hash, "hash"),
        None if line.address is None else parse_address(line.address, "address"),
    )
