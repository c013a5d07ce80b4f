"""What organisations vouch for, by credential or attestation: until when, and whose it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from api.errors import Problem, invalid
from api.rights import refused
from ledger.domain.payloads import Attested, CredentialIssued
from ledger.domain.telling import moment
from ledger.mirror.tables import ClaimRow
from ledger.outbox.under_way import Coming
from ledger.types import Hash32


def read_expiry(expires: int | None, now: float) -> int:
    """The last second of what a request asks for; zero: it never ends. Raises Problem."""
    if expires is not None and expires < now:
        raise invalid("expires", moment(expires), "has passed")
    return expires or 0


@dataclass(frozen=True, slots=True)
class Stated:
    """What `issuer` states at a position of a subject, by the word for it; `ended`: no longer."""

    word: str
    subject: Hash32
    position: int
    issuer: Hash32
    schema: Hash32
    ended: bool = False

    def require_issuer(self, org: Hash32 | None) -> None:
        """See that it is that organisation's to take back. Raises Problem."""
        if self.issuer != org:
            told = f"{self._shown} is another organisation's to revoke"
            raise Problem("forbidden", told, errors=invalid("revokes", self.position, told).errors)

    def require_in_force(self) -> None:
        """See that it was not taken back. Raises Problem."""
        if self.ended:
            told = f"{self._shown} is revoked already"
            place = {"subject": self.subject, "position": self.position}
            raise refused("NotInForce", told, "revokes", self.position, **place)

    @property
    def _shown(self) -> str:
        return f"the {self.word} at position {self.position}"


def stated_by(word: str, row: ClaimRow) -> Stated:
    """The claim that is mirrored."""
    ended = row.to_block is not None
    return Stated(word, row.subject, row.position, row.issuer, row.schema_, ended)


def find_coming(
    word: str,
    payload: type[Attested | CredentialIssued],
    coming: Iterable[Coming],
    position: int,
) -> Stated | None:
    """The claim that one of these operations is to bring to a position."""
    for one in coming:
        if one.position == position:
            schema = payload.decode(one.payload).schema
            return Stated(word, one.subject, position, one.org, schema)
    return None
