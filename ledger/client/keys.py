"""The client's methods about API keys: an organisation's admin makes, lists and ends them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.client.answers import Time
from ledger.client.flows import (
    Flow,
    Listing,
    act,
    chosen,
    find,
    get,
    listing,
    method,
    put_forward,
    segment,
)


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """A key of the organisation's; `key` is its prefix, by which lists and logs name it.

    `api_key` is the whole, told once: when it is made.
    """

    key: str
    roles: list[str]
    state: str
    created_at: Time
    name: str | None = None
    replaces: str | None = None
    account: str | None = None
    expires_at: Time | None = None
    revoked_at: Time | None = None
    last_used_at: Time | None = None
    api_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AccountRolesAnswer:
    """What an account may do here once its wallet has signed in."""

    account: str
    roles: list[str]


class KeyCalls:
    """Each needs a key with the role `admin`."""

    @method
    @staticmethod
    def create_key(
        roles: Sequence[str], *, name: str | None = None, expires_in: int | None = None
    ) -> Flow[KeyAnswer]:
        """Make a key; `expires_in` seconds. Asked again after an answer was lost, it makes two."""
        told = {"roles": list(roles), "name": name, "expires_in": expires_in}
        return put_forward("/v1/keys", told, KeyAnswer)

    @listing
    @staticmethod
    def list_keys(*, page: int | None = None) -> Listing[KeyAnswer]:
        """The organisation's keys, the oldest first."""
        return Listing("/v1/keys", chosen(limit=page), KeyAnswer)

    @method
    @staticmethod
    def find_key(key: str) -> Flow[KeyAnswer | None]:
        """A key by its prefix, or None."""
        return find(f"/v1/keys/{segment(key)}", KeyAnswer)

    @method
    @staticmethod
    def rotate_key(key: str, *, overlap: int = 86_400) -> Flow[KeyAnswer]:
        """Make a key that takes another's place, which opens for `overlap` seconds more."""
        return put_forward(f"/v1/keys/{segment(key)}/rotate", {"overlap": overlap}, KeyAnswer)

    @method
    @staticmethod
    def revoke_key(key: str) -> Flow[KeyAnswer]:
        """Have a key open nothing any more. Raises ApiProblem (409) if it is the last admin's."""
        return act(f"/v1/keys/{segment(key)}/revoke", KeyAnswer)

    @method
    @staticmethod
    def get_account_roles(account: str) -> Flow[AccountRolesAnswer]:
        """What an account may do once its wallet has signed in. Raises ApiProblem."""
        return get(f"/v1/sign-in/accounts/{segment(account)}", AccountRolesAnswer)

    @method
    @staticmethod
    def set_account_roles(account: str, roles: Sequence[str]) -> Flow[AccountRolesAnswer]:
        """Say what an account may do once its wallet has signed in; none: it may not sign in."""
        path = f"/v1/sign-in/accounts/{segment(account)}"
        return put_forward(path, {"roles": list(roles)}, AccountRolesAnswer, "PUT")
