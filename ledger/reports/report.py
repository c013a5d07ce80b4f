"""An audit's report: what was asked and when, what was drawn, what came of it, and who says so.

A report's file is canonical JSON (RFC 8785) of `report` and `signature`, and nothing else. The
signature is over Keccak-256 of the canonical JSON of `report` (EIP-712, `AuditReport`), with the
ledger's own domain beside it. Hashes are lower-case 0x-hex, times seconds since 1970.
`report.schema.json` says the form again (JSON Schema 2020-12).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from ledger.documents.canonical import MAX_INTEGER, canonical, load_document
from ledger.errors import MalformedValue
from ledger.hashing import audit_message, domain_separator, keccak
from ledger.reports.draw import MOST_DRAWN
from ledger.types import Hash32, parse_address, to_hex

Format: TypeAlias = Literal["asset-ledger-audit/1"]
FORMAT: Final[Format] = "asset-ledger-audit/1"
"""How a report calls itself."""

LONGEST: Final = 64 * 1024 * 1024
"""Bytes of a report's file at most."""

HexHash: TypeAlias = Annotated[str, Meta(pattern=r"^0x[0-9a-f]{64}\Z")]
HexAddress: TypeAlias = Annotated[str, Meta(pattern=r"^0x[0-9a-f]{40}\Z")]
HexSignature: TypeAlias = Annotated[str, Meta(pattern=r"^0x[0-9a-f]{130}\Z")]
Number: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Time: TypeAlias = Annotated[int, Meta(ge=0, lt=253_402_300_800)]
"""Seconds since 1970, before the year 10000."""
Text: TypeAlias = Annotated[str, Meta(max_length=2_000)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Members of a report, all of them there and no other."""


class BlockAt(_Part, frozen=True):
    """A block of the chain."""

    number: Number
    hash: HexHash
    timestamp: Time


class Asked(_Part, frozen=True):
    """When the audit was asked for: by the auditor's clock, and the newest block then."""

    at: Time
    block: BlockAt


class BadDocumentSaid(_Part, frozen=True):
    """The first document that is not what the ledger says."""

    content_hash: HexHash
    subject: HexHash | None
    position: Number | None
    sequence: Number | None
    reason: Text


class DocumentsSaid(_Part, frozen=True):
    """What rehashing all documents came to."""

    kept: Number
    lines: Number
    erased: Number
    kept_though_erased: Number
    bad: Number
    first: BadDocumentSaid | None


class Compared(_Part, frozen=True):
    """What comparing the mirror with the chain came to, as of a block; rows are told by table."""

    block: BlockAt
    ledger_head: HexHash
    entries: Number
    heads_checked: Number
    equal: bool
    compared: dict[str, Number]
    bad: dict[str, Number]
    left_out: list[str]
    first: Text | None
    documents: DocumentsSaid | None


class Drawn(_Part, frozen=True):
    """An asset of the sample: its number, its bundle's SHA-256, and how many entries it proves.

    `failure` says why there is no bundle. `serial` and `owner` are what the service calls asset and
    owner; nothing proves them.
    """

    number: Number
    asset: HexHash
    bundle: HexHash | None
    entries: Number | None
    failure: Text | None
    serial: Text | None
    owner: Text | None


class Seed(BlockAt, frozen=True):
    """The block whose hash drew; on its chain `newest` was the newest block at the request."""

    chain_id: Number
    newest: Number


class Sample(_Part, frozen=True):
    """The draw: `wanted` of the `population` that there was after the compared block.

    Bundles are as of `block`, which is the seed's own unless that is of another chain. `replayed`
    says that the seed is older than the request: the draw repeats an earlier one.
    """

    wanted: Annotated[int, Meta(ge=1, le=MOST_DRAWN)]
    population: Number
    block: BlockAt
    seed: Seed
    replayed: bool
    drawn: list[Drawn]


class Report(_Part, frozen=True):
    """All that an auditor vouches for; `signer` is the account that signs."""

    format: Format
    tool: Text
    title: Text
    auditor: Text
    signer: HexAddress
    chain_id: Number
    contract: HexAddress
    code_hash: HexHash
    asked: Asked
    audit: Compared
    sample: Sample | None

    def domain(self) -> Hash32:
        """The domain of the ledger that it is about."""
        return domain_separator(self.chain_id, parse_address(self.contract))

    def value(self) -> dict[str, Any]:
        """As JSON."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found

    def message(self) -> bytes:
        """What the auditor signs the keccak of."""
        return audit_message(self.domain(), keccak(canonical(self.value())))

    @property
    def is_good(self) -> bool:
        """Whether nothing was found wanting."""
        documents, sample = self.audit.documents, self.sample
        return (
            self.audit.equal
            and (documents is None or documents.bad == 0)
            and (sample is None or all(each.failure is None for each in sample.drawn))
        )


class SignedReport(_Part, frozen=True):
    """A report and its auditor's signature (65 bytes)."""

    report: Report
    signature: HexSignature


def encode_report(report: Report, signature: bytes) -> bytes:
    """The file of a report; the same gives the same bytes."""
    return canonical({"report": report.value(), "signature": to_hex(signature)})


def decode_report(raw: bytes) -> SignedReport:
    """Read a report's file strictly.

    Raises:
        DocumentError: it is no strict JSON.
        MalformedValue: a member is missing, unknown or malformed, or it is spelt otherwise.
    """
    if len(raw) > LONGEST:
        raise MalformedValue(field="report", value=f"{len(raw)} bytes", wanted="a report")
    value = load_document(raw, field="report")
    _verify_format(value)
    try:
        found = msgspec.convert(value, SignedReport, strict=True)
    except msgspec.ValidationError as error:
        raise MalformedValue(field="report", value=str(error), wanted="a report") from None
    if canonical(msgspec.to_builtins(found)) != raw:
        raise MalformedValue(field="report", value=raw[:40], wanted="in canonical form (RFC 8785)")
    _verify_drawn(found.report)
    return found


def _verify_drawn(report: Report) -> None:
    """See that each asset has either a bundle or a failure."""
    for at, each in enumerate(report.sample.drawn if report.sample else ()):
        there = (each.bundle is not None, each.entries is not None, each.failure is None)
        if len(set(there)) > 1:
            raise MalformedValue(
                field=f"report.sample.drawn[{at}]",
                value=each.asset,
                wanted="told of by bundle and entries, or by failure",
            )


def _verify_format(value: Mapping[str, Any]) -> None:
    inner = value.get("report")
    told = inner.get("format") if isinstance(inner, dict) else None
    if told != FORMAT:
        raise MalformedValue(field="report.format", value=told, wanted=FORMAT)
