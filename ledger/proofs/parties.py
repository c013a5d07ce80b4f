"""Whether an asset's parties, offers and parent are the ones that the contract's storage names."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.domain.asset import Asset
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Offered
from ledger.errors import VerificationError
from ledger.hashing import organisation_address
from ledger.proofs.bundle import BundleEntry
from ledger.proofs.layout import (
    Word,
    approval_slot,
    encode_offer,
    holder_slot,
    offer_slot,
    parent_slot,
)
from ledger.proofs.storage import Storage
from ledger.types import Address, Hash32, Party, to_hex


def party_slots(asset: Hash32, word: Word) -> list[Hash32]:
    """The slots that count, as an asset's word says, in the order in which they are verified."""
    slots = [holder_slot(asset, party) for party in sorted(word.held)]
    slots += [offer_slot(asset, party) for party in sorted(word.offered)]
    slots += [parent_slot(asset)] if word.mounted else []
    return slots + ([approval_slot(asset)] if word.approved else [])


def verify_parties(
    asset: Asset, word: Word, entries: Sequence[BundleEntry], storage: Storage
) -> Address | None:
    """Verify that storage names whom the entries name; returns the account approved, if any is.

    Raises:
        VerificationError: it names others; or the nodes do not prove what it does.
    """
    for party in sorted(word.held):
        _verify(storage, holder_slot(asset.id, party), party.label, _holder(asset, party))
    for party in sorted(word.offered):
        offer = _last_offer(entries, party)
        told = encode_offer(organisation_address(offer.to), offer.expires)
        _verify(storage, offer_slot(asset.id, party), f"offer of {party.label}", told)
    if word.mounted:
        parent = int.from_bytes(asset.parent or b"", "big")
        _verify(storage, parent_slot(asset.id), "parent", parent)
    return _find_approved(storage, asset.id) if word.approved else None


def _verify(storage: Storage, slot: Hash32, what: str, told: int) -> None:
    held = storage.find(slot) or 0
    if held != told:
        raise VerificationError(what, expected=_word(held), found=_word(told))


def _word(number: int) -> str:
    return to_hex(number.to_bytes(32, "big"))


def _holder(asset: Asset, party: Party) -> int:
    org: Hash32 | None = getattr(asset, party.label)
    return int.from_bytes(organisation_address(org), "big") if org else 0


def _last_offer(entries: Sequence[BundleEntry], party: Party) -> Offered:
    for entry in reversed(entries):
        if entry.kind == Kind.OFFERED:
            offered = Offered.decode(entry.payload)
            if offered.party == party:
                return offered
    raise VerificationError(f"offer of {party.label}", expected="one", found="no entry")


def _find_approved(storage: Storage, asset: Hash32) -> Address:
    held = storage.find(approval_slot(asset)) or 0
    if not 0 < held < 1 << 160:
        raise VerificationError("approved", expected="an address", found=_word(held))
    return held.to_bytes(20, "big")
