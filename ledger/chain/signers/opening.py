"""Opens the signer of a place."""

from __future__ import annotations

from ledger.chain.signers.endpoint import SignerEndpoint
from ledger.chain.signers.kms import HttpKms, KmsSigner
from ledger.chain.signers.places import Place
from ledger.chain.signers.signer import Signer
from ledger.chain.signers.web3signer import Web3Signer


def open_place(place: Place) -> Signer:
    """The signer at a place; it is not asked anything yet. Raises MalformedValue for a bad PEM."""
    endpoint = SignerEndpoint(place)
    if place.kind == "kms":
        return KmsSigner(HttpKms(endpoint), place.address)
    return Web3Signer(endpoint)
