"""Wallets of organisations' own: accounts on the ledger whose keys the service has not."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from ledger.database.engine import open_engine, reading, writing
from ledger.domain.kinds import Kind
from ledger.domain.payloads import AccountAdded, AccountRemoved, Payload
from ledger.hashing import subject_id
from ledger.mirror.queries import find_organisation
from ledger.outbox.appending import accept_entry
from ledger.types import Address, parse_hash, to_hex
from tests.api.running import Member, Running, until

ENTRY = [
    {"name": "subject", "type": "bytes32"},
    {"name": "org", "type": "bytes32"},
    {"name": "kind", "type": "uint16"},
    {"name": "position", "type": "uint64"},
    {"name": "payload", "type": "bytes"},
    {"name": "deadline", "type": "uint64"},
]
DOMAIN = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]


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


def sign_entry(
    service: Running,
    member: Member,
    wallet: Wallet,
    payload: Payload,
    subject: str | None = None,
    position: int = 0,
    **changes: Any,
) -> dict[str, Any]:
    """The body of a request: an entry of a member's, as its wallet signs it."""
    status = service.anyone.get("/v1/status").json()
    domain, org = parse_hash(status["domain"]), parse_hash(member.id)
    raw = payload.encode()
    body = {
        "chain_id": status["chain_id"],
        "contract": status["contract"],
        "subject": subject or to_hex(subject_id(domain, payload.KIND, org, raw)),
        "kind": payload.KIND.label,
        "position": position,
        "payload": to_hex(raw),
        "deadline": int(time.time()) + 600,
        "account": to_hex(wallet.address),
        **changes,
    }
    typed = {
        "types": {"EIP712Domain": DOMAIN, "Entry": ENTRY},
        "primaryType": "Entry",
        "domain": {
            "name": "AssetLedger",
            "version": "1",
            "chainId": body["chain_id"],
            "verifyingContract": body["contract"],
        },
        "message": {
            "subject": body["subject"],
            "org": member.id,
            "kind": int(Kind[body["kind"].upper()]),
            "position": body["position"],
            "payload": body["payload"],
            "deadline": body["deadline"],
        },
    }
    return {**body, "signature": wallet.sign_typed(typed)}
