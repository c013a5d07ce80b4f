"""What the contract has to answer, and to log beside its entries, by the folded ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ledger.chain.contract import selector
from ledger.domain import payloads as say
from ledger.domain.asset import Asset
from ledger.domain.batch import Batch
from ledger.domain.catalogue import Schema, World
from ledger.domain.entries import Appended
from ledger.domain.ledger import Ledger
from ledger.domain.organisation import Organisation
from ledger.domain.subjects import Subject
from ledger.hashing import keccak, organisation_address
from ledger.proofs.layout import Word, encode_word
from ledger.types import ZERO_ADDRESS, ZERO_HASH, Address, Hash32, Party
from tests.contracts.conditions import CLASSES, Beside

Question: TypeAlias = tuple[str, tuple[bytes, ...], bytes]
"""A view's signature, its arguments, and the answer that it must give."""

_OTHERS = (Party.CUSTODIAN, Party.OPERATOR, Party.LIEN_HOLDER)


def encode_question(question: Question) -> bytes:
    """Calldata that asks it."""
    signature, arguments, _ = question
    return selector(signature) + b"".join([one.rjust(32, b"\0") for one in arguments])


@dataclass(frozen=True, slots=True)
class Answers:
    """What the contract answers at the time `now`; `accounts` are those that may ever act."""

    ledger: Ledger
    beside: Beside
    accounts: Sequence[Address]
    now: int

    def of_the_whole(self) -> Iterator[Question]:
        """What is asked of the ledger itself."""
        yield "ledgerHead()", (), self.ledger.ledger_head
        yield "paused()", (), _number(self.ledger.paused)
        assert self.ledger.founding is not None
        yield "founding()", (), self.ledger.founding.id

    def of(self, subject: Hash32) -> Iterator[Question]:
        """All that is asked of a subject, whatever it is."""
        found = self.ledger.find(subject)
        yield "head(bytes32)", (subject,), self.ledger.head(subject)
        yield "count(bytes32)", (subject,), _number(self.ledger.count(subject))
        word = ZERO_HASH if found is None else _number(encode_word(self.word(found)))
        yield "word(bytes32)", (subject,), word
        match found:
            case Asset():
                yield from self._of_asset(found)
            case Organisation():
                yield from self._of_organisation(found)
            case World():
                yield "isOpen(bytes32)", (subject,), _number(found.open)
                yield "admissionOf(bytes32)", (subject,), found.schema + found.issuer

    def of_claim(self, made: Appended) -> Iterator[Question]:
        """Whether what an entry claimed is in force, for its issuer and schema and for others."""
        said = say.decode_payload(made.kind, made.payload)
        assert isinstance(said, say.Attested | say.CredentialIssued)
        for issuer, schema in (
            (made.org, said.schema),
            (made.subject, said.schema),
            (made.org, ZERO_HASH),
        ):
            by = (made.subject, made.position, issuer, schema)
            arguments = (made.subject, _number(made.position), issuer, schema)
            signature = "isInForce(bytes32,uint64,bytes32,bytes32)"
            yield signature, arguments, _number(self.ledger.is_in_force(*by, self.now))

    def of_listing(self, asset: Hash32, world: Hash32) -> Question:
        """Whether an asset is shown in a world."""
        shown = self.ledger.is_listed(asset, world, self.now)
        return "isListed(bytes32,bytes32)", (asset, world), _number(shown)

    def of_offer(self, asset: Hash32, party: Party) -> Question:
        """To whom a party is offered, and until when."""
        offer = self.ledger.offer_of(asset, party, self.now)
        to = organisation_address(offer.to) if offer else ZERO_ADDRESS
        until = _number(offer.expires if offer else 0)
        return "offerOf(bytes32,uint8)", (asset, _number(party)), _address(to) + until

    def word(self, found: Subject) -> Word:
        """The word that a subject's entries leave, and what stands beside them."""
        word = Word(_owner(found), found.opened_at, found.count, CLASSES[type(found)])
        match found:
            case Asset():
                return replace(
                    word,
                    frozen=found.frozen,
                    approved=found.id in self.beside.approved,
                    stage=found.stage,
                    held=frozenset([one for one in _OTHERS if getattr(found, one.label)]),
                    offered=found.offered,
                    mounted=found.parent is not None,
                )
            case Batch():
                return replace(word, size=found.size)
            case World():
                return replace(word, closed=not found.open)
            case Organisation():
                return replace(word, accounts=len(found.accounts), suspended=not found.active)
        return word

    def _of_asset(self, asset: Asset) -> Iterator[Question]:
        approved = self.beside.approved.get(asset.id, ZERO_ADDRESS)
        yield "ownerOf(uint256)", (asset.id,), _address(organisation_address(asset.owner))
        yield "getApproved(uint256)", (asset.id,), _address(approved)
        yield "getStateFingerprint(uint256)", (asset.id,), asset.head
        yield "parentOf(bytes32)", (asset.id,), asset.parent or ZERO_HASH
        yield "heightOf(bytes32)", (asset.id,), _number(self.ledger.height_of(asset.id))
        for party in Party:
            named = (asset.id, _number(party))
            org = self.ledger.party_of(asset.id, party)
            holder = organisation_address(org) if org else ZERO_ADDRESS
            yield "partyOf(bytes32,uint8)", named, _address(holder)
            yield self.of_offer(asset.id, party)

    def _of_organisation(self, org: Organisation) -> Iterator[Question]:
        yield "isActive(bytes32)", (org.id,), _number(org.active)
        yield "organisationAt(address)", (org.address,), org.id
        yield "balanceOf(address)", (org.address,), _number(self.ledger.balance_of(org.id))
        for account in self.accounts:
            may = _number(account in org.accounts)
            yield "isAccount(bytes32,address)", (org.id, account), may
            yield "isApprovedForAll(address,address)", (org.address, account), may


# -- what is logged beside an entry ----------------------------------------------------------

Log: TypeAlias = tuple[tuple[bytes, ...], bytes]
"""Topics, and what else it says."""


def logged_beside(ledger: Ledger, entry: Appended) -> list[Log]:
    """What ERC-721 has to tell of an entry; `ledger` is as it was before."""
    match say.decode_payload(entry.kind, entry.payload):
        case say.Registered(owner):
            return [_transfer(ZERO_HASH, owner, entry.subject)]
        case say.BatchRegistered(owner, _, _, size):
            first, last = (
                (int.from_bytes(entry.subject) + at).to_bytes(32, "big") for at in (1, size)
            )
            topic = _topic("ConsecutiveTransfer(uint256,uint256,address,address)")
            return [((topic, first, ZERO_HASH, _title(owner)), last)]
        case say.Transferred(to) | say.TitleForced(to):
            return [_passed(ledger, entry.subject, to)]
        case say.Accepted(Party.OWNER):
            return [_passed(ledger, entry.subject, entry.org)]
        case say.AccountAdded(account):
            return [_appointed(entry.subject, account, True)]
        case say.AccountRemoved(account):
            return [_appointed(entry.subject, account, False)]
        case say.Revised():
            return [((_topic("MetadataUpdate(uint256)"),), entry.subject)]
        case _:
            return []


def logged_approval(ledger: Ledger, to: Address, token: Hash32) -> Log:
    """What is told of an approval."""
    owner = ledger.owner_of(token)
    assert owner is not None
    topic = _topic("Approval(address,address,uint256)")
    return (topic, _title(owner), _address(to), token), b""


def _appointed(org: Hash32, account: Address, on: bool) -> Log:
    topic = _topic("ApprovalForAll(address,address,bool)")
    return (topic, _title(org), _address(account)), _number(on)


def _passed(ledger: Ledger, asset: Hash32, to: Hash32) -> Log:
    owner = ledger.owner_of(asset)
    assert owner is not None
    return _transfer(owner, to, asset)


def _transfer(from_: Hash32, to: Hash32, asset: Hash32) -> Log:
    topic = _topic("Transfer(address,address,uint256)")
    return (topic, _title(from_), _title(to), asset), b""


def _title(org: Hash32) -> bytes:
    return _address(organisation_address(org))


def _owner(found: Subject) -> Address:
    match found:
        case Asset() | Batch():
            return organisation_address(found.owner)
        case Schema() | World():
            return organisation_address(found.org)
        case _:
            return ZERO_ADDRESS


def _topic(signature: str) -> Hash32:
    return keccak(signature.encode())


def _address(address: Address) -> bytes:
    return address.rjust(32, b"\0")


def _number(number: int) -> bytes:
    return int(number).to_bytes(32, "big")
