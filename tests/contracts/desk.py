"""A desk at a ledger of its own: makes entries of two organisations, and tells what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from ledger.chain.contract import encode_append, encode_enrol
from ledger.domain.entries import Entry
from ledger.domain.payloads import Payload, Registered, Transferred
from ledger.hashing import domain_separator, keccak, subject_id
from ledger.types import ZERO_HASH, AssetKind, Hash32, parse_hex
from tests.contracts.node import CHAIN_ID, Chain, deploy_ledger


class Desk:
    """One account that acts for a maker, `org`, and a `buyer`, and governs the ledger too."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.account = chain.accounts()[0]
        deployed = deploy_ledger(chain, self.account)
        self.deployment = int(deployed["gasUsed"], 16)
        self.ledger = deployed["contractAddress"]
        self.domain = domain_separator(CHAIN_ID, parse_hex(self.ledger))
        self.enrolment, self.org = self._enrol("did:web:maker.example")
        _, self.buyer = self._enrol("did:web:buyer.example")
        self._counts: Counter[Hash32] = Counter({self.org: 2, self.buyer: 2})
        self._documents = 0
        # Both hold an asset already, as organisations do: a first balance costs 17,100 more.
        _, sold = self.register(2)
        self.act([sold], lambda: Transferred(self.buyer))

    def _enrol(self, did: str) -> tuple[int, Hash32]:
        data = encode_enrol(did, [parse_hex(self.account)])
        receipt = self.chain.transact(self.account, self.ledger, data)
        return int(receipt["gasUsed"], 16), parse_hex(receipt["logs"][0]["topics"][1])

    def document(self) -> Hash32:
        """The hash of a document like no other."""
        self._documents += 1
        return keccak(self._documents.to_bytes(8, "big"))

    def births(self, payloads: Sequence[Payload]) -> list[Entry]:
        """The first entries of subjects of the maker's."""
        self.begun = [subject_id(self.domain, one.KIND, self.org, one.encode()) for one in payloads]
        return [
            self._entry(subject, one, self.org)
            for subject, one in zip(self.begun, payloads, strict=True)
        ]

    def begin(self, payload: Payload) -> Hash32:
        """Append the maker's first entry of a subject, and return its id."""
        self.send(self.births([payload]))
        return self.begun[0]

    def assets(self, number: int) -> list[Payload]:
        """Births of assets with documents of their own."""
        return [
            Registered(self.org, ZERO_HASH, self.document(), AssetKind.INSTANCE)
            for _ in range(number)
        ]

    def register(self, number: int) -> list[Hash32]:
        """Register assets in one transaction, and return their ids."""
        self.send(self.births(self.assets(number)))
        return self.begun

    def expect_members(self, members: Sequence[Hash32]) -> None:
        """Assets of a batch have an entry already: the batch's."""
        self._counts.update(members)

    def act(
        self, subjects: Sequence[Hash32], say: Callable[[], Payload], org: Hash32 | None = None
    ) -> int:
        """Append one entry to each subject, in one transaction, and return its gas."""
        return self.send([self._entry(one, say(), org or self.org) for one in subjects])

    def _entry(self, subject: Hash32, payload: Payload, org: Hash32) -> Entry:
        position = self._counts[subject]
        self._counts[subject] += 1
        return Entry(subject, org, payload.KIND, position, payload.encode())

    def send(self, entries: Sequence[Entry]) -> int:
        """Append entries in one transaction, and return its gas."""
        receipt = self.chain.transact(self.account, self.ledger, encode_append(entries))
        return int(receipt["gasUsed"], 16)
