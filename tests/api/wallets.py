"""Wallets of organisations' own: accounts on the ledger whose keys the service has not."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from ledger.database.engine import open_engine, reading, writing
from ledger.domain.kinds import Kind
from ledger.domain.payloads import AccountAdded, AccountRemoved, Payload
from ledger.mirror.queries import find_organisation
from ledger.outbox.operations import accept_entry
from ledger.types import Address, parse_hash, to_hex
from tests.api.running import Member, Running, until


@dataclass(frozen=True, slots=True)
class Wallet:
    """A key, and the address that it signs for: its own, or that of a contract which it owns."""

    key: LocalAccount
    address: Address

    @staticmethod
    def make() -> Wallet:
        key: LocalAccount = Account.create()
        return Wallet(key, bytes.fromhex(key.address[2:]))

    def sign_text(self, text: str) -> str:
        """A text's signature (EIP-191), by another's code than ours."""
        return to_hex(bytes(self.key.sign_message(encode_defunct(text=text)).signature))

    def sign_typed(self, typed: dict[str, Any]) -> str:
        """Typed data's signature (EIP-712), by another's code than ours."""
        return to_hex(bytes(self.key.sign_typed_data(full_message=typed).signature))


def deploy_wallet(service: Running) -> Wallet:
    """A contract that vouches for what its owner signed (ERC-1271), put on the chain."""
    owner = Wallet.make()
    address = secrets.token_bytes(20)
    code = bytes.fromhex(
        "600435600052"  # the digest
        "60a43560f81c602052"  # v
        "606435604052"  # r
        "608435606052"  # s
        "60206000608060006001" + "5afa50"  # ecrecover
        "600051" + "73" + owner.address.hex() + "14"  # is it the owner?
        "631626ba7e60e01b02600052"  # then the magic value
        "60206000f3"
    )
    service.anvil.rpc.call("anvil_setCode", to_hex(address), to_hex(code))
    return Wallet(owner.key, address)


def add_account(service: Running, member: Member, wallet: Wallet) -> None:
    """Have a wallet become an account of an organisation on the ledger."""
    _append(service, member, Kind.ACCOUNT_ADDED, AccountAdded(wallet.address))
    until(lambda: wallet.address in _accounts(service, member))


def remove_account(service: Running, member: Member, wallet: Wallet) -> None:
    """Have a wallet be no account any more."""
    _append(service, member, Kind.ACCOUNT_REMOVED, AccountRemoved(wallet.address))
    until(lambda: wallet.address not in _accounts(service, member))


def _append(service: Running, member: Member, kind: Kind, payload: Payload) -> None:
    org = parse_hash(member.id)
    engine = open_engine(service.settings.database())
    with writing(engine) as session:
        accept_entry(
            session,
            org=org,
            subject=org,
            kind=kind,
            payload=payload.encode(),
            position=None,
            next_position=None,
            document=None,
            idempotency_key=None,
            request_digest=bytes(32),
        )
    engine.dispose()


def _accounts(service: Running, member: Member) -> list[Address]:
    engine = open_engine(service.settings.database())
    with reading(engine) as session:
        seen = find_organisation(session, id=parse_hash(member.id))
    engine.dispose()
    return list(seen.accounts) if seen else []
