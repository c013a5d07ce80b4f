"""Compares a checkpoint with one's own node or mirror: whether both see the same chain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ledger.errors import VerificationError
from ledger.types import parse_address, to_hex

if TYPE_CHECKING:
    from ledger.proofs.signed import SignedCheckpoint


class Differs(VerificationError):
    """The checkpoint is not what the chain was, as far as this node or mirror knows."""

    code = "checkpoint_differs"
    advice = "sign nothing; compare the block with other members: somebody sees another chain"


def compare(
    signed: SignedCheckpoint,
    rpc_url: str | None,
    database_url: str | None,
    contract: str | None,
    manifest: Path | None,
    data: Path | None,
) -> None:
    """Check that one's own mirror or node says the same as a checkpoint. Raises Differs."""
    from ledger.settings import Settings

    settings = Settings.given(data=data, manifest=manifest)
    if database_url is not None:
        _compare_mirror(signed, database_url)
        return
    from ledger.chain.contract import LedgerContract
    from ledger.chain.rpc import RpcClient
    from ledger.cli.access import find_node
    from ledger.cli.worker import load_deployed

    wanted = signed.checkpoint
    given = None if contract is None else parse_address(contract, "--contract")
    with RpcClient(rpc_url or find_node(settings)) as rpc:
        ledger = LedgerContract(rpc, given or load_deployed(settings).contract)
        block = rpc.find_block(wanted.block_number)
        _same("the ledger's domain", wanted.domain, ledger.fetch_domain())
        _same(
            f"block {wanted.block_number}", wanted.block_hash, None if block is None else block.hash
        )
        head = ledger.fetch_ledger_head(wanted.block_number)
        _same(f"the ledger head after block {wanted.block_number}", wanted.ledger_head, head)


def _compare_mirror(signed: SignedCheckpoint, database_url: str) -> None:
    from ledger.database.engine import open_engine, reading
    from ledger.mirror.queries import find_mirror
    from ledger.mirror.tables import BlockRow

    wanted = signed.checkpoint
    engine = open_engine(database_url)
    try:
        with reading(engine) as session:
            mirror = find_mirror(session)
            row = session.get(BlockRow, wanted.block_number)
            _same("the ledger's domain", wanted.domain, None if mirror is None else mirror.domain)
            _same(
                f"block {wanted.block_number}", wanted.block_hash, None if row is None else row.hash
            )
            head = None if row is None else row.ledger_head
            _same(f"the ledger head after block {wanted.block_number}", wanted.ledger_head, head)
    finally:
        engine.dispose()


def _same(what: str, expected: bytes, found: bytes | None) -> None:
    if expected == found:
        return
    shown = "nothing" if found is None else to_hex(found)
    raise Differs(
        f"{what} is {shown} here, {to_hex(expected)} in the checkpoint",
        expected=to_hex(expected),
        found=shown,
    )
