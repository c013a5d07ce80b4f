"""Compares the mirror's own row with the chain, and finds the block that the mirror stands at."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, select

from ledger.chain.identity import Deployed
from ledger.chain.rpc import RpcClient
from ledger.chain.wire import Block
from ledger.errors import MirrorError, NodeUnavailable
from ledger.hashing import domain_separator
from ledger.mirror.auditing.stream import ChainMoved
from ledger.mirror.tables import BlockRow, MirrorRow
from ledger.types import ZERO_HASH, Hash32, to_hex

Values = dict[str, Any]


def fetch_mirror(connection: Connection) -> Values:
    """Read the mirror's row. Raises MirrorError before the mirror began."""
    table = _table(MirrorRow)
    row = connection.execute(select(table).order_by(table.c.id)).mappings().first()
    if row is None:
        raise MirrorError("the mirror has not begun")
    return dict(row)


def find_standing(rpc: RpcClient, connection: Connection, mirror: Values) -> Block:
    """The block that the mirror stands at, be either its number or its hash wrong.

    Raises:
        ChainMoved: the chain has dropped it.
        NodeUnavailable: the node is behind what the mirror heard of.
    """
    number, block_hash = mirror["block_number"], mirror["block_hash"]
    found = _find_standing(rpc, connection, number, block_hash)
    newest = rpc.fetch_block_number()
    known = mirror["node_block"] if found else number
    if newest < known:
        raise NodeUnavailable(
            f"the node stands at block {newest}, and the mirror knows of block {known}"
        )
    if found is None:
        raise ChainMoved(
            f"the chain has not the mirror's block {number}, {to_hex(block_hash)}, any more:"
            " let the mirror follow, and audit again",
            block=number,
        )
    return found


def _find_standing(
    rpc: RpcClient, connection: Connection, number: int, block_hash: Hash32
) -> Block | None:
    by_number = rpc.find_block(number) if number >= 0 else None
    if by_number is not None and by_number.hash == block_hash:
        return by_number
    by_hash = rpc.find_block(block_hash) if len(block_hash) == len(ZERO_HASH) else None
    if by_hash is not None and _is_on_chain(rpc, by_hash):
        return by_hash
    return by_number if by_number and _remembers(connection, by_number) else None


def _is_on_chain(rpc: RpcClient, block: Block) -> bool:
    there = rpc.find_block(block.number)
    return there is not None and there.hash == block.hash


def _remembers(connection: Connection, block: Block) -> bool:
    """Whether the mirror's blocks have it: then it is the mirror's row that is wrong."""
    table = _table(BlockRow)
    wanted = select(table.c.hash).where(table.c.number == block.number)
    return connection.execute(wanted).scalar() == block.hash


def expected_mirror(
    mirror: Values, deployed: Deployed, at: Block, ledger_head: Hash32, sequence: int
) -> Values:
    """The row that the mirror should have at a block.

    What no chain tells is taken as it is while it can be so: what is final lies between both ends,
    all up to `proven_block` is proven here, the node was not behind the mirror, an
    alarm stands until its block is final.
    """
    base = max(deployed.block - 1, 0)
    alarmed = mirror["alarm"] is not None and _exceeds(mirror["alarm_block"], mirror["final_block"])
    return {
        "id": 1,
        "chain_id": deployed.chain_id,
        "genesis_hash": deployed.genesis_hash,
        "contract": deployed.contract,
        "domain": domain_separator(deployed.chain_id, deployed.contract),
        "base_block": base,
        "block_number": at.number,
        "block_hash": at.hash,
        "ledger_head": ledger_head,
        "sequence": sequence,
        "proven_block": _within(base, mirror["proven_block"], at.number),
        "final_block": _within(base, mirror["final_block"], at.number),
        "node_block": max(at.number, mirror["node_block"]),
        "alarm": mirror["alarm"],
        "alarm_block": mirror["alarm_block"] if alarmed else None,
    }


def _within(least: int, value: int, most: int) -> int:
    return min(max(least, value), most)


def _exceeds(one: int | None, other: int) -> bool:
    return one is not None and one > other


def _table(row: Any) -> Table:
    table: Table = row.__table__
    return table
