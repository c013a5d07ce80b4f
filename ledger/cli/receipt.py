"""The verb `receipt`: check what a service promised, and whether it was kept, offline."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.options import AsJson, Node
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
    absence: Annotated[
        Path | None,
        typer.Option(
            "--absence",
            help="Proof that its subject did not begin by a block; written if --rpc-url is given.",
        ),
    ] = None,
    rpc_url: Node = None,
    operation: Annotated[
        str | None,
        typer.Option("--operation", help="Of a file with a receipt a line: which operation's."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check offline that a service promised an entry, and with a bundle, whether it came.

    Exits with 1 if the service did not sign it, or did, and the entry is not in the history, or its
    subject provably never began.
    """
    trusted = parse_address(signer, "--signer")
    _verify_options(bundle, absence, block_hash, contract, rpc_url)

    from ledger.proofs.receipt import decode_receipt, verify_receipt

    found = decode_receipt(_read(file, "FILE") if operation is None else _pick(file, operation))
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
    if absence is not None and contract is not None:
        _verify_absence(found, absence, contract, block_hash, rpc_url)
    say(json.dumps(_value(found, kept)) if as_json else _told(found, kept))


def _verify_options(
    bundle: Path | None,
    absence: Path | None,
    block_hash: str | None,
    contract: str | None,
    rpc_url: str | None,
) -> None:
    """See that what is given belongs together. Raises typer.BadParameter."""
    if bundle is not None and absence is not None:
        raise typer.BadParameter("a subject has a history, or none", param_hint="--absence")
    if bundle is None and absence is None:
        if block_hash is not None or contract is not None or rpc_url is not None:
            raise typer.BadParameter("what shall it verify?", param_hint="--bundle or --absence")
        return
    is_fetched = absence is not None and rpc_url is not None
    if contract is None or (block_hash is None) != is_fetched or (bundle and rpc_url):
        hint = "--bundle" if absence is None else "--absence"
        raise typer.BadParameter("it is verified by --block-hash and --contract", param_hint=hint)


def _verify_absence(
    found: Receipt, file: Path, contract: str, block_hash: str | None, rpc_url: str | None
) -> None:
    """Show that a promise was broken, as its subject never began. Raises Broken."""
    from ledger.hashing import keccak
    from ledger.proofs.absence import decode_absence, encode_absence, fetch_absence
    from ledger.proofs.keeping import never_came, verify_never_came

    ledger = parse_address(contract, "--contract")
    if rpc_url is not None:
        from ledger.chain.rpc import RpcClient

        with RpcClient(rpc_url) as rpc:
            absence = fetch_absence(rpc, ledger, found.promise.subject)
        known = keccak(absence.header)
        file.write_bytes(encode_absence(absence))
    else:
        absence = decode_absence(_read(file, "--absence"))
        known = parse_hash(block_hash, "--block-hash")
    header = verify_never_came(found, absence, contract=ledger, block_hash=known)
    raise never_came(found, header, known)


def _pick(file: Path, operation: str) -> bytes:
    from ledger.cli.receipts_file import find_line

    try:
        return find_line(file, operation.rpartition("/")[2])
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="FILE") from None


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
