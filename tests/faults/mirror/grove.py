"""Real blocks, mined once by Anvil on branches that part, for schedules to show as they will.

To mine and to reorganise takes Anvil a hundred times as long as to show what it mined before.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from unittest.mock import patch

from ledger.chain.identity import Deployed
from ledger.chain.wire import quantity
from ledger.domain.kinds import Kind
from ledger.domain.log import APPENDED_TOPIC, decode_appended
from ledger.proofs.layout import ledger_head_slot
from ledger.types import Hash32, to_hex
from tests.mirror.chain import Chain
from tests.mirror.lives import Life
from tests.mirror.writer import CHOICES, Writer

_BRANCHES: Final = 9
_EMPTY_ENDS: Final = 4
# What ends what stood before more often than what only begins something.
_CHOICES: Final = (*range(CHOICES), *(4, 7, 8, 9) * 4)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Grown:
    """A block as Anvil told it; `ledger_head`, its `proof` and `sequence` are those after it."""

    number: int
    hash: Hash32
    header: Json
    logs: Sequence[Json]
    ledger_head: Hash32
    proof: Json
    sequence: int

    @property
    def timestamp(self) -> int:
        """Seconds since 1970."""
        return int(self.header["timestamp"], 16)


Branch = tuple[Grown, ...]
"""A chain's blocks from 0 on."""


@dataclass(frozen=True)
class Grove:
    """Branches of one chain, which all hold the contract, and another chain that looks like it."""

    deployed: Deployed
    domain: Hash32
    code: str
    branches: Sequence[Branch]
    stranger: Branch

    @cached_property
    def known(self) -> dict[Hash32, tuple[Branch, Grown]]:
        """Every block of the ledger's chain by its hash, with a branch that holds it."""
        return {block.hash: (branch, block) for branch in self.branches for block in branch}


def parting(one: Branch, other: Branch) -> int:
    """The number of the last block that two branches share."""
    return next(
        (a.number - 1 for a, b in zip(one, other, strict=False) if a.hash != b.hash),
        min(len(one), len(other)) - 1,
    )


def grow(seed: int = 0) -> Grove:
    """Have a grove mined: on its first branch every kind of entry happens."""
    draw, contents = random.Random(seed), random.Random(seed)  # noqa: S311
    with _started() as chain, _contents_from(contents):
        chain.mine(2)
        for _ in Life(chain).live():
            chain.mine(draw.choice([1, 1, 1, 2]))
        writer = Writer(chain, assets=_assets_of(chain))
        branches = [_read(chain)]
        for number in range(_BRANCHES):
            # Of two after one another each writes what the other does, in other blocks.
            contents.seed(number // 2)
            branches.append(_part(writer, branches[-1], draw, last=number == _BRANCHES - 1))
        deployed, domain = chain.deployed, chain.domain
        code = chain.rpc.call("eth_getCode", to_hex(deployed.contract), "latest")
        stranger = _grow_stranger(deployed)
    return Grove(deployed, domain, code, branches, stranger)


def _part(writer: Writer, before: Branch, draw: random.Random, *, last: bool) -> Branch:
    """Grow another branch out of the one before; the last one, out of the contract's own block."""
    chain = writer.chain
    room = len(before) - 1 - chain.deployed.block
    depth = room if last else draw.randint(1, min(room, 24))
    chain.shorten(depth)
    # What is mined in the same second and holds nothing would be the same block.
    chain.rpc.call("evm_increaseTime", draw.randint(1, 50))
    there = [asset for asset in writer.assets if chain.contract.fetch_count(asset)]
    writer = Writer(chain, there)
    for _ in range(depth + draw.randint(0, 12)):
        if draw.random() < 0.8:
            for _ in range(draw.choice([1, 1, 2])):
                draw.shuffle(writer.assets)  # so that those from before the parting change too
                writer.write(draw.choice(_CHOICES))
        chain.mine()
    chain.mine(draw.randint(0, _EMPTY_ENDS))
    return _read(chain, before[: len(before) - depth])


def _assets_of(chain: Chain) -> list[Hash32]:
    """The assets that were registered one by one."""
    logs = chain.rpc.fetch_logs(chain.deployed.contract, [APPENDED_TOPIC])
    entries = [decode_appended(log.topics, log.data) for log in logs]
    return [entry.subject for entry in entries if entry.kind is Kind.REGISTERED]


def _read(chain: Chain, shared: Branch = ()) -> Branch:
    """The chain's blocks; `shared` are those that are known already."""
    rpc, contract = chain.rpc, to_hex(chain.deployed.contract)
    numbers = [quantity(n) for n in range(len(shared), rpc.fetch_block_number() + 1)]
    headers = rpc.batch([("eth_getBlockByNumber", (n, False)) for n in numbers])
    slot = to_hex(ledger_head_slot())
    heads = rpc.batch([("eth_getStorageAt", (contract, slot, n)) for n in numbers])
    proofs = rpc.batch([("eth_getProof", (contract, [slot], n)) for n in numbers])
    wanted = [{"address": contract, "fromBlock": n, "toBlock": n} for n in numbers]
    logs = rpc.batch([("eth_getLogs", (one,)) for one in wanted])
    blocks, sequence = list(shared), shared[-1].sequence if shared else 0
    for header, head, proof, held in zip(headers, heads, proofs, logs, strict=True):
        sequence += sum(log["topics"][0] == to_hex(APPENDED_TOPIC) for log in held)
        number, hash_ = int(header["number"], 16), bytes.fromhex(header["hash"][2:])
        after = bytes.fromhex(head[2:])
        blocks.append(Grown(number, hash_, header, held, after, proof, sequence))
    return tuple(blocks)


def _grow_stranger(ours: Deployed) -> Branch:
    """Another chain of the same number, with the same contract at the same address."""
    while True:
        with _started() as chain:
            if chain.deployed.genesis_hash != ours.genesis_hash:
                chain.mine(2)
                chain.enrol()
                chain.mine(12)
                return _read(chain)


@contextmanager
def _started() -> Iterator[Chain]:
    chain = Chain.start()
    try:
        yield chain
    finally:
        chain.stop()


@contextmanager
def _contents_from(draw: random.Random) -> Iterator[None]:
    """Have what is written be the same each time."""
    with patch.object(secrets, "token_bytes", draw.randbytes):
        yield
