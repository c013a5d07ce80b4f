"""Whether an organisation holds title to so many assets, and to these among them."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.domain.batch import batch_id_of
from ledger.domain.organisation import Organisation
from ledger.errors import VerificationError
from ledger.hashing import organisation_address
from ledger.proofs.bundle import ClaimedHoldings
from ledger.proofs.layout import SubjectClass, Word, balance_slot
from ledger.proofs.storage import Storage, member_word
from ledger.proofs.verified import Holdings, Proven
from ledger.types import Address, Hash32, to_hex


def verify_holdings(
    claimed: ClaimedHoldings, storage: Storage, proven: Mapping[Hash32, Proven]
) -> Holdings:
    """Verify a balance, and that each asset's word names the organisation as its owner.

    As many different assets as the balance counts are all there are.

    Raises:
        VerificationError: it is not so, or the nodes do not prove it.
    """
    organisation = proven.get(claimed.organisation)
    if organisation is None or not isinstance(organisation.state, Organisation):
        raise VerificationError(
            "the organisation",
            expected="an organisation among the subjects",
            found=to_hex(claimed.organisation),
        )
    address = organisation_address(claimed.organisation)
    balance = storage.find(balance_slot(address)) or 0
    for asset in claimed.assets:
        _verify_owner(asset, _asset_word(asset, storage), address)
    if len(claimed.assets) > balance:
        raise VerificationError("how many assets", expected=balance, found=len(claimed.assets))
    return Holdings(claimed.organisation, balance, claimed.assets)


def _asset_word(asset: Hash32, storage: Storage) -> Word:
    word = storage.find_word(asset)
    return word if word else member_word(asset, storage.find_word(batch_id_of(asset)))


def _verify_owner(asset: Hash32, word: Word, owner: Address) -> None:
    if word.subject_class is not SubjectClass.ASSET:
        raise VerificationError(
            f"the class of {to_hex(asset)}", expected="asset", found=word.subject_class.label
        )
    if word.owner != owner:
        raise VerificationError(
            f"the owner of {to_hex(asset)}", expected=to_hex(word.owner), found=to_hex(owner)
        )
