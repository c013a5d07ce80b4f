"""The keys that a ledger on this machine acts with: made once, kept encrypted, able to pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ledger.cli.keys import address_of
from ledger.errors import MalformedValue, ToolError
from ledger.types import Address, parse_address, to_hex

if TYPE_CHECKING:
    from ledger.chain.signers.signer import Signer

_ROLES: Final = ("deployer", "governor")

SERVICE: Final = "service"
"""Name of the key that signs what the service itself says."""


def custodians(count: int) -> list[str]:
    """The names of the keys that act for organisations: custodian, custodian-2, …"""
    return ["custodian", *(f"custodian-{number}" for number in range(2, count + 1))]


def roles() -> list[str]:
    """The names of all keys: deploys and configures; enrols, suspends and freezes; custodians."""
    from ledger.settings import Settings

    return [*_ROLES, *custodians(Settings().custodians)]


class NotFunded(ToolError):
    """An account cannot pay for its transactions; names it."""

    code = "not_funded"


def open_keys(folder: Path, names: Sequence[str]) -> dict[str, Signer]:
    """Open the keys of these names, each made where it is not there yet. Raises BadKeystore."""
    from ledger.chain.signers.keystore import KeystoreSigner, load_or_create_password
    from ledger.settings import Settings

    if not names:
        return {}
    given = Settings().keystore_password
    password = given.get_secret_value() if given else load_or_create_password(folder / "password")
    return {
        name: KeystoreSigner.load_or_create(folder / f"{name}.json", password) for name in names
    }


def open_service_key(folder: Path) -> Signer:
    """Open the key that the service signs receipts and checkpoints with. Raises BadKeystore.

    It sends nothing, and lies in the keystore wherever others sign: receipts are many.
    """
    return open_keys(folder, [SERVICE])[SERVICE]


def open_one(path: Path) -> Signer:
    """Open a keystore, by the setting's password or the file `password` beside it.

    Raises:
        BadKeystore: it cannot be opened; nothing is made in its place.
    """
    from ledger.chain.signers.keystore import BadKeystore, KeystoreSigner
    from ledger.settings import Settings

    given = Settings().keystore_password
    try:
        beside = "" if given else (path.parent / "password").read_text().strip()
    except OSError as error:
        raise BadKeystore(f"{path.parent}/password: {error.strerror}", path=str(path)) from None
    return KeystoreSigner.load(path, given.get_secret_value() if given else beside)


def open_addresses(folder: Path, names: Sequence[str]) -> dict[str, Address]:
    """The addresses of the keys of these names; opens nothing that lies there already.

    Raises:
        BadKeystore: a keystore cannot be made, or names no address.
    """
    from ledger.chain.signers.keystore import BadKeystore

    if not all((folder / f"{name}.json").exists() for name in names):
        return {name: signer.address for name, signer in open_keys(folder, names).items()}
    accounts = {}
    for name in names:
        path = folder / f"{name}.json"
        try:
            accounts[name] = parse_address(address_of(path), "address")
        except MalformedValue:
            raise BadKeystore(f"{path}: it names no address", path=str(path)) from None
    return accounts


def provide_funds(rpc_url: str, accounts: Mapping[str, Address]) -> None:
    """Check that every account has something to pay with; on a chain of Anvil's, see to it.

    Raises:
        NotFunded: names all that have nothing.
    """
    from ledger.chain.node import fund
    from ledger.chain.rpc import RpcClient

    with RpcClient(rpc_url) as rpc:
        for account in accounts.values():
            fund(rpc, account)
        poor = {role: one for role, one in accounts.items() if not rpc.fetch_balance(one)}
    if poor:
        told = ", ".join(f"{to_hex(account)} ({role})" for role, account in poor.items())
        raise NotFunded(f"these accounts need funds on the chain of {rpc.shown}: {told}")
