"""Answers that have the form of an answer, and are not what the chain holds."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.faults.mirror.node import Answer, Node

Log = Answer
_ONES: Final = "0x" + "11" * 32

BODIES: Final = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"<html>",
    b"\xff\xfe",
    b'{"jsonrpc": "2.0", "id": 1, "result": "0x"}',
    b'{"jsonrpc": "2.0", "id": 1}',
    b'[{"jsonrpc": "2.0", "id": 1, "result": "0x1"}]',
)
"""Bodies that are no answer to anything."""


def _turn_digit(text: str, draw: random.Random) -> str:
    at = draw.randrange(2, len(text))
    return text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :]


# -- headers -----------------------------------------------------------------------------------


def _field(name: str) -> Callable[[Node, random.Random, Answer], Answer]:
    return lambda _, draw, header: header | {name: _turn_digit(header[name], draw)}


def _without(_: Node, draw: random.Random, header: Answer) -> Answer:
    gone = draw.choice(["hash", "parentHash", "number", "timestamp"])
    return {name: value for name, value in header.items() if name != gone}


HEADERS: Final[Mapping[str, Callable[[Node, random.Random, Answer], Answer]]] = {
    "header hash": _field("hash"),
    "header parent": _field("parentHash"),
    "header number": _field("number"),
    "header lacking": _without,
}

# -- logs --------------------------------------------------------------------------------------


def _short(_: Node, draw: random.Random, logs: list[Log]) -> list[Log]:
    gone = draw.randrange(len(logs)) if logs else 0
    return [log for at, log in enumerate(logs) if at != gone]


def _cut_off(_: Node, draw: random.Random, logs: list[Log]) -> list[Log]:
    return logs[: draw.randint(0, len(logs))]


def _twice(_: Node, draw: random.Random, logs: list[Log]) -> list[Log]:
    at = draw.randint(0, len(logs))
    return [*logs[:at], *logs[max(0, at - 1) :]]


def _all_twice(_: Node, __: random.Random, logs: list[Log]) -> list[Log]:
    return [*logs, *logs]


def _turned(_: Node, __: random.Random, logs: list[Log]) -> list[Log]:
    return logs[::-1]


def _mixed(_: Node, draw: random.Random, logs: list[Log]) -> list[Log]:
    return draw.sample(logs, len(logs))


def _none(_: Node, __: random.Random, ___: list[Log]) -> list[Log]:
    return []


def _orphans(removed: bool) -> Callable[[Node, random.Random, list[Log]], list[Log]]:
    """Logs of the same blocks on another branch, that a reorganisation has taken."""

    def lie(node: Node, draw: random.Random, logs: list[Log]) -> list[Log]:
        branch = draw.choice(node.grove.branches)
        numbers = {int(log["blockNumber"], 16) for log in logs} or {node.head}
        there = [branch[number] for number in sorted(numbers) if number < len(branch)]
        gone = [log | {"removed": removed} for block in there for log in block.logs]
        return gone if draw.random() < 0.5 else [*logs, *gone]

    return lie


def _changed(name: str) -> Callable[[Node, random.Random, list[Log]], list[Log]]:
    def lie(_: Node, draw: random.Random, logs: list[Log]) -> list[Log]:
        if not logs or name not in logs[0]:
            return logs
        at = draw.randrange(len(logs))
        changed = logs[at] | {name: _turn_digit(logs[at][name], draw)}
        return [*logs[:at], changed, *logs[at + 1 :]]

    return lie


def _topic(_: Node, draw: random.Random, logs: list[Log]) -> list[Log]:
    if not logs:
        return logs
    at, which = draw.randrange(len(logs)), draw.randrange(4)
    topics = list(logs[at]["topics"])
    topics[which] = _turn_digit(topics[which], draw)
    return [*logs[:at], logs[at] | {"topics": topics[: draw.randint(3, 4)]}, *logs[at + 1 :]]


def _all_times(_: Node, draw: random.Random, logs: list[Log]) -> list[Log]:
    later = draw.choice([1, 1000])
    return [
        log | {"blockTimestamp": hex(int(log["blockTimestamp"], 16) + later)}
        for log in logs
        if "blockTimestamp" in log
    ]


LOGS: Final[Mapping[str, Callable[[Node, random.Random, list[Log]], list[Log]]]] = {
    "logs short": _short,
    "logs cut off": _cut_off,
    "logs twice": _twice,
    "logs all twice": _all_twice,
    "logs turned": _turned,
    "logs mixed": _mixed,
    "logs none": _none,
    "logs removed": _orphans(removed=True),
    "logs orphaned": _orphans(removed=False),
    "logs of another contract": _changed("address"),
    "logs of another block": _changed("blockHash"),
    "logs of another number": _changed("blockNumber"),
    "logs changed": _changed("data"),
    "logs of another topic": _topic,
    "logs of another time": _changed("blockTimestamp"),
    "logs of other times": _all_times,
}

# -- the ledger head ---------------------------------------------------------------------------


def _other_head(node: Node, draw: random.Random, _: str) -> str:
    """Of another block: some nodes answer with their newest state for any old one."""
    block = draw.choice([node.newest, draw.choice(draw.choice(node.grove.branches))])
    return "0x" + block.ledger_head.hex()


STORAGE: Final[Mapping[str, Callable[[Node, random.Random, Any], Any]]] = {
    "head of another block": _other_head,
    "head none": lambda *_: "0x",
    "head zero": lambda *_: "0x" + "00" * 32,
    "head any": lambda *_: _ONES,
    "head of no form": lambda *_: "0xzz",
}


# -- the ledger head's proof -------------------------------------------------------------------


def _other_proof(node: Node, draw: random.Random, _: Answer) -> Answer:
    """Of another block, as the head may be."""
    block = draw.choice([node.newest, draw.choice(draw.choice(node.grove.branches))])
    return block.proof


def _nodes(change: Callable[[random.Random, list[str]], list[str]]) -> Callable[..., Answer]:
    """Change the nodes that lead to the account, or to the slot."""

    def lie(_: Node, draw: random.Random, proof: Answer) -> Answer:
        if draw.random() < 0.5:
            return proof | {"accountProof": change(draw, proof["accountProof"])}
        [slot] = proof["storageProof"]
        return proof | {"storageProof": [slot | {"proof": change(draw, slot["proof"])}]}

    return lie


def _one_changed(draw: random.Random, nodes: list[str]) -> list[str]:
    at = draw.randrange(len(nodes))
    return [*nodes[:at], _turn_digit(nodes[at], draw), *nodes[at + 1 :]]


def _other_value(_: Node, __: random.Random, proof: Answer) -> Answer:
    """The value beside the nodes is nobody's word but the node's."""
    [slot] = proof["storageProof"]
    return proof | {"storageProof": [slot | {"value": _ONES}]}


PROOFS: Final[Mapping[str, Callable[[Node, random.Random, Answer], Answer]]] = {
    "proof of another block": _other_proof,
    "proof changed": _nodes(_one_changed),
    "proof short": _nodes(lambda _, nodes: nodes[:-1]),
    "proof long": _nodes(lambda _, nodes: [*nodes, nodes[-1]]),
    "proof of another value": _other_value,
    "proof of no slot": lambda _, __, proof: proof | {"storageProof": []},
    "proof of nothing": lambda _, __, proof: (
        proof | {"storageProof": [proof["storageProof"][0] | {"proof": [], "value": "0x0"}]}
    ),
}
