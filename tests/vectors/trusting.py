"""Whom auditors of the vectors in `trust/` trust, what they find, and a second chain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from coincurve import PrivateKey

from ledger.chain.checkpoint_log import encode_anchor
from ledger.chain.rpc import RpcClient
from ledger.cli.trusting import Trust
from ledger.proofs.anchor import Anchor, fetch_anchor
from ledger.proofs.checkpoint import Checkpoint
from ledger.proofs.signed import SignedCheckpoint, encode_file
from ledger.proofs.steps import StepFailed
from ledger.proofs.trust import NotWitnessed
from ledger.signatures import address_of_key
from ledger.types import Address, parse_address, parse_hash, to_hex
from tests.proofs.conftest import anvil, deploy, transact
from tests.vectors.story import BEGIN, PACE

FOLDER: Final = Path(__file__).parent / "trust"
ANNE, BERT, CAROL, MALLORY = 1, 2, 3, 9
"""Witnesses by their keys; nobody trusts the last one."""


def sign(key: int, digest: bytes) -> bytes:
    """What the witness of a key signs: r, s, v."""
    signed = PrivateKey(key.to_bytes(32, "big")).sign_recoverable(digest, hasher=None)
    return signed[:64] + bytes([27 + signed[64]])


def address(key: int) -> Address:
    """The address of a key."""
    public = PrivateKey(key.to_bytes(32, "big")).public_key
    return address_of_key(public.format(compressed=False))


@dataclass(frozen=True, slots=True)
class Trusting:
    """Whom an auditor trusts, by their keys, and what else."""

    keys: Sequence[int] = (ANNE, BERT)
    threshold: int = 2
    block_hash: bytes | None = None
    log: Address | None = None
    anchor_hash: bytes | None = None
    checkpoint: SignedCheckpoint | None = None

    def value(self) -> dict[str, Any]:
        """As JSON."""
        others = {
            "block_hash": self.block_hash,
            "anchor_log": self.log,
            "anchor_hash": self.anchor_hash,
        }
        told: dict[str, Any] = {
            "witnesses": [to_hex(address(key)) for key in self.keys],
            "threshold": self.threshold,
        }
        if self.checkpoint is not None:
            told["checkpoint"] = json.loads(encode_file(self.checkpoint))
        return told | {name: to_hex(one) for name, one in others.items() if one is not None}


def trust_verdict(raw: bytes, contract: bytes, told: dict[str, Any]) -> dict[str, Any]:
    """What our verifier finds."""
    with NamedTemporaryFile() as file:
        file.write(json.dumps(told.get("checkpoint")).encode())
        file.flush()
        return _verdict(raw, contract, told, Path(file.name) if "checkpoint" in told else None)


def _verdict(
    raw: bytes, contract: bytes, told: dict[str, Any], checkpoint: Path | None
) -> dict[str, Any]:
    trust = Trust(
        parse_hash(told["block_hash"]) if "block_hash" in told else None,
        tuple([parse_address(one) for one in told["witnesses"]]),
        told["threshold"],
        checkpoint,
        log=parse_address(told["anchor_log"]) if "anchor_log" in told else None,
        anchor_hash=parse_hash(told["anchor_hash"]) if "anchor_hash" in told else None,
    )
    try:
        _, vouched = trust.verify(raw, contract)
    except StepFailed as failure:
        cause = {"cause": failure.cause} if isinstance(failure, NotWitnessed) else {}
        return {"verified": False, "step": failure.number, "code": failure.code} | cause
    assert vouched is not None
    return {
        "verified": True,
        "witnesses": [to_hex(one) for one in vouched.witnesses],
        "checkpoint": vouched.signed.checkpoint.block_number,
        "anchor_block": vouched.anchored and vouched.anchored.block_number,
    }


# -- the other chain ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Other:
    """Another chain with a log on it, the same to the byte whenever it is made."""

    rpc: RpcClient
    account: Address
    log: Address

    def keep(self, checkpoint: Checkpoint, *keys: int) -> None:
        """Have the log keep the words of some."""
        told = encode_anchor(checkpoint, [sign(key, checkpoint.digest()) for key in keys])
        transact(self.rpc, self.account, self.log, told)

    def prove(self, checkpoint: Checkpoint, *keys: int, log: Address | None = None) -> Anchor:
        """What a log holds of some."""
        return fetch_anchor(self.rpc, log or self.log, checkpoint, [address(key) for key in keys])


@contextmanager
def other_chain() -> Iterator[Other]:
    options = ("--no-mining", "--chain-id", "4242", "--timestamp", str(BEGIN))
    with anvil(*options) as rpc:
        rpc.call("anvil_setBlockTimestampInterval", PACE)
        account = parse_address(rpc.call("eth_accounts")[0])
        yield Other(rpc, account, deploy(rpc, account, "CheckpointLog", []))
