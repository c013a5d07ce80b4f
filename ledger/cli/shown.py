"""What only the service knows of subjects: documents, and the birth records of batches' assets."""

from __future__ import annotations

from ledger.client import Client
from ledger.documents.sealing import Sealed, seal
from ledger.domain.batch import batch_id_of, index_of
from ledger.proofs.bundle import Birth
from ledger.types import Hash32, parse_hash, to_hex


class Service:
    """Documents and birth records, as far as the key's holder may read them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def find_document(self, content_hash: Hash32) -> Sealed | None:
        """A document with what opens its content hash; what it hashes to, a verifier finds out."""
        named = to_hex(content_hash)
        opening = self._client.find_commitment(named)
        if opening is None:
            return None
        raw = self._client.document(named)
        return seal(raw, opening.serial, parse_hash(opening.seed, "seed"))

    def find_birth(self, asset: Hash32) -> Birth | None:
        """The birth record of an asset of a batch, if the service keeps it."""
        found = self._client.find_birth(to_hex(batch_id_of(asset)), index_of(asset))
        if found is None:
            return None
        path = tuple([parse_hash(one, "path") for one in found.path])
        return Birth(parse_hash(found.content_hash, "content_hash"), path)
