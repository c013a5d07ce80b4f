"""Why `verify` believes a block: its hash is given, or witnesses vouch for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from ledger.types import parse_address, parse_hash

if TYPE_CHECKING:
    from ledger.proofs.signed import SignedCheckpoint
    from ledger.proofs.trust import OtherChain, Vouched
    from ledger.proofs.verified import Verified
    from ledger.types import Address

BlockHash: TypeAlias = Annotated[
    str | None, typer.Option("--block-hash", help="Hash of a block that you trust.")
]
Witness: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--witness", help="In place of a hash: a witness that you trust; repeat it."),
]
Threshold: TypeAlias = Annotated[
    int | None, typer.Option("--threshold", help="How many witnesses must vouch; else all.")
]
CheckpointFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--checkpoint", help="The checkpoint's file that they signed; else the bundle's."),
]
AnchorLog: TypeAlias = Annotated[
    str | None,
    typer.Option("--anchor-log", help="Believe what this CheckpointLog of another chain holds."),
]
AnchorHash: TypeAlias = Annotated[
    str | None,
    typer.Option("--anchor-hash", help="Hash of a block of that chain that you trust."),
]
AnchorRpc: TypeAlias = Annotated[
    str | None,
    typer.Option("--anchor-rpc", help="In place of that hash: a node of it that you trust."),
]


@dataclass(frozen=True, slots=True)
class Trust:
    """What somebody who verifies a bundle trusts, as the options tell it."""

    block_hash: bytes | None
    witnesses: tuple[Address, ...] = ()
    threshold: int = 0
    checkpoint: Path | None = None
    log: Address | None = None
    anchor_hash: bytes | None = None
    anchor_rpc: str | None = None

    def verify(self, raw: bytes, contract: Address) -> tuple[Verified, Vouched | None]:
        """Verify a bundle for whoever trusts this.

        Raises:
            StepFailed: a step failed; that nobody vouches for the block is the second.
            NodeError: the other chain's node did not answer.
        """
        from ledger.proofs.trust import Witnesses, read_bundle, verify_vouched, vouch_any
        from ledger.proofs.verify import verify_bundle

        if not self.witnesses:
            known = self.block_hash or b""
            return verify_bundle(raw, block_hash=known, contract=contract), None
        bundle = read_bundle(raw)
        there = bundle.checkpoints if self.checkpoint is None else [_read(self.checkpoint)]
        brought, other = self._bring(there)
        witnesses = Witnesses(self.witnesses, self.threshold)
        vouched = vouch_any(bundle, brought, witnesses, contract=contract, other_chain=other)
        verified = verify_bundle(
            raw,
            block_hash=self.block_hash or vouched.block_hash,
            contract=contract,
            trust=vouched.sentence(),
        )
        verify_vouched(vouched, verified)
        return verified, vouched

    def _bring(
        self, there: Sequence[SignedCheckpoint]
    ) -> tuple[Sequence[SignedCheckpoint], OtherChain | None]:
        """The checkpoints, each with a proof of the other chain's state if that is trusted."""
        if self.log is None:
            return there, None
        from ledger.proofs.trust import OtherChain

        if self.anchor_rpc is None:
            return there, OtherChain(self.log, self.anchor_hash or b"")
        from ledger.chain.rpc import RpcClient
        from ledger.proofs.anchor import fetch_anchor

        with RpcClient(self.anchor_rpc, patience=5) as rpc:
            # Whoever trusts the node takes its newest block from it.
            newest = rpc.fetch_block("latest")
            proofs = [
                fetch_anchor(rpc, self.log, one.checkpoint, self.witnesses, newest.number)
                for one in there
            ]
        brought = [replace(one, anchor=proof) for one, proof in zip(there, proofs, strict=True)]
        return brought, OtherChain(self.log, newest.hash)


def read_trust(
    block_hash: str | None,
    witness: list[str] | None,
    threshold: int | None,
    checkpoint: Path | None,
    anchor_log: str | None,
    anchor_hash: str | None,
    anchor_rpc: str | None,
) -> Trust:
    """What the options tell.

    Raises:
        typer.BadParameter: they do not fit together.
        MalformedValue: one has not its form, or the threshold cannot be reached.
    """
    from ledger.proofs.witness import verify_threshold

    given = None if block_hash is None else parse_hash(block_hash, "--block-hash")
    trusted = tuple([parse_address(one, "--witness") for one in witness or []])
    if not trusted:
        others = (threshold, checkpoint, anchor_log, anchor_hash, anchor_rpc)
        if given is None or any(one is not None for one in others):
            hint = "--block-hash" if given is None else "--witness"
            raise typer.BadParameter("say whom you trust: a hash or witnesses", param_hint=hint)
        return Trust(given)
    needed = len(set(trusted)) if threshold is None else threshold
    verify_threshold(trusted, needed)
    if (anchor_log is None) != (anchor_hash is None and anchor_rpc is None):
        raise typer.BadParameter(
            "a log is believed as of a block's hash, or by a node", param_hint="--anchor-log"
        )
    return Trust(
        given,
        trusted,
        needed,
        checkpoint,
        None if anchor_log is None else parse_address(anchor_log, "--anchor-log"),
        None if anchor_hash is None else parse_hash(anchor_hash, "--anchor-hash"),
        anchor_rpc,
    )


def _read(file: Path) -> SignedCheckpoint:
    from ledger.proofs.signed import decode_file

    try:
        return decode_file(file.read_bytes())
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="--checkpoint") from None
