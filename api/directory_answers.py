"""Accounts and credentials of organisations as answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from api.catalogue_answers import find_paths
from api.deps import View
from api.relations import claim_state, tell_expiry
from api.schemas.directory import AccountAnswer, CredentialAnswer
from ledger.mirror.tables import AccountRow, ClaimRow
from ledger.outbox.sign_in import find_of_service
from ledger.types import Hash32, to_hex


def tell_accounts(session: Session, rows: Sequence[AccountRow]) -> list[AccountAnswer]:
    """Accounts of a page."""
    ours = find_of_service(session, {row.account for row in rows})
    return [
        AccountAnswer(
            address=to_hex(row.account),
            organisation=to_hex(row.org),
            of_service=row.account in ours,
            position=row.position,
            from_block=row.from_block,
            to_block=row.to_block,
        )
        for row in rows
    ]


def tell_credentials(view: View, rows: Sequence[ClaimRow], time: int) -> list[CredentialAnswer]:
    """Credentials, as they counted or not at a time, in seconds since 1970."""
    paths = find_paths(view, [row.content_hash for row in rows])
    return [_credential(row, paths, time) for row in rows]


def _credential(row: ClaimRow, paths: Mapping[Hash32, str], time: int) -> CredentialAnswer:
    holder = to_hex(row.subject)
    return CredentialAnswer(
        id=f"{holder}-{row.position}",
        holder=holder,
        issuer=to_hex(row.issuer),
        schema_=to_hex(row.schema_),
        content_hash=to_hex(row.content_hash),
        document=paths.get(row.content_hash),
        expires_at=tell_expiry(row.expires),
        state=claim_state(row, time),
        position=row.position,
        from_block=row.from_block,
        to_block=row.to_block,
        entry=f"/v1/organisations/{holder}/entries/{row.position}",
    )
