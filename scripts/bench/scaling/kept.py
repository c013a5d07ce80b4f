"""How a generated chain is kept on disk: its entries in one file, its blocks in another.

`chain.json`, which is written last, says what both hold; without it there is no chain. An entry is
a fixed head and its payload; of a block is kept where its entries end, the last one's sequence, and
the ledger head after it.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from ledger.chain.artifacts import load_artifact
from ledger.domain.entries import Appended
from ledger.domain.kinds import Kind
from ledger.errors import LedgerError
from ledger.hashing import keccak, next_head, next_ledger_head
from ledger.types import ZERO_HASH, Hash32
from scripts.bench.scaling.sealed import Seal, seal
from scripts.bench.scaling.shape import Place, Shape

# subject, organisation, kind, sender, position, transaction in its block, length of the payload
ENTRY: Final = struct.Struct(">32sHBBIHH")
_BLOCK: Final = struct.Struct(">QQ32s")
_ENTRIES: Final = "entries.bin"
_BLOCKS: Final = "blocks.bin"
_ABOUT: Final = "chain.json"
_FORMAT: Final = 1


class NoChain(LedgerError):
    """A folder does not hold the chain that was asked for."""

    code = "no_chain"


class Writer:
    """Writes entries one after another, hashes them as the contract does, and closes blocks.

    Block 0 is the chain's first and empty. Organisations are told by number, 0 being none; senders
    by their number in the place.
    """

    def __init__(self, folder: Path, shape: Shape, place: Place) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _ABOUT).unlink(missing_ok=True)
        self.folder = folder
        self.shape = shape
        self.place = place
        self.organisations = [ZERO_HASH]
        self.ledger_head = ZERO_HASH
        self.sequence = 0
        self.block_entries = 0
        self._sender = 0
        self._transaction = -1
        self._buffer = bytearray()
        self._end = 0
        self._entries = (folder / _ENTRIES).open("wb")
        self._blocks = (folder / _BLOCKS).open("wb")
        self._number = 0
        self._timestamp = shape.genesis
        self.close_block()

    def begin_transaction(self, sender: int) -> None:
        """What follows is sent by that sender, in one transaction."""
        self._sender = sender
        self._transaction += 1

    def write(
        self, subject: Hash32, head: Hash32, org: int, kind: int, position: int, payload: bytes
    ) -> Hash32:
        """Append an entry to a subject whose head is `head`, and return its head after it."""
        actor = self.place.senders[self._sender]
        if position:
            issuer = self.organisations[org]
            head = next_head(head, position, kind, issuer, actor, self._timestamp, payload)
        self.ledger_head = next_ledger_head(
            self.ledger_head, head, actor, self._timestamp, paused=False
        )
        self._buffer += ENTRY.pack(
            subject, org, kind, self._sender, position, self._transaction, len(payload)
        )
        self._buffer += payload
        self.sequence += 1
        self.block_entries += 1
        return head

    def close_block(self) -> None:
        """Begin the next block."""
        self._entries.write(self._buffer)
        self._end += len(self._buffer)
        self._blocks.write(_BLOCK.pack(self._end, self.sequence, self.ledger_head))
        self._buffer.clear()
        self._number += 1
        self._timestamp = self.shape.timestamp(self._number)
        self._transaction = -1
        self.block_entries = 0

    def finish(self) -> None:
        """Close the last block, and say what the files hold."""
        if self.block_entries:
            self.close_block()
        self._entries.close()
        self._blocks.close()
        about = json.dumps(_about(self.shape, self.place, self.organisations))
        part = self.folder / f"{_ABOUT}.part"
        part.write_text(about)
        part.replace(self.folder / _ABOUT)


def _about(shape: Shape, place: Place, organisations: Sequence[Hash32]) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "shape": json.loads(json.dumps(asdict(shape))),
        "place": {
            "chain_id": place.chain_id,
            "contract": place.contract.hex(),
            "authority": place.authority.hex(),
            "senders": [sender.hex() for sender in place.senders],
        },
        "organisations": [org.hex() for org in organisations],
    }


def holds(folder: Path, shape: Shape, place: Place) -> bool:
    """Whether a folder holds the chain of that shape, whole."""
    try:
        about = json.loads((folder / _ABOUT).read_text())
    except (FileNotFoundError, ValueError):
        return False
    return bool(
        about == _about(shape, place, [bytes.fromhex(org) for org in about["organisations"]])
    )


@dataclass(frozen=True, slots=True)
class KeptBlock:
    """A block: its entries lie from `start` to `end`, their sequences end with `sequence`."""

    number: int
    start: int
    end: int
    sequence: int
    ledger_head: Hash32


class Chain:
    """A kept chain, read where it lies.

    Raises:
        NoChain: the folder holds none.
    """

    def __init__(self, folder: Path) -> None:
        try:
            about = json.loads((folder / _ABOUT).read_text())
        except FileNotFoundError:
            raise NoChain(f"{folder} holds no generated chain", folder=str(folder)) from None
        place = about["place"]
        self.shape = Shape(**{name: _tuple(value) for name, value in about["shape"].items()})
        self.place = Place(
            place["chain_id"],
            bytes.fromhex(place["contract"]),
            bytes.fromhex(place["authority"]),
            tuple(bytes.fromhex(sender) for sender in place["senders"]),
        )
        self.organisations = [bytes.fromhex(org) for org in about["organisations"]]
        self.blocks = _read_blocks((folder / _BLOCKS).read_bytes())
        with (folder / _ENTRIES).open("rb") as file:
            self.entries = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._salt = keccak(repr((self.shape, self.place.chain_id)).encode())

    @property
    def newest(self) -> int:
        """Number of the newest block."""
        return len(self.blocks) - 1

    @cached_property
    def code(self) -> bytes:
        """The contract's, as it runs."""
        return load_artifact("AssetLedger").runtime

    @cached_property
    def seals(self) -> Sequence[Seal]:
        """The blocks' seals, by number."""
        told = [(self.shape.timestamp(block.number), block.ledger_head) for block in self.blocks]
        return seal(self.place.contract, keccak(self.code), told)

    def block_hash(self, number: int) -> Hash32:
        """A block's hash."""
        return self.seals[number].hash

    def transaction_hash(self, number: int, index: int) -> Hash32:
        """The hash of a block's transaction of that index: made up, but never twice."""
        return keccak(self._salt + number.to_bytes(8, "big") + index.to_bytes(2, "big"))

    def read(self, number: int) -> Iterator[Appended]:
        """A block's entries, as the domain has them."""
        block, timestamp = self.blocks[number], self.shape.timestamp(number)
        at = block.start
        while at < block.end:
            subject, org, kind, sender, position, _, length = ENTRY.unpack_from(self.entries, at)
            at += ENTRY.size + length
            yield Appended(
                subject=subject,
                org=self.organisations[org],
                kind=Kind(kind),
                position=position,
                payload=self.entries[at - length : at],
                actor=self.place.senders[sender],
                timestamp=timestamp,
            )


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _read_blocks(stored: bytes) -> list[KeptBlock]:
    blocks, start = [], 0
    for number, (end, sequence, head) in enumerate(_BLOCK.iter_unpack(stored)):
        blocks.append(KeptBlock(number, start, end, sequence, head))
        start = end
    return blocks
