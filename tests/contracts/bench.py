"""A ledger on an Anvil of its own with a cast of actors, put back as it was for every example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.chain.contract import Authorisation, encode_append, encode_enrol, encode_suspend
from ledger.chain.refusals import decode_refusal
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.domain import payloads as say
from ledger.domain.entries import Appended, Entry
from ledger.domain.ledger import Ledger
from ledger.domain.log import APPENDED_TOPIC, decode_appended
from ledger.errors import Refused
from ledger.hashing import (
    domain_separator,
    entry_message,
    keccak,
    organisation_address,
    sha256,
    subject_id,
)
from ledger.proofs.layout import ledger_head_slot
from ledger.types import ZERO_HASH, Address, AssetKind, Hash32, Party, Stage, parse_hex, to_hex
from tests.contracts.answers import Log, Question, encode_question
from tests.contracts.conditions import Beside
from tests.contracts.node import CHAIN_ID, GAS_LIMIT, Chain, deploy_ledger

FLAGS = (
    *("--auto-impersonate", "--gas-price", "0", "--block-base-fee-per-gas", "0"),
    *("--timestamp", "1800000000"),
)
"""Of an Anvil on which everybody acts, nobody pays, and time begins as ever."""

VOUCHING = (b"\x0a" * 20, bytes.fromhex("631626ba7e60e01b5f5260205ff3"))
"""A contract's address and its code, which vouches for whatever it is asked (ERC-1271)."""

SILENT = (b"\x0b" * 20, b"\x00")
"""One that says nothing."""

TAKING = bytes.fromhex("63150b7a0260e01b5f5260205ff3")
"""Code that takes every token (ERC-721)."""

_SIGNERS = ("governor", "custodian", "first", "second", "third", "stranger")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a transaction: entries and other logs, or why it was refused."""

    entries: list[Appended]
    logs: list[Log]
    refused: Refused | None


@dataclass(slots=True)
class Bench:
    """The chain, the deployed ledger, and what it has been told so far.

    `refusing` is an organisation's address with code that takes no tokens.
    """

    chain: Chain
    address: str
    ledger: Ledger
    signers: dict[Address, KeystoreSigner]
    beside: Beside = field(default_factory=Beside)
    entries: list[Appended] = field(default_factory=list)
    refusing: Address = b""
    now: int = 0
    _snapshot: str = ""

    @property
    def accounts(self) -> list[Address]:
        """All that may ever act for an organisation."""
        return [*self.signers, VOUCHING[0], SILENT[0]]

    @property
    def governor(self) -> Address:
        return self.accounts[0]

    @property
    def custodian(self) -> Address:
        """An account of all organisations that the bench begins with."""
        return self.accounts[1]

    # -- the chain ---------------------------------------------------------------------------

    def restore(self) -> None:
        """Put the chain back to where the bench was opened."""
        if self._snapshot:
            assert self.chain.ask("evm_revert", self._snapshot)
        self._snapshot = self.chain.ask("evm_snapshot")

    def send(self, sender: Address, data: bytes, now: int) -> Outcome:
        """Have a transaction mined alone in a block of that time."""
        self.chain.ask("evm_setNextBlockTimestamp", now)
        fields = {
            "from": to_hex(sender),
            "to": self.address,
            "data": to_hex(data),
            "gas": hex(GAS_LIMIT),
            "gasPrice": "0x0",
        }
        receipt = self.chain.ask("eth_sendTransactionSync", fields)
        if receipt["status"] != "0x1":
            return Outcome([], [], self._refusal(receipt["transactionHash"]))
        read = [_read_log(log) for log in receipt["logs"]]
        entries = [_read_entry(log, now) for log in read if log[0][0] == APPENDED_TOPIC]
        return Outcome(entries, [log for log in read if log[0][0] != APPENDED_TOPIC], None)

    def ledger_head(self) -> Hash32:
        """The ledger head, from storage."""
        slot = to_hex(ledger_head_slot())
        return parse_hex(self.chain.ask("eth_getStorageAt", self.address, slot, "latest"))

    def stored(self, slots: Sequence[Hash32]) -> list[Hash32]:
        """What stands in slots of the ledger's storage."""
        asked = [("eth_getStorageAt", self.address, to_hex(one), "latest") for one in slots]
        return [parse_hex(answer) for answer in self.chain.ask_all(asked)]

    def answers(self, questions: Sequence[Question], now: int) -> list[bytes]:
        """What the contract answers at a time."""
        asked = [
            (
                "eth_call",
                {"to": self.address, "data": to_hex(encode_question(one))},
                "latest",
                None,
                {"time": hex(now)},
            )
            for one in questions
        ]
        return [parse_hex(answer) for answer in self.chain.ask_all(asked)]

    def _refusal(self, transaction: str) -> Refused:
        told = self.chain.ask("debug_traceTransaction", transaction, {"tracer": "callTracer"})
        refused = decode_refusal(parse_hex(told.get("output", "0x")))
        assert refused is not None, f"reverted for no reason that we know: {told}"
        return refused

    # -- its signers -------------------------------------------------------------------------

    def sign(self, entry: Entry, deadline: int, signer: Address, actor: Address) -> Authorisation:
        """A leave for an entry by `actor`, signed by `signer`'s key; a contract's needs none."""
        message = entry_message(
            self.ledger.domain,
            entry.subject,
            entry.org,
            entry.kind,
            entry.position,
            entry.payload,
            deadline,
        )
        if signer not in self.signers:
            return Authorisation(actor, deadline, b"me")
        signature = self.signers[signer].sign_message(message)
        return Authorisation(actor, deadline, signature.encode())


def _read_log(log: dict[str, Any]) -> Log:
    return tuple([parse_hex(topic) for topic in log["topics"]]), parse_hex(log["data"])


def _read_entry(log: Log, now: int) -> Appended:
    told = decode_appended(*log)
    return Appended(
        subject=told.subject,
        org=told.org,
        kind=told.kind,
        position=told.position,
        payload=told.payload,
        actor=told.actor,
        timestamp=now,
    )


# -- opening ---------------------------------------------------------------------------------


def open_bench(chain: Chain) -> Bench:
    """Deploy a ledger, and let it begin with organisations, schemas, worlds, assets, a batch."""
    chain.ask("evm_setAutomine", True)
    for wallet, code in (VOUCHING, SILENT):
        chain.ask("anvil_setCode", to_hex(wallet), to_hex(code))
    signers = [KeystoreSigner(sha256(name.encode())) for name in _SIGNERS]
    for signer in signers:
        chain.ask("anvil_setBalance", to_hex(signer.address), hex(10**18))
    receipt = deploy_ledger(chain, to_hex(signers[0].address))
    address = receipt["contractAddress"]
    ledger = Ledger(domain_separator(CHAIN_ID, parse_hex(address)))
    bench = Bench(chain, address, ledger, {one.address: one for one in signers})
    bench.now = int(chain.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    _take(bench, [_read_entry(_read_log(receipt["logs"][0]), bench.now)])
    _begin(bench)
    return bench


def _begin(bench: Bench) -> None:
    governor, custodian, first, second, third, _, vouching, silent = bench.accounts
    orgs = []
    of_their_own = {
        "one": [first],
        "two": [second],
        "three": [third],
        "four": [vouching, silent],
        "five": [],
        "six": [],
    }
    for name, own in of_their_own.items():
        accounts = [custodian, *own]
        _tell(bench, governor, encode_enrol(f"did:web:{name}.example", accounts))
        orgs.append(bench.entries[-len(accounts) - 1].subject)
    one, two, three, four, _, six = orgs
    document = keccak(b"a document")
    schema = _birth(bench, one, say.SchemaPublished(document, ZERO_HASH))
    _birth(bench, two, say.SchemaPublished(document, ZERO_HASH))
    _birth(bench, one, say.WorldOpened(document, ZERO_HASH, ZERO_HASH))
    world = _birth(bench, two, say.WorldOpened(document, schema, one))
    _birth(bench, two, say.BatchRegistered(two, schema, document, 1000, document))
    assets = [
        _birth(bench, org, say.Registered(org, ZERO_HASH, document, kind))
        for org in orgs
        for kind in (AssetKind.TYPE, AssetKind.INSTANCE)
    ]
    for stage in (Stage.COMMISSIONED, Stage.IN_SERVICE, Stage.DECOMMISSIONED):
        _say(bench, one, assets[0], say.Staged(stage))
        if stage is not Stage.DECOMMISSIONED:
            _say(bench, two, assets[2], say.Staged(stage))
    for party, org in zip(list(Party)[1:], (two, three, four), strict=True):
        _say(bench, one, assets[1], say.Offered(party, org, 0))
        _say(bench, org, assets[1], say.Accepted(party))
    for party in (Party.CUSTODIAN, Party.OPERATOR):
        _say(bench, two, assets[2], say.Offered(party, one, 0))
        _say(bench, one, assets[2], say.Accepted(party))
    _say(bench, one, assets[1], say.Offered(Party.OWNER, two, 0))
    _say(bench, two, assets[1], say.Offered(Party.CUSTODIAN, four, 0))
    _say(bench, two, assets[1], say.Attested(schema, document, 0))
    _say(bench, two, assets[3], say.Mounted(assets[2]))
    for org in orgs:
        for issuer in (three, one):
            _say(bench, issuer, org, say.CredentialIssued(schema, document, 0))
    admitted = bench.ledger.count(two) - 1
    _say(bench, two, assets[2], say.Listed(world, document, document, 0, one, admitted))
    for party in (Party.OWNER, Party.OPERATOR):
        _say(bench, six, assets[-1], say.Offered(party, one, 0))
    _tell(bench, governor, encode_suspend(six, document))
    bench.refusing = organisation_address(three)
    for address, code in ((bench.refusing, SILENT[1]), (organisation_address(four), TAKING)):
        bench.chain.ask("anvil_setCode", to_hex(address), to_hex(code))


def _birth(bench: Bench, org: Hash32, payload: say.Payload) -> Hash32:
    subject = subject_id(bench.ledger.domain, payload.KIND, org, payload.encode())
    _say(bench, org, subject, payload)
    return subject


def _say(bench: Bench, org: Hash32, subject: Hash32, payload: say.Payload) -> None:
    position = bench.ledger.count(subject)
    entry = Entry(subject, org, payload.KIND, position, payload.encode())
    _tell(bench, bench.custodian, encode_append([entry]))


def _tell(bench: Bench, sender: Address, data: bytes) -> None:
    bench.now += 1
    outcome = bench.send(sender, data, bench.now)
    assert outcome.refused is None, outcome.refused
    _take(bench, outcome.entries)


def _take(bench: Bench, entries: Sequence[Appended]) -> None:
    for entry in entries:
        bench.ledger.append(entry)
        bench.beside.note(entry)
        bench.entries.append(entry)
