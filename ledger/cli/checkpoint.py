"""The verb `checkpoint`: make one, co-sign it, check it against a chain, take it to another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.comparing import compare
from ledger.cli.files import write_whole
from ledger.cli.options import AsJson, Database, ManifestFile, Node
from ledger.cli.output import count, say
from ledger.types import parse_address, to_hex

if TYPE_CHECKING:
    from ledger.outbox.anchoring import Anchoring
    from ledger.proofs.anchor import Anchor
    from ledger.proofs.signed import SignedCheckpoint
    from ledger.types import Address

checkpoint = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Make, co-sign, check and anchor a checkpoint.",
)

CheckpointFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A checkpoint's file.", show_default=False)
]
Contract = Annotated[
    str | None, typer.Option("--contract", help="The ledger's address; else the manifest's.")
]
Folder = Annotated[Path | None, typer.Option("--data", help="The data folder of the ledger.")]
OwnMirror = Annotated[
    str | None,
    typer.Option("--database-url", help="Compare with this mirror of yours, not with a node."),
]


@checkpoint.callback(invoke_without_command=True)
def make(
    context: typer.Context,
    to: Annotated[
        str | None, typer.Option("--to", help="Node of another chain, to anchor it there.")
    ] = None,
    log: Annotated[
        str | None,
        typer.Option("--log", help="The CheckpointLog there; else its manifest tells it."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the checkpoint's file here.")
    ] = None,
    down_to: Annotated[
        int | None,
        typer.Option(
            "--down-to", min=1, help="Add the headers from its block down to this one's child."
        ),
    ] = None,
    rpc_url: Node = None,
    data: Folder = None,
    database_url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make a checkpoint of what is final and proven, signed by the service's own key.

    With `--to`, all its signatures are taken to the log on another chain, and the file proves by
    that chain's state that they stand there. With `--down-to`, it vouches for that block, too.
    Made again, it is the same until entries came.
    """
    if context.invoked_subcommand is not None:
        return
    if log is not None and to is None:
        raise typer.BadParameter("the chain of the log is named by --to", param_hint="--log")
    given = None if log is None else parse_address(log, "--log")

    from ledger.cli.access import find_node
    from ledger.cli.keystore import open_service_key
    from ledger.cli.witnessing import make_checkpoint
    from ledger.database.engine import open_engine, upgrade
    from ledger.settings import Settings

    settings = Settings.given(data=data, database_url=database_url)
    signer = open_service_key(settings.data / "keys")
    engine = open_engine(settings.database())
    anchored = None
    try:
        upgrade(engine)
        signed = make_checkpoint(engine, signer)
        if to is not None:
            from ledger.chain.rpc import RpcClient
            from ledger.cli.witnessing import anchor_checkpoint, find_log

            with RpcClient(to) as rpc:
                at = given or find_log(settings.anchor_manifest_path(), rpc)
                anchored = anchor_checkpoint(engine, signer, rpc, at, signed)
                signed = _with_anchor(rpc, at, signed)
    finally:
        engine.dispose()
    if down_to is not None:
        signed = _lead_down(signed, down_to, rpc_url or find_node(settings))
    _write(output, signed)
    say(json.dumps(_value(signed, anchored)) if as_json else _told(signed, anchored, output))


def _with_anchor(rpc: Any, log: Address, signed: SignedCheckpoint) -> SignedCheckpoint:
    """The checkpoint with the proof, by the other chain's state, of what the log holds of it."""
    from dataclasses import replace

    from ledger.proofs.anchor import fetch_anchor
    from ledger.proofs.witness import recover_witnesses

    witnesses = recover_witnesses(signed.checkpoint, signed.signatures)
    return replace(signed, anchor=fetch_anchor(rpc, log, signed.checkpoint, witnesses))


def _lead_down(signed: SignedCheckpoint, down_to: int, rpc_url: str) -> SignedCheckpoint:
    from ledger.chain.rpc import RpcClient
    from ledger.proofs.leading import lead_down

    with RpcClient(rpc_url) as rpc:
        return lead_down(rpc, signed, down_to)


@checkpoint.command()
def sign(
    file: CheckpointFile,
    key: Annotated[
        Path, typer.Option("--key", help="Keystore of the account that signs.", show_default=False)
    ],
    rpc_url: Node = None,
    database_url: OwnMirror = None,
    contract: Contract = None,
    manifest: ManifestFile = None,
    send: Annotated[
        bool, typer.Option("--send", help="Send the signature to the service, too.")
    ] = False,
    api: Annotated[str | None, typer.Option("--api", help="The service's address.")] = None,
    api_key: Annotated[
        str | None,
        typer.Option("--api-key", envvar="ASSET_LEDGER_API_KEY", help="Your organisation's key."),
    ] = None,
    organisation: Annotated[
        str | None, typer.Option(help="Act for this organisation of the ledger running here.")
    ] = None,
    data: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Sign a checkpoint, having compared it with your own node or mirror; adds it to the file.

    The password is read from the file `password` beside the key, or from the setting.
    """
    from dataclasses import replace

    from ledger.cli.access import find_access
    from ledger.cli.keystore import open_one

    signed = _read(file)
    compare(signed, rpc_url, database_url, contract, manifest, data)
    signer = open_one(key)
    signature = signer.sign_message(signed.checkpoint.message()).encode()
    if signature not in signed.signatures:
        signed = replace(signed, signatures=(*signed.signatures, signature))
    if send:
        from ledger.client import Client

        access = find_access(data, api, api_key, organisation)
        with Client(access.api, access.api_key) as client:
            client.sign_checkpoint(
                signed.checkpoint.block_number,
                to_hex(signed.checkpoint.block_hash),
                to_hex(signed.checkpoint.ledger_head),
                to_hex(signature),
            )
    _write(file, signed)
    if as_json:
        say(json.dumps(_value(signed, None) | {"signed_by": to_hex(signer.address)}))
        return
    say(f"{file}: block {signed.checkpoint.block_number} signed by {to_hex(signer.address)}")


@checkpoint.command()
def check(
    file: CheckpointFile,
    witness: Annotated[
        list[str] | None, typer.Option("--witness", help="A witness that you trust; repeat it.")
    ] = None,
    threshold: Annotated[
        int | None, typer.Option(help="How many of them must have signed; else all.")
    ] = None,
    rpc_url: Node = None,
    database_url: OwnMirror = None,
    contract: Contract = None,
    manifest: ManifestFile = None,
    data: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Check who signed a checkpoint, and that a chain is still the one that was signed.

    Exits with 1 if the block's hash or ledger head is another now: what is below was rewritten.
    """
    from ledger.proofs.witness import recover_witnesses, verify_witnesses

    trusted = [parse_address(one, "--witness") for one in witness or []]
    signed = _read(file)
    if trusted:
        needed = len(set(trusted)) if threshold is None else threshold
        verify_witnesses(signed.checkpoint, signed.signatures, trusted, needed)
    compare(signed, rpc_url, database_url, contract, manifest, data)
    by = [to_hex(one) for one in recover_witnesses(signed.checkpoint, signed.signatures)]
    if as_json:
        say(json.dumps(_value(signed, None) | {"witnesses": by, "agrees": True}))
        return
    names = ", ".join(by) or "nobody"
    say(f"block {signed.checkpoint.block_number} is still what was signed, by {names}")


def _read(file: Path) -> SignedCheckpoint:
    from ledger.proofs.signed import decode_file

    try:
        raw = file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="FILE") from None
    return decode_file(raw)


def _write(path: Path | None, signed: SignedCheckpoint) -> None:
    from ledger.proofs.signed import encode_file

    if path is not None:
        write_whole(path, encode_file(signed))


# -- told --------------------------------------------------------------------------------------


def _value(signed: SignedCheckpoint, anchored: Anchoring | None) -> dict[str, Any]:
    value: dict[str, Any] = signed.checkpoint.value() | {
        "signatures": [to_hex(one) for one in signed.signatures]
    }
    if anchored is None:
        return value
    return value | {
        "anchored": {
            "chain_id": anchored.chain_id,
            "log": to_hex(anchored.log),
            "transaction": anchored.transaction and to_hex(anchored.transaction),
            "block": anchored.block,
            "signatures": anchored.signatures,
            "contradicted": [to_hex(one) for one in anchored.contradicted],
            "proven_by": signed.anchor and to_hex(_block_hash(signed.anchor)),
        }
    }


def _block_hash(anchor: Anchor) -> bytes:
    from ledger.hashing import keccak

    return keccak(anchor.header)


def _told(signed: SignedCheckpoint, anchored: Anchoring | None, output: Path | None) -> str:
    one = signed.checkpoint
    lines = [
        f"checkpoint of block {one.block_number}, {to_hex(one.block_hash)}",
        f"ledger head {to_hex(one.ledger_head)}",
        count(len(signed.signatures), "signature"),
    ]
    if output is not None:
        lines.append(f"written to {output}")
    if anchored is not None and signed.anchor is not None:
        lines.append(
            f"{anchored.signatures} of them in the log {to_hex(anchored.log)} of chain"
            f" {anchored.chain_id}, as of its block {to_hex(_block_hash(signed.anchor))}"
        )
        lines += [f"CONTRADICTED there by {to_hex(who)}" for who in anchored.contradicted]
    return "\n".join(lines)
