"""The only place that hashes: ids, heads, organisation addresses, typed data and Merkle trees."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from tiny_keccak import keccak256

from ledger.types import Address, Hash32

keccak: Final[Callable[[bytes], Hash32]] = keccak256
"""Keccak-256 as Ethereum uses it (Keccak submission, padding 0x01)."""

EMPTY_TREE: Final = hashlib.sha256(b"").digest()

_DOMAIN_TYPE: Final = keccak(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_ENTRY_TYPE: Final = keccak(
    b"Entry(bytes32 subject,bytes32 org,uint16 kind,uint64 position,bytes payload,uint64 deadline)"
)
_STANDALONE_TYPE: Final = keccak(b"EIP712Domain(string name,string version)")
_CHECKPOINT_TYPE: Final = keccak(
    b"Checkpoint(bytes32 domain,uint64 blockNumber,bytes32 blockHash,bytes32 ledgerHead)"
)
_RECEIPTS_TYPE: Final = keccak(b"Receipts(bytes32 domain,bytes32 root,uint64 size)")
_AUDIT_REPORT_TYPE: Final = keccak(b"AuditReport(bytes32 domain,bytes32 contentHash)")
_NAME: Final = keccak(b"AssetLedger")
_VERSION: Final = keccak(b"1")
_CHECKPOINT_DOMAIN: Final = keccak(_STANDALONE_TYPE + keccak(b"AssetLedgerCheckpoint") + _VERSION)
_RECEIPTS_DOMAIN: Final = keccak(_STANDALONE_TYPE + keccak(b"AssetLedgerReceipts") + _VERSION)
_AUDIT_DOMAIN: Final = keccak(_STANDALONE_TYPE + keccak(b"AssetLedgerAudit") + _VERSION)
_BATCH_REGISTERED: Final = (33).to_bytes(32, "big")


LAST_BYTES: Final = tuple(
    [[bytes([byte & 0xFE | paused]) for byte in range(256)] for paused in (False, True)]
)
"""What becomes of a ledger head's last byte, by whether the ledger is paused."""

# What HMAC mixes into a key, and into the zeros that fill it up to SHA-256's 64 bytes.
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_INNER_REST: Final = b"\x36" * 32
_OUTER_REST: Final = b"\x5c" * 32


def sha256(message: bytes) -> Hash32:
    """SHA-256 (FIPS 180-4)."""
    return hashlib.sha256(message).digest()


def hmac_sha256(key: bytes, message: bytes) -> Hash32:
    """HMAC with SHA-256 (RFC 2104)."""
    return hmac.digest(key, message, "sha256")


def hmac_sha256_each(key: Hash32, messages: Iterable[bytes]) -> list[Hash32]:
    """`hmac_sha256` of many messages under one key of 32 bytes, at half the cost."""
    inner, outer = key.translate(_INNER) + _INNER_REST, key.translate(_OUTER) + _OUTER_REST
    digest = hashlib.sha256
    return [digest(outer + digest(inner + one).digest()).digest() for one in messages]


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def domain_separator(chain_id: int, contract: Address) -> Hash32:
    """The ledger's domain: binds chain and contract (EIP-712, `domainSeparator`)."""
    return keccak(_DOMAIN_TYPE + _NAME + _VERSION + _word(chain_id) + contract.rjust(32, b"\0"))


def subject_id(domain: Hash32, kind: int, org: Hash32, payload: bytes) -> Hash32:
    """A subject's id: the hash of its first entry, so that an id certifies the birth.

    A batch's has its low 24 bits cleared: the ids that follow are its assets'.
    """
    return subject_id_of(domain, _word(kind), org, keccak(payload))


def subject_id_of(domain: Hash32, kind: bytes, org: Hash32, payload_hash: Hash32) -> Hash32:
    """The same of what is hashed already; `kind` fills a word."""
    born = keccak(domain + kind + org + payload_hash)
    return born[:29] + bytes(3) if kind == _BATCH_REGISTERED else born


def next_head(
    head: Hash32,
    position: int,
    kind: int,
    org: Hash32,
    actor: Address,
    timestamp: int,
    payload: bytes,
) -> Hash32:
    """A subject's head after its entry at `position` ≥ 1 (head₀ is the id)."""
    return keccak(
        head
        + head_tail(
            _word(position),
            _word(kind),
            org,
            actor.rjust(32, b"\0"),
            _word(timestamp),
            keccak(payload),
        )
    )


def head_tail(
    position: bytes, kind: bytes, org: Hash32, actor: bytes, timestamp: bytes, payload_hash: Hash32
) -> bytes:
    """What is hashed behind the head before, to give the next; each fills a word."""
    return b"".join((position, kind, org, actor, timestamp, payload_hash))


ACTOR_AND_TIME: Final = slice(96, 160)
"""Where in a head's tail the words stand that the ledger head hashes behind head."""


def next_ledger_head(
    ledger_head: Hash32, head: Hash32, actor: Address, timestamp: int, *, paused: bool
) -> Hash32:
    """The ledger head after an entry that left its subject at `head` (zero before the first).

    Its lowest bit is no part of the hash: it says whether the ledger is `paused` after the entry.
    """
    mixed = keccak(ledger_head + head + actor.rjust(32, b"\0") + _word(timestamp))
    return mixed[:31] + LAST_BYTES[paused][mixed[31]]


def is_paused(ledger_head: Hash32) -> bool:
    """Whether a ledger head says that the ledger is paused."""
    return bool(ledger_head[31] & 1)


def organisation_address(org: Hash32) -> Address:
    """The address that holds an organisation's titles: the low 20 bytes of its id."""
    return org[12:]


def entry_message(
    domain: Hash32,
    subject: Hash32,
    org: Hash32,
    kind: int,
    position: int,
    payload: bytes,
    deadline: int,
) -> bytes:
    """What an account signs the keccak of, to have an entry appended for it (EIP-712)."""
    struct = keccak(
        _ENTRY_TYPE
        + subject
        + org
        + _word(kind)
        + _word(position)
        + keccak(payload)
        + _word(deadline)
    )
    return b"\x19\x01" + domain + struct


def checkpoint_message(
    domain: Hash32, block_number: int, block_hash: Hash32, ledger_head: Hash32
) -> bytes:
    """What a witness signs the keccak of (EIP-712; `CheckpointLog.digest`).

    Its EIP-712 domain has neither chain nor contract: the ledger's own `domain` binds both.
    """
    struct = keccak(_CHECKPOINT_TYPE + domain + _word(block_number) + block_hash + ledger_head)
    return b"\x19\x01" + _CHECKPOINT_DOMAIN + struct


def receipts_message(domain: Hash32, root: Hash32, size: int) -> bytes:
    """What a service signs the keccak of, to promise `size` receipts of one tree (EIP-712)."""
    struct = keccak(_RECEIPTS_TYPE + domain + root + _word(size))
    return b"\x19\x01" + _RECEIPTS_DOMAIN + struct


def audit_message(domain: Hash32, content_hash: Hash32) -> bytes:
    """What an auditor signs the keccak of, to vouch for a report of that hash (EIP-712)."""
    struct = keccak(_AUDIT_REPORT_TYPE + domain + content_hash)
    return b"\x19\x01" + _AUDIT_DOMAIN + struct


def personal_message(text: bytes) -> bytes:
    """What a wallet signs the keccak of, to sign a text (EIP-191, version 0x45)."""
    return b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text


def mapping_slot(key: Hash32, slot: int) -> Hash32:
    """Where Solidity keeps `mapping(bytes32 => …)[key]` (Solidity, layout of mappings)."""
    return keccak(key + _word(slot))


def leaf_hash(leaf: bytes) -> Hash32:
    """Hash of a Merkle tree's leaf (RFC 6962, 2.1)."""
    return sha256(b"\x00" + leaf)


def node_hash(left: Hash32, right: Hash32) -> Hash32:
    """Hash of a Merkle tree's inner node (RFC 6962, 2.1)."""
    return sha256(b"\x01" + left + right)


def merkle_root(leaves: Sequence[bytes]) -> Hash32:
    """Merkle tree hash over `leaves` (RFC 6962, 2.1)."""
    if not leaves:
        return EMPTY_TREE
    digest = hashlib.sha256
    return merkle_top([digest(b"\0" + leaf).digest() for leaf in leaves])


def merkle_top(level: Sequence[Hash32]) -> Hash32:
    """The root above a level of a Merkle tree: leaf hashes, or the roots of 2ⁿ leaves each."""
    while len(level) > 1:
        level = next_level(level)
    return level[0]


def next_level(level: Sequence[Hash32]) -> list[Hash32]:
    """The level above a level of a Merkle tree.

    Pairing neighbours and carrying an odd last one up gives RFC 6962's split at powers of two.
    """
    digest = hashlib.sha256
    paired = [
        digest(b"\1" + left + right).digest()
        for left, right in zip(level[::2], level[1::2], strict=False)
    ]
    return paired + list(level[len(level) & ~1 :])
