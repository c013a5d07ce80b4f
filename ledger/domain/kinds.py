"""The kinds of entries, by number, and what sets some of them apart."""

from __future__ import annotations

from typing import Final

from ledger.types import Labelled


class Kind(Labelled):
    """What an entry does to its subject; the numbers are the contract's (`Kinds.sol`)."""

    ENROLLED = 1
    SUSPENDED = 2
    REINSTATED = 3
    ACCOUNT_ADDED = 4
    ACCOUNT_REMOVED = 5
    CREDENTIAL_ISSUED = 6
    CREDENTIAL_REVOKED = 7

    SCHEMA_PUBLISHED = 16
    WORLD_OPENED = 17
    WORLD_CLOSED = 18

    REGISTERED = 32
    BATCH_REGISTERED = 33
    REVISED = 34
    OBSERVED = 35
    CORRECTED = 36
    STAGED = 37
    TRANSFERRED = 38
    OFFERED = 39
    WITHDRAWN = 40
    ACCEPTED = 41
    RELEASED = 42
    MOUNTED = 43
    DISMOUNTED = 44
    PART_ADDED = 45
    PART_REMOVED = 46
    ATTESTED = 47
    ATTESTATION_REVOKED = 48
    LISTED = 49
    DELISTED = 50
    ERASED = 51

    FROZEN = 64
    UNFROZEN = 65
    TITLE_FORCED = 66

    FOUNDED = 80
    PAUSED = 81
    RESUMED = 82
    SUCCESSOR_NAMED = 83


GOVERNANCE: Final = frozenset(
    {
        Kind.ENROLLED,
        Kind.SUSPENDED,
        Kind.REINSTATED,
        Kind.FROZEN,
        Kind.UNFROZEN,
        Kind.TITLE_FORCED,
        Kind.PAUSED,
        Kind.RESUMED,
        Kind.SUCCESSOR_NAMED,
    }
)
"""Kinds that only governance writes, by functions of their own."""

BIRTHS: Final = frozenset(
    {
        Kind.ENROLLED,
        Kind.SCHEMA_PUBLISHED,
        Kind.WORLD_OPENED,
        Kind.REGISTERED,
        Kind.BATCH_REGISTERED,
        Kind.FOUNDED,
    }
)
"""Kinds that begin a subject: position 0, and only there."""

CONSEQUENCES: Final = frozenset({Kind.PART_ADDED, Kind.PART_REMOVED})
"""Kinds that the ledger itself writes beside another entry; nobody can ask for them."""

BY_ORGANISATIONS: Final = frozenset(Kind) - GOVERNANCE - CONSEQUENCES - {Kind.FOUNDED}
"""Kinds that organisations append themselves."""
