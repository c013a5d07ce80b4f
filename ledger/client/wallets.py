"""The client's methods for wallets: sign in with one, and have relayed what one signed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ledger.client.answers import Accepted, Time
from ledger.client.flows import Flow, append, chosen, method, put_forward


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A key that soon ends, for the account whose wallet signed in."""

    api_key: str = field(repr=False)
    key: str
    organisation: str
    account: str
    roles: list[str]
    expires_at: Time


@dataclass(frozen=True, slots=True)
class _Nonce:
    message: str


class WalletCalls:
    """Signatures are made by whoever calls: no key of a wallet comes here."""

    @method
    @staticmethod
    def sign_in(
        account: str, sign: Callable[[str], str], *, organisation: str | None = None
    ) -> Flow[SignedIn]:
        """Sign in as an account of an organisation; `sign` signs a text (EIP-191) as 0x-hex.

        Raises:
            ApiProblem: the signature is not the account's, or the account is of no organisation.
        """
        asked = yield from put_forward("/v1/sign-in/nonce", {"account": account}, _Nonce)
        told = {"message": asked.message, "signature": sign(asked.message)}
        more = chosen(organisation=organisation)
        return (yield from put_forward("/v1/sign-in", told | more, SignedIn))

    @method
    @staticmethod
    def relay_entry(
        *,
        chain_id: int,
        contract: str,
        subject: str,
        kind: str,
        position: int,
        payload: str,
        deadline: int,
        account: str,
        signature: str,
        wait: float = 0,
        idempotency_key: str | None = None,
    ) -> Flow[Accepted]:
        """Have an entry appended that a wallet of the organisation signed (EIP-712, `Entry`).

        Raises:
            ApiProblem: the service refused; 409 if `position` is not the next.
        """
        told: dict[str, Any] = {
            "chain_id": chain_id,
            "contract": contract,
            "subject": subject,
            "kind": kind,
            "position": position,
            "payload": payload,
            "deadline": deadline,
            "account": account,
            "signature": signature,
        }
        body = msgspec.json.encode(told)
        return append("/v1/entries", body, wait, idempotency_key)
