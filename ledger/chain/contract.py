"""Calling the ledger's contract: calldata and views, laid out by our own code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.chain.layout import WORD, address_word, array, pointed, selector, tail, word
from ledger.chain.rpc import RpcClient
from ledger.chain.wire import BlockId
from ledger.domain.entries import Entry
from ledger.errors import NodeUnavailable
from ledger.types import Address, Hash32, Party, to_hex


@dataclass(frozen=True, slots=True)
class Authorisation:
    """An account's leave to append one entry until `deadline` (seconds since 1970; EIP-712)."""

    actor: Address
    deadline: int
    signature: bytes


def _entry(entry: Entry) -> bytes:
    head = entry.subject + entry.org + word(entry.kind) + word(entry.position)
    return head + word(5 * WORD) + tail(entry.payload)


def _authorisation(given: Authorisation) -> bytes:
    head = address_word(given.actor) + word(given.deadline) + word(3 * WORD)
    return head + tail(given.signature)


# -- calldata --------------------------------------------------------------------------------

APPEND: Final = "append((bytes32,bytes32,uint16,uint64,bytes)[])"
APPEND_SIGNED: Final = (
    "appendSigned((bytes32,bytes32,uint16,uint64,bytes)[],(address,uint64,bytes)[])"
)
ENROL: Final = "enrol(string,address[])"
SUSPEND: Final = "suspend(bytes32,bytes32)"
REINSTATE: Final = "reinstate(bytes32,bytes32)"
FREEZE: Final = "freeze(bytes32,bytes32)"
UNFREEZE: Final = "unfreeze(bytes32,bytes32)"
FORCE_TITLE: Final = "forceTitle(bytes32,bytes32,bytes32)"
PAUSE: Final = "pause(bytes32)"
RESUME: Final = "resume(bytes32)"
NAME_SUCCESSOR: Final = "nameSuccessor(address,bytes32)"
SET_BASE_URI: Final = "setBaseURI(string)"


def encode_append(entries: Sequence[Entry]) -> bytes:
    """Calldata that appends entries as the sender."""
    return selector(APPEND) + pointed([array(map(_entry, entries))])


def encode_append_signed(
    entries: Sequence[Entry], authorisations: Sequence[Authorisation]
) -> bytes:
    """Calldata that appends entries, each by the account that signed it."""
    return selector(APPEND_SIGNED) + pointed(
        [array(map(_entry, entries)), array(map(_authorisation, authorisations))]
    )


def encode_enrol(did: str, accounts: Sequence[Address]) -> bytes:
    """Calldata that enrols an organisation with its first accounts."""
    listed = word(len(accounts)) + b"".join(map(address_word, accounts))
    return selector(ENROL) + pointed([tail(did.encode()), listed])


def encode_suspend(org: Hash32, reason: Hash32) -> bytes:
    """Calldata that suspends an organisation; `reason` is a document's hash."""
    return selector(SUSPEND) + org + reason


def encode_reinstate(org: Hash32, reason: Hash32) -> bytes:
    """Calldata that lets a suspended organisation act again."""
    return selector(REINSTATE) + org + reason


def encode_freeze(subject: Hash32, reason: Hash32) -> bytes:
    """Calldata that bars an asset from everything but governance."""
    return selector(FREEZE) + subject + reason


def encode_unfreeze(subject: Hash32, reason: Hash32) -> bytes:
    """Calldata that lets a frozen asset move again."""
    return selector(UNFREEZE) + subject + reason


def encode_force_title(asset: Hash32, to: Hash32, reason: Hash32) -> bytes:
    """Calldata that passes title to an organisation, whatever its owner says."""
    return selector(FORCE_TITLE) + asset + to + reason


def encode_pause(reason: Hash32) -> bytes:
    """Calldata that has the ledger take nothing but acts of governance."""
    return selector(PAUSE) + reason


def encode_resume(reason: Hash32) -> bytes:
    """Calldata that has the ledger take entries again."""
    return selector(RESUME) + reason


def encode_name_successor(successor: Address, reason: Hash32) -> bytes:
    """Calldata that says which contract is to go on where this one ends."""
    return selector(NAME_SUCCESSOR) + address_word(successor) + reason


def encode_set_base_uri(base_uri: str) -> bytes:
    """Calldata that sets where tokens' metadata is found (ERC-721, `tokenURI`)."""
    return selector(SET_BASE_URI) + pointed([tail(base_uri.encode())])


# -- views -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LedgerContract:
    """The deployed ledger, asked through a node; every view takes the block it is asked as of."""

    rpc: RpcClient
    address: Address

    def fetch_domain(self, block: BlockId = "latest") -> Hash32:
        """The EIP-712 domain separator that all ids and signatures bind."""
        return self._ask("domain()", block)

    def fetch_ledger_head(self, block: BlockId = "latest") -> Hash32:
        """The rolling hash over all entries, with the pause in its lowest bit."""
        return self._ask("ledgerHead()", block)

    def fetch_head(self, subject: Hash32, block: BlockId = "latest") -> Hash32:
        """A subject's head; zero if it is unknown."""
        return self._ask("head(bytes32)", block, subject)

    def fetch_count(self, subject: Hash32, block: BlockId = "latest") -> int:
        """How many entries a subject has: the position of its next one."""
        return int.from_bytes(self._ask("count(bytes32)", block, subject), "big")

    def fetch_word(self, subject: Hash32, block: BlockId = "latest") -> int:
        """A subject's packed storage word."""
        return int.from_bytes(self._ask("word(bytes32)", block, subject), "big")

    def fetch_founding(self, block: BlockId = "latest") -> Hash32:
        """The id of the ledger as a subject."""
        return self._ask("founding()", block)

    def fetch_paused(self, block: BlockId = "latest") -> bool:
        """Whether the ledger takes nothing but acts of governance."""
        return any(self._ask("paused()", block))

    # -- organisations and parties -----------------------------------------------------------

    def fetch_is_account(self, org: Hash32, account: Address, block: BlockId = "latest") -> bool:
        """Whether an account may act for an organisation."""
        return any(self._ask("isAccount(bytes32,address)", block, org, address_word(account)))

    def fetch_is_active(self, org: Hash32, block: BlockId = "latest") -> bool:
        """Whether an organisation is enrolled and not suspended."""
        return any(self._ask("isActive(bytes32)", block, org))

    def fetch_organisation_at(self, address: Address, block: BlockId = "latest") -> Hash32:
        """The organisation that holds titles at an address; zero if none does."""
        return self._ask("organisationAt(address)", block, address_word(address))

    def fetch_party(self, asset: Hash32, party: Party, block: BlockId = "latest") -> Address:
        """The address of the organisation that is a party to an asset; zero if none is."""
        return self._ask("partyOf(bytes32,uint8)", block, asset, word(party))[12:]

    def fetch_offer(
        self, asset: Hash32, party: Party, block: BlockId = "latest"
    ) -> tuple[Address, int]:
        """To whose address a party is offered, and until when; zeros if to nobody any more."""
        answer = self._ask("offerOf(bytes32,uint8)", block, asset, word(party), words=2)
        return answer[12:WORD], int.from_bytes(answer[WORD:], "big")

    # -- parts, claims and worlds ------------------------------------------------------------

    def fetch_parent(self, part: Hash32, block: BlockId = "latest") -> Hash32:
        """The asset of which `part` is a part; zero if of none."""
        return self._ask("parentOf(bytes32)", block, part)

    def fetch_is_in_force(
        self,
        subject: Hash32,
        position: int,
        issuer: Hash32,
        schema: Hash32,
        block: BlockId = "latest",
    ) -> bool:
        """Whether an attestation or a credential is neither lapsed nor revoked."""
        signature = "isInForce(bytes32,uint64,bytes32,bytes32)"
        return any(self._ask(signature, block, subject, word(position), issuer, schema))

    def fetch_is_open(self, world: Hash32, block: BlockId = "latest") -> bool:
        """Whether a world takes listings."""
        return any(self._ask("isOpen(bytes32)", block, world))

    def fetch_admission(self, world: Hash32, block: BlockId = "latest") -> tuple[Hash32, Hash32]:
        """The schema and the issuer of the credential that a world asks for; zero: any."""
        answer = self._ask("admissionOf(bytes32)", block, world, words=2)
        return answer[:WORD], answer[WORD:]

    def fetch_is_listed(self, asset: Hash32, world: Hash32, block: BlockId = "latest") -> bool:
        """Whether an asset is shown in a world now."""
        return any(self._ask("isListed(bytes32,bytes32)", block, asset, world))

    def _ask(self, signature: str, block: BlockId, *arguments: bytes, words: int = 1) -> bytes:
        """Call a view; `words` is how many 32-byte words it answers with."""
        data = selector(signature) + b"".join(arguments)
        answer = self.rpc.fetch_call(self.address, data, block)
        if len(answer) != words * WORD:
            raise NodeUnavailable(
                f"{self.rpc.shown}: {signature} at {to_hex(self.address)} gave {len(answer)} bytes",
                url=self.rpc.shown,
                method=signature,
            )
        return answer
