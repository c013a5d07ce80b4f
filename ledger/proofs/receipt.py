"""A receipt: what a service promised to bring onto the ledger, in words that it signed.

One signature serves all requests that were accepted in one transaction: it is over the root of a
tree (RFC 6962, 2.1), of which each promise is a leaf; a receipt has the path from its own to the
root. As JSON it is one object: `format`, the members of `Promise`, `index`, `size`, `path` and
`signature`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from ledger.documents.batch_tree import find_root
from ledger.documents.canonical import MAX_INTEGER, JsonValue
from ledger.domain.kinds import Kind
from ledger.errors import MalformedValue, VerificationError
from ledger.hashing import keccak, receipts_message
from ledger.proofs.members import (
    load_file,
    read_all_bytes,
    read_bytes,
    read_flag,
    read_integer,
    read_object,
)
from ledger.proofs.witness import recover_witness
from ledger.signatures import LENGTH
from ledger.types import Address, Hash32, to_hex

FORMAT: Final = "asset-ledger-receipt/1"
"""How a receipt calls itself."""

_LONGEST_PATH: Final = 40
_MEMBERS: Final = frozenset(
    {
        "format",
        "domain",
        "operation",
        "organisation",
        "subject",
        "kind",
        "position",
        "position_fixed",
        "payload",
        "accepted_at",
        "index",
        "size",
        "path",
        "signature",
    }
)


class WrongReceipt(VerificationError):
    """The receipt does not prove what it claims."""

    code = "wrong_receipt"


class WrongSigner(WrongReceipt):
    """The receipt was signed, but not by the service that is trusted to have given it."""

    code = "wrong_signer"


@dataclass(frozen=True, slots=True)
class Promise:
    """An entry that a service took on to append: `organisation` (zero: governance) said so.

    `operation` is the service's own name for it (UUID), `accepted_at` in milliseconds since 1970.
    Unless `position_fixed`, the entry takes the position that is next when it is sent, and
    `position` is a prediction.
    """

    operation: str
    organisation: Hash32
    subject: Hash32
    kind: int
    position: int
    position_fixed: bool
    payload: bytes
    accepted_at: int

    def leaf(self) -> bytes:
        """The leaf: each member as 32 bytes, in order, the payload by its Keccak-256."""
        return b"".join(
            (
                bytes(16),
                bytes.fromhex(self.operation.replace("-", "")),
                self.organisation,
                self.subject,
                self.kind.to_bytes(32, "big"),
                self.position.to_bytes(32, "big"),
                self.position_fixed.to_bytes(32, "big"),
                keccak(self.payload),
                self.accepted_at.to_bytes(32, "big"),
            )
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """A promise about the ledger of `domain`, and what proves that the service made it."""

    domain: Hash32
    promise: Promise
    index: int
    size: int
    path: tuple[Hash32, ...]
    signature: bytes

    def value(self) -> dict[str, JsonValue]:
        """The receipt as JSON."""
        promise = self.promise
        return {
            "format": FORMAT,
            "domain": to_hex(self.domain),
            "operation": promise.operation,
            "organisation": to_hex(promise.organisation),
            "subject": to_hex(promise.subject),
            "kind": Kind(promise.kind).label,
            "position": promise.position,
            "position_fixed": promise.position_fixed,
            "payload": to_hex(promise.payload),
            "accepted_at": promise.accepted_at,
            "index": self.index,
            "size": self.size,
            "path": [to_hex(one) for one in self.path],
            "signature": to_hex(self.signature),
        }


def encode_receipt(receipt: Receipt) -> bytes:
    """Write a receipt's file."""
    return (json.dumps(receipt.value(), indent=2) + "\n").encode()


def decode_receipt(raw: bytes) -> Receipt:
    """Read a receipt strictly.

    Raises:
        DocumentError: it is no strict JSON.
        MalformedValue: a member is missing, unknown or malformed.
    """
    value = load_file(raw, FORMAT, "receipt")
    members = read_object(value, _MEMBERS, "receipt")
    return Receipt(
        domain=read_bytes(members["domain"], 32, "domain"),
        promise=_read_promise(members),
        index=read_integer(members["index"], MAX_INTEGER, "index"),
        size=read_integer(members["size"], MAX_INTEGER, "size"),
        path=read_all_bytes(members["path"], 32, "path", most=_LONGEST_PATH),
        signature=read_bytes(members["signature"], LENGTH, "signature"),
    )


def _read_promise(members: dict[str, JsonValue]) -> Promise:
    return Promise(
        operation=_read_operation(members["operation"]),
        organisation=read_bytes(members["organisation"], 32, "organisation"),
        subject=read_bytes(members["subject"], 32, "subject"),
        kind=_read_kind(members["kind"]),
        position=read_integer(members["position"], MAX_INTEGER, "position"),
        position_fixed=read_flag(members["position_fixed"], "position_fixed"),
        payload=read_bytes(members["payload"], None, "payload"),
        accepted_at=read_integer(members["accepted_at"], MAX_INTEGER, "accepted_at"),
    )


def _read_operation(value: JsonValue) -> str:
    try:
        if isinstance(value, str) and str(UUID(value)) == value:
            return value
    except ValueError:
        pass
    raise MalformedValue(field="operation", value=value, wanted="a UUID in lower case")


def _read_kind(value: JsonValue) -> int:
    for kind in Kind:
        if kind.label == value:
            return kind
    raise MalformedValue(field="kind", value=value, wanted="a kind of entry")


def verify_receipt(receipt: Receipt, signer: Address) -> None:
    """Check that a service promised what a receipt says.

    Raises:
        WrongReceipt: the path leads to no tree of that size.
        WrongSigner: somebody else signed, or another promise was signed.
        BadSignature: the signature is none.
    """
    root = find_root(receipt.size, receipt.index, receipt.promise.leaf(), receipt.path)
    if root is None:
        raise WrongReceipt(
            f"the path leads from no leaf {receipt.index} of {receipt.size} to a root"
        )
    digest = keccak(receipts_message(receipt.domain, root, receipt.size))
    found = recover_witness(digest, receipt.signature)
    if found != signer:
        raise WrongSigner(
            f"the receipt, as it stands, was signed by {to_hex(found)}, not {to_hex(signer)}",
            expected=to_hex(signer),
            found=to_hex(found),
        )
