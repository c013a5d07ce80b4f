"""The verb `receipt`: check what a service promised, and whether it was kept, offline."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.options import AsJson
from ledger.cli.output import say
from ledger.types import parse_address, parse_hash, to_hex

if TYPE_CHECKING:
    from ledger.proofs.keeping import Kept
    from ledger.proofs.receipt import Receipt


def receipt(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A receipt's file.", show_default=False)
    ],
    signer: Annotated[
        str,
        typer.Option(
            "--signer", help="Address that the service signs with (`signer` in its status)."
        ),
    ],
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", help="Bundle of the subject: was the promise kept by its block?"),
    ] = None,
    block_hash: Annotated[
        str | None, typer.Option("--block-hash", help="Hash of the bundle's block.")
    ] = None,
    contract: Annotated[
        str | None, typer.Option("--contract", help="Address of the ledger that you trust.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check offline that a service promised an entry, and with a bundle, whether it came.

    Exits with 1 if the service did not sign it, or did, and the entry is not in the history.
    """
    trusted = parse_address(signer, "--signer")
    given = (bundle, block_hash, contract)
    if any(one is not None for one in given) and None in given:
        raise typer.BadParameter(
            "a bundle is verified by --block-hash and --contract", param_hint="--bundle"
        )

    from ledger.proofs.receipt import decode_receipt, verify_receipt

    found = decode_receipt(_read(file, "FILE"))
    verify_receipt(found, trusted)
    kept = None
    if bundle is not None and block_hash is not None and contract is not None:
        from ledger.proofs.keeping import verify_kept
        from ledger.proofs.verify import verify_bundle

        verified = verify_bundle(
            _read(bundle, "--bundle"),
            block_hash=parse_hash(block_hash, "--block-hash"),
            contract=parse_address(contract, "--contract"),
        )
        kept = verify_kept(found, verified)
    say(json.dumps(_value(found, kept)) if as_json else _told(found, kept))


def _read(file: Path, hint: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint=hint) from None


def _value(found: Receipt, kept: Kept | None) -> dict[str, Any]:
    told = {name: one for name, one in found.value().items() if name not in ("path", "format")}
    standing = kept and {"position": kept.position, "timestamp": kept.timestamp}
    return {"verified": True, "promise": told, "kept": standing}


def _told(found: Receipt, kept: Kept | None) -> str:
    promise = found.promise
    accepted = datetime.fromtimestamp(promise.accepted_at / 1000, UTC)
    lines = [
        f"promised at {accepted:%Y-%m-%d %H:%M:%S} UTC, operation {promise.operation}:",
        f"  {found.value()['kind']} about {to_hex(promise.subject)}",
        f"  by {to_hex(promise.organisation)}, payload {to_hex(promise.payload)}",
        f"  on the ledger of domain {to_hex(found.domain)}",
    ]
    if kept is None:
        lines.append("not looked at: whether it was kept (--bundle)")
    else:
        at = datetime.fromtimestamp(kept.timestamp, UTC)
        lines.append(f"kept: it stands at position {kept.position}, of {at:%Y-%m-%d %H:%M:%S} UTC")
    return "\n".join(lines)
