"""Whether an asset's tree of parts is all there: each proven, and mounted where it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.domain.asset import Asset
from ledger.domain.kinds import Kind
from ledger.domain.payloads import PartAdded, PartRemoved
from ledger.errors import VerificationError
from ledger.proofs.bundle import BundleEntry
from ledger.proofs.verified import Assembled, Proven
from ledger.types import Hash32, to_hex

DEEPEST = 32
"""Levels of parts below an asset, at the most: the contract lets no tree grow higher."""


def verify_tree(root: Hash32, proven: Mapping[Hash32, Proven]) -> Assembled:
    """The tree of parts below an asset, as their entries tell it; none is missing.

    Raises:
        VerificationError: a part is not among the subjects, is none of its parent's, or there are
            more levels than a tree can have.
    """
    return _assembled(root, proven, DEEPEST)


def parts_of(entries: Sequence[BundleEntry]) -> list[Hash32]:
    """The parts that an asset's entries leave on it, in the order in which they were mounted."""
    parts: dict[Hash32, None] = {}
    for entry in entries:
        if entry.kind == Kind.PART_ADDED:
            parts[PartAdded.decode(entry.payload).part] = None
        elif entry.kind == Kind.PART_REMOVED:
            parts.pop(PartRemoved.decode(entry.payload).part, None)
    return list(parts)


def _assembled(asset: Hash32, proven: Mapping[Hash32, Proven], levels: int) -> Assembled:
    if levels < 0:
        raise VerificationError(
            "levels of parts", expected=DEEPEST, found=f"more at {to_hex(asset)}"
        )
    found = proven.get(asset)
    if found is None or not isinstance(found.state, Asset):
        raise VerificationError(
            "a part that is not proven", expected=to_hex(asset), found="nothing of it"
        )
    parts = parts_of(found.entries)
    for part in parts:
        _verify_mounted(part, asset, proven)
    return Assembled(asset, tuple([_assembled(part, proven, levels - 1) for part in parts]))


def _verify_mounted(part: Hash32, parent: Hash32, proven: Mapping[Hash32, Proven]) -> None:
    found = proven.get(part)
    if found is not None and isinstance(found.state, Asset) and found.state.parent != parent:
        above = found.state.parent
        raise VerificationError(
            f"the parent of {to_hex(part)}",
            expected=to_hex(parent),
            found="none" if above is None else to_hex(above),
        )
