"""The words for kinds of entries."""

from __future__ import annotations

from typing import Literal

KindWord = Literal[
    "enrolled",
    "suspended",
    "reinstated",
    "account_added",
    "account_removed",
    "credential_issued",
    "credential_revoked",
    "schema_published",
    "world_opened",
    "world_closed",
    "registered",
    "batch_registered",
    "revised",
    "observed",
    "corrected",
    "staged",
    "transferred",
    "offered",
    "withdrawn",
    "accepted",
    "released",
    "mounted",
    "dismounted",
    "part_added",
    "part_removed",
    "attested",
    "attestation_revoked",
    "listed",
    "delisted",
    "erased",
    "frozen",
    "unfrozen",
    "title_forced",
    "founded",
    "paused",
    "resumed",
    "successor_named",
]
"""The kinds of entries."""
