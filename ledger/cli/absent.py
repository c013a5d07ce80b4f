"""That a ledger knows no such subject, as `prove` writes the proof of it and `verify` checks it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ledger.cli.files import write_output
from ledger.cli.output import count, fail, say
from ledger.cli.proven_text import time_text
from ledger.domain.batch import batch_id_of, index_of
from ledger.types import to_hex

if TYPE_CHECKING:
    from ledger.chain.rpc import RpcClient
    from ledger.proofs.absence import Absent
    from ledger.types import Address, Hash32


def write_absence(
    rpc: RpcClient,
    contract: Address,
    subject: Hash32,
    block: int | None,
    output: Path,
    *,
    as_json: bool,
) -> None:
    """Write the proof that there was no such subject, having verified it.

    Raises:
        NotAbsent: there was.
    """
    from ledger.hashing import keccak
    from ledger.proofs.absence import encode_absence, fetch_absence, verify_absence

    absence = fetch_absence(rpc, contract, subject, "latest" if block is None else block)
    known = keccak(absence.header)
    found = verify_absence(absence, block_hash=known, contract=contract, subject=subject)
    write_output(output, encode_absence(absence))
    told = _told(found, subject, known) + f"\nThe proof of it is in {output}."
    if as_json:
        say(json.dumps({"absence": str(output)} | _value(found, subject, known)))
    elif str(output) == "-":
        print(told, file=sys.stderr)  # noqa: T201
    else:
        say(told)


def check_absence(
    raw: bytes, contract: Address, subject: Hash32, block_hash: Hash32, *, as_json: bool
) -> None:
    """Check such a proof offline; leaves with 1 if it does not prove it."""
    from ledger.errors import InputError, VerificationError
    from ledger.proofs.absence import decode_absence, verify_absence

    try:
        absence = decode_absence(raw)
        found = verify_absence(absence, block_hash=block_hash, contract=contract, subject=subject)
    except (InputError, VerificationError) as error:
        if as_json:
            say(json.dumps({"verified": False, "code": error.code, "reason": error.message}))
        fail(f"not proven: {error}")
        raise typer.Exit(1) from None
    value = {"verified": True} | _value(found, subject, block_hash)
    say(json.dumps(value) if as_json else _told(found, subject, block_hash))


def _told(found: Absent, subject: Hash32, block_hash: Hash32) -> str:
    header = found.header
    return "\n".join(
        [
            f"Proven: the ledger knew no {to_hex(subject)} as of block {header.number} of"
            f" {time_text(header.timestamp)} ({to_hex(block_hash)})",
            f"  {_batch(found, subject)}",
            "Not proven:",
            f"  - That block {header.number} belongs to the chain: its hash was taken on trust.",
            "  - That it was not registered afterwards.",
        ]
    )


def _batch(found: Absent, subject: Hash32) -> str:
    if found.batch_size is None:
        return "nothing was written to it, and it is of no batch"
    size = count(found.batch_size, "asset")
    batch = to_hex(batch_id_of(subject))
    return f"it would be asset {index_of(subject):,} of the batch {batch}, which has {size}"


def _value(found: Absent, subject: Hash32, block_hash: Hash32) -> dict[str, Any]:
    return {
        "absent": to_hex(subject),
        "block": found.header.number,
        "block_hash": to_hex(block_hash),
        "timestamp": found.header.timestamp,
        "batch_size": found.batch_size,
    }
