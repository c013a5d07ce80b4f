"""A node that shows what has been mined of a grove so far, with the habits that real nodes have."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.chain.wire import quantity
from ledger.hashing import keccak
from ledger.proofs.layout import ledger_head_slot
from ledger.types import Hash32, to_hex
from tests.faults.mirror import wordings
from tests.faults.mirror.grove import Branch, Grove, Grown

_SLOT: Final = to_hex(ledger_head_slot())
_DOMAIN: Final = to_hex(keccak(b"domain()")[:4])
_ZERO: Final = "0x" + "00" * 32
_CHAIN_ID: Final = "0x7a69"

Answer = dict[str, Any]


class Silence(Exception):
    """The node answers the whole request with nothing but an HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


class Refused(Exception):
    """The node answers with an error; `told` is it, as JSON-RPC has it."""

    def __init__(self, told: dict[str, object]) -> None:
        super().__init__(told)
        self.told = told


@dataclass(frozen=True)
class Habits:
    """What a node does not do, or does in a way of its own; None: without a limit.

    `orphans`: it still tells of blocks that are no longer on its chain, if asked by their hash.
    `states` is of how many of its newest blocks it has the state, `times` whether its logs tell
    the time of their block, `beyond` whether asking for logs beyond its newest block is an error.
    `silent`: of what it refuses it says nothing but this HTTP status. `proofs` is how many seconds
    it takes to prove a state, None: it does not.
    """

    range: int | None = None
    logs: int | None = None
    batch: int | None = None
    states: int | None = None
    orphans: bool = False
    times: bool = True
    beyond: bool = False
    silent: int | None = None
    proofs: float | None = 0.0


def draw_habits(draw: random.Random) -> Habits:
    """Mostly those of a patient node."""
    return Habits(
        range=draw.choice([None, None, 1, 2, 5, 20]),
        logs=draw.choice([None, None, None, 12, 20]),
        batch=draw.choice([None, None, None, 1, 3]),
        states=draw.choice([None, None, None, 1, 4, 16]),
        orphans=draw.random() < 0.5,
        times=draw.random() < 0.7,
        beyond=draw.random() < 0.3,
        silent=draw.choice([None, None, None, 400, 413, 500, 504]),
        proofs=draw.choice([0.0, 0.0, 0.0, 0.0, 0.3, 0.3, None]),
    )


@dataclass
class Node:
    """A node at block `head` of a branch; all up to `final` is final, and was to `most_final`."""

    grove: Grove
    random: random.Random
    branch: Branch
    head: int
    final: int
    habits: Habits = field(default_factory=Habits)
    most_final: int = 0

    @property
    def newest(self) -> Grown:
        return self.branch[self.head]

    def beside(self, **other: Any) -> Node:
        """The same node as it would answer elsewhere: behind, or on another branch."""
        here = {name: getattr(self, name) for name in ("branch", "head", "final")}
        return Node(self.grove, self.random, habits=self.habits, **(here | other))

    def answer(self, asked: Answer) -> Answer:
        """Answer one request."""
        told: Answer = {"jsonrpc": "2.0", "id": asked["id"]}
        act = _METHODS.get(asked["method"])
        assert act is not None, f"nobody has taught the node {asked['method']}"
        try:
            return told | {"result": act(self, *asked["params"])}
        except Refused as error:
            return told | {"error": error.told}

    def refuse_batch(self, size: int) -> dict[str, object] | None:
        """The refusal of so many requests at once, if the node does not take as many."""
        most = self.habits.batch
        if most is None or size <= most:
            return None
        # To look through many blocks can last too long; to take many requests does not.
        if self.habits.silent is not None and self.habits.silent >= 500:
            return self._say(wordings.BATCH, most=most)
        return self._refuse(wordings.BATCH, most=most)

    # -- methods ---------------------------------------------------------------------------

    def chain_id(self) -> str:
        return _CHAIN_ID

    def block_number(self) -> str:
        return quantity(self.head)

    def block_by_number(self, named: str, _: bool) -> Answer | None:
        number = self._number(named)
        return self.branch[number].header if number <= self.head else None

    def block_by_hash(self, named: str, _: bool) -> Answer | None:
        block = self._find(bytes.fromhex(named[2:]))
        return block and block.header

    def code(self, _: str, named: str) -> str:
        return self.grove.code if self._number(named) >= self.grove.deployed.block else "0x"

    def call(self, asked: Answer, _: str = "latest") -> str:
        assert asked["data"] == _DOMAIN, "nobody has taught the node this call"
        return to_hex(self.grove.domain) if self.head >= self.grove.deployed.block else "0x"

    def storage(self, _: str, slot: str, named: str | Mapping[str, str]) -> str:
        assert slot == _SLOT, "nobody has taught the node this slot"
        return to_hex(self._state(named).ledger_head)

    def proof(self, _: str, slots: Sequence[str], named: str | Mapping[str, str]) -> Answer:
        assert slots == [_SLOT], "nobody has taught the node these slots"
        if self.habits.proofs is None:
            raise Refused({"code": -32601, "message": "the method eth_getProof does not exist"})
        return self._state(named).proof

    def _state(self, named: str | Mapping[str, str]) -> Grown:
        if isinstance(named, str):
            number = self._number(named)
            if number > self.head:
                raise Refused(self._say(wordings.PASSING[:2]))
            block: Grown | None = self.branch[number]
        else:
            block = self._find(bytes.fromhex(named["blockHash"][2:]))
        if block is None:
            raise Refused(self._say(wordings.PASSING[:2]))
        kept = self.habits.states
        if kept is not None and block.number <= self.head - kept:
            raise Refused(self._say(wordings.PRUNED, first=block.number))
        return block

    def logs(self, asked: Answer) -> list[Answer]:
        if "blockHash" in asked:
            block = self._find(bytes.fromhex(asked["blockHash"][2:]))
            if block is None:
                raise Refused(self._say(wordings.PASSING[:2]))
            found = [block]
        else:
            found = self._range(self._number(asked["fromBlock"]), self._number(asked["toBlock"]))
        [topic] = asked["topics"]
        logs = [log for block in found for log in block.logs if log["topics"][0] == topic]
        most = self.habits.logs
        if most is not None and len(logs) > most and len(found) > 1:
            raise Refused(self._refuse(wordings.SIZE, found[0].number, found[-1].number, most))
        return logs if self.habits.times else [_without_time(log) for log in logs]

    def _range(self, first: int, last: int) -> Sequence[Grown]:
        most = self.habits.range
        if most is not None and last - first >= most:
            raise Refused(self._refuse(wordings.RANGE, first, last, most))
        if self.habits.beyond and last > self.head:
            raise Refused({"code": -32602, "message": "block range extends beyond current head"})
        return self.branch[first : min(last, self.head) + 1]

    # -- how -------------------------------------------------------------------------------

    def _number(self, named: str) -> int:
        match named:
            case "latest" | "pending":
                return self.head
            case "finalized" | "safe":
                return self.final
            case "earliest":
                return 0
        return int(named, 16)

    def _find(self, hash_: Hash32) -> Grown | None:
        """A block by its hash, if it is on the chain, or still known."""
        here = next((one for one in self.branch[: self.head + 1] if one.hash == hash_), None)
        if here is not None or not self.habits.orphans:
            return here
        _, block = self.grove.known.get(hash_, (None, None))
        return block

    def _refuse(
        self, words: Sequence[wordings.Refusal], first: int = 0, last: int = 0, most: int = 0
    ) -> dict[str, object]:
        """The refusal of too much at once, of which some say nothing."""
        if self.habits.silent is not None:
            raise Silence(self.habits.silent)
        return self._say(words, first, last, most)

    def _say(
        self, words: Sequence[wordings.Refusal], first: int = 0, last: int = 0, most: int = 0
    ) -> dict[str, object]:
        return wordings.say(self.random.choice(words), first, last, most)


def _without_time(log: Answer) -> Answer:
    return {name: value for name, value in log.items() if name != "blockTimestamp"}


_METHODS: Final[Mapping[str, Callable[..., Any]]] = {
    "eth_chainId": Node.chain_id,
    "eth_blockNumber": Node.block_number,
    "eth_getBlockByNumber": Node.block_by_number,
    "eth_getBlockByHash": Node.block_by_hash,
    "eth_getCode": Node.code,
    "eth_call": Node.call,
    "eth_getStorageAt": Node.storage,
    "eth_getProof": Node.proof,
    "eth_getLogs": Node.logs,
}
