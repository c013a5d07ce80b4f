"""Reads logs into entries, and verifies all of them that can be without knowing the mirror.

What comes out are plain tuples: they go from process to process, and into tables, as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ledger.chain.wire import WireLog
from ledger.domain.kinds import BIRTHS, Kind
from ledger.domain.log import APPENDED_TOPIC, BadLog, decode_body
from ledger.errors import MirrorError
from ledger.hashing import head_tail, keccak, subject_id_of
from ledger.types import Address, Hash32, to_hex

Read: TypeAlias = tuple[int, int, Hash32, Hash32, Hash32, int, int, Address, int, bytes, bytes]
"""An entry: block number, log index, transaction hash, subject, org, kind, position, actor,
timestamp, payload, and the tail of its head (`ledger.hashing.head_tail`)."""

ReadBlock: TypeAlias = tuple[int, Hash32, int]
"""A block that holds entries: number, hash, timestamp."""

_TOPIC: Final = to_hex(APPENDED_TOPIC)
_KINDS: Final = {to_hex(kind.to_bytes(32)): (int(kind), kind.to_bytes(32)) for kind in Kind}
_BIRTHS: Final = frozenset(map(int, BIRTHS))


class Distrusted(MirrorError):
    """What the node told is not what the chain holds; asked again, it may tell better."""

    code = "distrusted"


@dataclass(frozen=True, slots=True)
class Reading:
    """The entries of some blocks in the ledger's order, and the blocks that hold them."""

    entries: Sequence[Read]
    blocks: Sequence[ReadBlock]


def read_logs(
    logs: Sequence[WireLog],
    domain: Hash32,
    contract: Address,
    times: Mapping[int, int],
) -> Reading:
    """Read a contract's logs; `times` tells the timestamps of their blocks by number.

    Raises:
        Distrusted: the logs are not the contract's entries in order, each once; or a birth does not
            hash to its subject's id.
    """
    try:
        return _read(logs, domain, to_hex(contract), times)
    except BadLog as error:
        raise Distrusted(str(error), **error.fields) from error
    except ValueError as error:
        raise Distrusted(f"a log is no log: {error}") from error


def _read(
    logs: Sequence[WireLog], domain: Hash32, contract: str, times: Mapping[int, int]
) -> Reading:
    # One pass with all that is looked up in locals: it runs for every entry of the chain.
    entries: list[Read] = []
    blocks: list[ReadBlock] = []
    from_hex, hash_, kinds, births = bytes.fromhex, keccak, _KINDS, _BIRTHS
    orgs: dict[str, Hash32] = {}  # few write much
    number, index, timestamp = -1, -1, 0
    number_text = hash_text = transaction_text = ""
    transaction = time_word = b""
    for log in logs:
        if log.blockNumber != number_text:
            number_text, hash_text = log.blockNumber, log.blockHash
            before, number = number, int(number_text, 16)
            if number <= before:
                raise Distrusted(f"logs of block {number} come after those of {before}")
            timestamp = _timestamp(number, times)
            time_word, index = timestamp.to_bytes(32), -1
            blocks.append((number, _hash(hash_text), timestamp))
        elif log.blockHash != hash_text:
            raise Distrusted(f"logs of block {number} are of two blocks", block=number)
        before, index = index, int(log.logIndex, 16)
        if index <= before:
            raise Distrusted(f"log {index} of block {number} comes after {before}", block=number)
        if log.transactionHash != transaction_text:
            transaction_text = log.transactionHash
            transaction = _hash(transaction_text)
        topics = log.topics
        if log.address != contract or len(topics) != 4 or topics[0] != _TOPIC:
            _verify_origin(log, contract)
        _, subject_text, org_text, kind_text = topics
        subject = from_hex(subject_text[2:])
        if org_text not in orgs:
            orgs[org_text] = from_hex(org_text[2:])
        org = orgs[org_text]
        if len(subject) != 32 or len(org) != 32:
            raise BadLog("not an Appended log", subject=subject_text, org=org_text)
        try:
            kind, kind_word = kinds[kind_text]
        except KeyError:
            raise BadLog("an entry of an unknown kind", kind=kind_text) from None
        body = from_hex(log.data[2:])
        position, actor, payload = decode_body(body)
        payload_hash = hash_(payload)
        if position == 0:
            _verify_birth(subject, domain, kind, kind_word, org, payload_hash)
        elif kind in births:
            raise Distrusted(f"a birth at position {position}", subject=subject_text)
        tail = head_tail(body[:32], kind_word, org, body[32:64], time_word, payload_hash)
        entries.append(
            (
                number, index, transaction, subject, org, kind,
                position, actor, timestamp, payload, tail,
            )
        )  # fmt: skip
    return Reading(entries, blocks)


def _timestamp(number: int, times: Mapping[int, int]) -> int:
    try:
        return times[number]
    except KeyError:
        raise Distrusted(f"a log of block {number}, whose header is not known") from None


def _hash(text: str) -> Hash32:
    value = bytes.fromhex(text[2:])
    if len(value) != 32:
        raise ValueError(f"{text} is no hash")
    return value


def _verify_origin(log: WireLog, contract: str) -> None:
    """Look again at what differs in writing, and may be the same in other letters' case."""
    if log.address.lower() != contract:
        raise Distrusted("a log of another contract", contract=log.address)
    if len(log.topics) != 4 or log.topics[0].lower() != _TOPIC:
        raise BadLog("not an Appended log", topics=len(log.topics))


def _verify_birth(
    subject: Hash32, domain: Hash32, kind: int, kind_word: bytes, org: Hash32, payload_hash: Hash32
) -> None:
    born = subject_id_of(domain, kind_word, org, payload_hash)
    if born != subject or kind not in _BIRTHS:
        raise Distrusted(
            "a first entry does not hash to its subject's id",
            expected=to_hex(born),
            found=to_hex(subject),
        )
