"""The verb `prove`: write the bundle that proves a subject's complete history."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.bar import proving_bars
from ledger.cli.files import write_output
from ledger.cli.options import AsJson, ManifestFile, Node
from ledger.cli.output import count, say
from ledger.errors import UnknownThing
from ledger.types import Address, parse_address, parse_hash, to_hex

if TYPE_CHECKING:
    from ledger.chain.rpc import RpcClient
    from ledger.cli.shown import Service
    from ledger.proofs.build import Built
    from ledger.proofs.bundle import ManifestClaim
    from ledger.proofs.disclosing import Disclosure
    from ledger.proofs.gathering import FindBirth
    from ledger.settings import Settings

_CONTRACT = "AssetLedger"


def prove(
    subject: Annotated[
        str,
        typer.Argument(
            help="Id of an asset, a batch, an organisation, a schema, a world.", show_default=False
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file to write, or - for standard output.")
    ],
    block: Annotated[
        int | None, typer.Option(min=1, help="Prove the state as of this block.")
    ] = None,
    related: Annotated[
        str,
        typer.Option(
            "--with",
            metavar="WHICH",
            help="Prove these, too: organisations, schemas, parts, ledger; commas between.",
        ),
    ] = "",
    tree: Annotated[
        bool, typer.Option("--tree", help="Prove the asset's whole tree of parts.")
    ] = False,
    holdings: Annotated[
        bool, typer.Option("--holdings", help="Prove which assets the organisation holds title to.")
    ] = False,
    members: Annotated[
        int | None,
        typer.Option(min=0, help="With --holdings: list so many assets at most; all are counted."),
    ] = None,
    absence: Annotated[
        bool, typer.Option("--absence", help="Prove instead that there is no such subject.")
    ] = False,
    documents: Annotated[
        bool,
        typer.Option("--documents", help="Write a zip with the documents themselves beside."),
    ] = False,
    commitments: Annotated[
        bool,
        typer.Option("--commitments", help="Open documents to the hashes of their fields alone."),
    ] = False,
    field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Disclose this field of the newest document that has it, alone."
        ),
    ] = None,
    serial: Annotated[
        bool, typer.Option("--serial", help="Disclose the serial, and nothing else of a document.")
    ] = False,
    witnessed: Annotated[
        bool,
        typer.Option(
            "--witnessed",
            help="Put in the newest checkpoint signed here, and prove as of its block.",
        ),
    ] = False,
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="The same with this checkpoint's file.")
    ] = None,
    rpc_url: Node = None,
    contract: Annotated[
        str | None, typer.Option(help="The ledger's address; else the manifest tells it.")
    ] = None,
    manifest: ManifestFile = None,
    data: Annotated[Path | None, typer.Option(help="The data folder of the ledger.")] = None,
    api: Annotated[
        str | None, typer.Option(envvar="ASSET_LEDGER_API", help="Where documents are read.")
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(envvar="ASSET_LEDGER_API_KEY", help="The key of whoever may read them."),
    ] = None,
    organisation: Annotated[
        str | None,
        typer.Option(
            metavar="DID|NAME|ID",
            help="Whose documents, of the ledger running here; else its first organisation's.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the bundle that proves a subject's complete history, having verified it.

    Prints what an auditor needs besides the bundle: a block's hash and the contract's address.
    """
    to_stdout = str(output) == "-"
    if to_stdout and as_json:
        raise typer.BadParameter("the bundle itself goes there with -o -", param_hint="--json")
    others = _related(related)
    signs = witnessed or checkpoint is not None
    shows = documents or commitments or serial or bool(field)
    if absence and (others or tree or holdings or signs or shows):
        raise typer.BadParameter("of what is not there, nothing is shown", param_hint="--absence")
    about = parse_hash(subject, "SUBJECT")
    given = None if contract is None else parse_address(contract, "--contract")

    from ledger.chain.rpc import RpcClient
    from ledger.cli.access import find_node
    from ledger.cli.witnessing import find_signed
    from ledger.proofs.build import build_bundle
    from ledger.proofs.gathering import MOST_HELD, Wanted
    from ledger.proofs.signed import decode_file
    from ledger.settings import Settings

    settings = Settings.given(data=data)
    signed = None
    if checkpoint is not None:
        signed = decode_file(checkpoint.read_bytes())
    elif witnessed:
        signed = find_signed(settings, block)
    if signed is not None and block is None:
        block = signed.checkpoint.block_number
    with (
        RpcClient(rpc_url or find_node(settings)) as rpc,
        _service(shows, data, api, api_key, organisation) as service,
    ):
        ledger, claim, begin = (
            (given, None, 0)
            if given is not None
            else _deployed(rpc, manifest or settings.manifest_path())
        )
        if absence:
            from ledger.cli.absent import write_absence

            write_absence(rpc, ledger, about, block, output, as_json=as_json)
            return
        wanted = Wanted(
            organisations="organisations" in others,
            schemas="schemas" in others,
            parts="parts" in others,
            ledger="ledger" in others,
            tree=tree,
            holdings=holdings,
            most_held=MOST_HELD if members is None else members,
            checkpoints=() if signed is None else (signed,),
            find_birth=_births(settings, service),
            disclosure=_disclosure(service, commitments, documents, serial, tuple(field or ())),
        )
        with proving_bars() as show:
            built = build_bundle(
                rpc, ledger, about, block, wanted, claim, begin=begin, progress=show
            )
    write_output(output, built.raw)
    if to_stdout:
        print(_told(built, "BUNDLE"), file=sys.stderr)  # noqa: T201
        return
    say(json.dumps(_value(built, output)) if as_json else _told(built, str(output)))


def _related(text: str) -> set[str]:
    """The words of `--with`; `schema` is as good as `schemas`."""
    words = {"schemas" if word == "schema" else word for word in text.split(",") if word}
    if unknown := sorted(words - {"organisations", "schemas", "parts", "ledger"}):
        raise typer.BadParameter(
            f"{', '.join(unknown)} is none of organisations, schemas, parts, ledger",
            param_hint="--with",
        )
    return words


@contextmanager
def _service(
    is_asked: bool, data: Path | None, api: str | None, key: str | None, organisation: str | None
) -> Iterator[Service | None]:
    """The service that keeps the documents, if any are to be shown."""
    if not is_asked:
        yield None
        return
    from ledger.cli.access import find_access
    from ledger.cli.shown import Service
    from ledger.client import Client

    access = find_access(data, api, key, organisation)
    with Client(access.api, access.api_key) as client:
        yield Service(client)


def _births(settings: Settings, service: Service | None) -> FindBirth:
    """Where birth records are found: the service's, else those in the folder here."""
    from ledger.documents.opening import open_stores
    from ledger.proofs.births import KeptBirths

    if service is not None:
        return service.find_birth
    return KeptBirths(open_stores(settings.data, settings.document_key).batches).find


def _disclosure(
    service: Service | None,
    commitments: bool,
    documents: bool,
    serial: bool,
    fields: tuple[str, ...],
) -> Disclosure | None:
    from ledger.proofs.disclosing import Disclosure

    if service is None:
        return None
    return Disclosure(service.find_document, commitments, documents, serial, fields)


def _deployed(rpc: RpcClient, manifest: Path) -> tuple[Address, ManifestClaim, int]:
    """The ledger's address, what it is made of, and its first block, by the chain's manifest."""
    from ledger.deployment.manifest import load_manifest, verify_chain
    from ledger.proofs.bundle import ManifestClaim

    known = load_manifest(manifest)
    verify_chain(rpc, known)
    if _CONTRACT not in known.contracts:
        raise UnknownThing("contract", field=str(manifest), value=_CONTRACT)
    found = known.contracts[_CONTRACT]
    source = parse_hash(found.source_hash, "source_hash")
    return found.address, ManifestClaim(str(found.compiler), source), found.block


def _verify_command(built: Built, path: str) -> list[str]:
    verified = built.verified
    hashes = ["--block-hash", to_hex(verified.block.hash), "--contract", to_hex(verified.contract)]
    # Of several subjects in it, a bundle may be made to be about another one.
    return ["asset-ledger", "verify", path, *hashes, "--subject", to_hex(verified.subject)]


def _told(built: Built, path: str) -> str:
    verified = built.verified
    beside = len(verified.subjects) - 1
    others = f", with {count(beside, 'other subject')}" if beside else ""
    own = count(len(verified.entries), "entry", "entries")
    return "\n".join(
        [
            f"{path}: {own} of {to_hex(verified.subject)}{others}, "
            f"complete as of block {verified.block.number} ({len(built.raw):,} bytes)",
            "Hand these to the auditor by another way than the bundle:",
            f"  block hash  {to_hex(verified.block.hash)}",
            f"  contract    {to_hex(verified.contract)}",
            "The auditor checks with:",
            f"  {shlex.join(_verify_command(built, path))}",
        ]
    )


def _value(built: Built, path: Path) -> dict[str, object]:
    verified = built.verified
    return {
        "bundle": str(path),
        "size": len(built.raw),
        "subject": to_hex(verified.subject),
        "entries": len(verified.entries),
        "subjects": len(verified.subjects),
        "documents": len(verified.originals),
        "chain_id": verified.chain_id,
        "contract": to_hex(verified.contract),
        "block": verified.block.number,
        "block_hash": to_hex(verified.block.hash),
        "verify": _verify_command(built, str(path)),
    }
