"""The client's methods about credentials: who vouches for whom, and whether it counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ledger.client.answers import AsOf, Time
from ledger.client.flows import At, Flow, Listing, chosen, find, listing, method, segment

_CREDENTIALS: Final = "/v1/credentials"


@dataclass(frozen=True, slots=True)
class CredentialAnswer:
    """What an issuer states of a holder under a schema; `state` says whether it counts."""

    id: str
    holder: str
    issuer: str
    schema: str
    content_hash: str
    state: str
    position: int
    from_block: int
    to_block: int | None = None
    document: str | None = None
    expires_at: Time | None = None
    as_of: AsOf | None = field(default=None, compare=False)


class CredentialCalls:
    """They are issued by `append_to_organisation`; holders and issuers are named by id or DID."""

    @listing
    @staticmethod
    def list_credentials(
        *,
        holder: str | None = None,
        issuer: str | None = None,
        schema: str | None = None,
        valid: bool | None = None,
        sort: str | None = None,
        at: At | None = None,
        page: int | None = None,
    ) -> Listing[CredentialAnswer]:
        """Credentials that match the filters."""
        params = chosen(
            holder=holder, issuer=issuer, schema=schema, valid=valid, sort=sort, at=at, limit=page
        )
        return Listing(_CREDENTIALS, params, CredentialAnswer)

    @method
    @staticmethod
    def find_credential(credential: str, *, at: At | None = None) -> Flow[CredentialAnswer | None]:
        """A credential by its id, or None."""
        path = f"{_CREDENTIALS}/{segment(credential)}"
        return find(path, CredentialAnswer, chosen(at=at))
