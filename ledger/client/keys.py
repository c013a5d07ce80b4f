"""The client's methods about API keys: an organisation's admin makes, lists and ends them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ledger.client.calling import Caller, segment
from ledger.client.transport import Call


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """A key of the organisation's; `key` is its prefix, by which lists and logs name it.

    `api_key` is the whole, told once: when it is made.
    """

    key: str
    roles: list[str]
    state: str
    created_at: str
    name: str | None = None
    replaces: str | None = None
    account: str | None = None
    expires_at: str | None = None
    revoked_at: str | None = None
    last_used_at: str | None = None
    api_key: str | None = field(default=None, repr=False)


class KeyCalls(Caller):
    """Each needs a key with the role `admin`."""

    def create_key(
        self, roles: Sequence[str], *, name: str | None = None, expires_in: int | None = None
    ) -> KeyAnswer:
        """Make a key; `expires_in` seconds. Asked again after an answer was lost, it makes two."""
        return self._ask("/v1/keys", {"roles": list(roles), "name": name, "expires_in": expires_in})

    def list_keys(self) -> Iterator[KeyAnswer]:
        """The organisation's keys, the oldest first."""
        return self._list("/v1/keys", {}, KeyAnswer)

    def rotate_key(self, key: str, *, overlap: int = 86_400) -> KeyAnswer:
        """Make a key that takes another's place, which opens for `overlap` seconds more."""
        return self._ask(f"/v1/keys/{segment(key)}/rotate", {"overlap": overlap})

    def revoke_key(self, key: str) -> KeyAnswer:
        """Have a key open nothing any more. Raises ApiProblem (409) if it is the last admin's."""
        answer = self._send(Call("POST", f"/v1/keys/{segment(key)}/revoke"))
        return self._decode(answer, KeyAnswer)

    def _ask(self, path: str, told: dict[str, Any]) -> KeyAnswer:
        headers = {"Content-Type": "application/json"}
        body = msgspec.json.encode(told)
        return self._decode(self._send(Call("POST", path, headers=headers, body=body)), KeyAnswer)
