"""Checks a report offline: numbered steps from its bytes to every bundle of its sample."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ledger.domain.batch import batch_id_of, index_of
from ledger.errors import DocumentError, MalformedValue
from ledger.hashing import keccak, sha256
from ledger.proofs.layout import SubjectClass
from ledger.proofs.steps import StepFailed
from ledger.proofs.verify import verify_bundle
from ledger.reports.draw import draw
from ledger.reports.report import Drawn, Report, Sample, decode_report
from ledger.reports.steps import (
    WrongAuditor,
    WrongBundle,
    WrongDraw,
    WrongOrder,
    WrongReport,
    WrongRequest,
)
from ledger.signatures import decode_signature
from ledger.types import Address, Hash32, parse_address, parse_hash, parse_hex, to_hex

NOT_PROVEN: Final = (
    "that the population, and the numbers of assets within it, are the ledger's: the auditor says"
    " so, having compared the mirror with the chain; whoever has a mirror can draw again",
    "when the audit was asked for: that is the auditor's word, save that the seed came later",
    "what the comparison and the rehashing came to: that is the auditor's word",
    "serials and names: the service calls assets and owners so",
)
"""What must not be read into a report that was checked."""


@dataclass(frozen=True, slots=True)
class ProvenAsset:
    """An asset whose bundle verified; `opened_at` is when it was born, seconds since 1970."""

    asset: Hash32
    opened_at: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A report that is what its auditor signed, and what the bundles of its sample prove."""

    report: Report
    proven: tuple[ProvenAsset, ...]
    not_proven: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trusted:
    """What whoever checks a report brings: the auditor, and maybe contract and hashes.

    They are of the block that bundles are as of, and, if that is of another chain, of the seed's.
    """

    signer: Address
    contract: Address | None = None
    block_hash: Hash32 | None = None
    seed_hash: Hash32 | None = None


def verify_report(
    raw: bytes,
    trusted: Trusted,
    find_bundle: Callable[[Hash32], bytes | None],
    there: Collection[Hash32] = (),
) -> Checked:
    """Check a report and the bundles beside it; nothing but the arguments is read.

    `find_bundle` gives the bundle that lies beside the report for an asset, `there` are the assets
    for which any do.

    Raises:
        ReportFailed: the subclass says which step failed; the steps before it have passed.
    """
    # 1. Form: the bytes are one report, in its only spelling.
    try:
        signed = decode_report(raw)
    except (MalformedValue, DocumentError) as error:
        raise WrongReport(error.message) from None
    report = signed.report

    # 2. Signature: the auditor signed it as it stands.
    _verify_signature(report, parse_hex(signed.signature), trusted.signer)

    # 3. Request: contract and seed are those that are trusted, and the seed came afterwards.
    _verify_request(report, trusted)
    if report.sample is None:
        _refuse_others(there, ())
        return Checked(report, (), NOT_PROVEN)

    # 4. Draw: these assets had to be drawn, and no others.
    _verify_draw(report, report.sample)

    # 5. Bundles: there is one for each that is said to be proven, and it proves it.
    _refuse_others(there, report.sample.drawn)
    proven = [
        _verify_bundle(report, report.sample, each, find_bundle(parse_hash(each.asset)))
        for each in report.sample.drawn
        if each.failure is None
    ]

    # 6. Order: later numbers were born later, those of a batch by its index.
    _verify_order(report, report.sample, proven)
    return Checked(report, tuple(proven), _not_proven(trusted, report, report.sample))


def _verify_signature(report: Report, signature: bytes, signer: Address) -> None:
    try:
        found = decode_signature(signature).recover(keccak(report.message()))
    except MalformedValue as error:
        raise WrongAuditor(error.message) from None
    if found != signer:
        told = "nobody" if found is None else to_hex(found)
        raise WrongAuditor(
            "somebody else signed what stands there", expected=to_hex(signer), found=told
        )
    if parse_address(report.signer) != signer:
        raise WrongAuditor("it names another signer", expected=to_hex(signer), found=report.signer)


def _verify_request(report: Report, trusted: Trusted) -> None:
    if trusted.contract is not None and parse_address(report.contract) != trusted.contract:
        raise WrongRequest(
            "it is about another contract",
            expected=to_hex(trusted.contract),
            found=report.contract,
        )
    sample = report.sample
    if sample is None:
        return
    for what, known, block in (
        ("bundles are as of another block", trusted.block_hash, sample.block),
        ("the seed is another block's", trusted.seed_hash, sample.seed),
    ):
        if known is not None and parse_hash(block.hash) != known:
            raise WrongRequest(what, expected=to_hex(known), found=block.hash)
    if sample.seed.chain_id == report.chain_id:
        _verify_own_seed(report, sample)
    elif sample.block.number < report.audit.block.number:
        raise WrongRequest(
            "bundles are as of a block before the compared one",
            expected=f"{report.audit.block.number} or later",
            found=sample.block.number,
        )
    if not sample.replayed and sample.seed.number <= sample.seed.newest:
        raise WrongRequest(
            "the seed's block was there already",
            expected=f"a block after {sample.seed.newest}",
            found=sample.seed.number,
        )


def _verify_own_seed(report: Report, sample: Sample) -> None:
    """See that a seed of the ledger's own chain is the bundles' block, and came afterwards."""
    seed, block = sample.seed, sample.block
    for what, expected, found in (
        ("number", block.number, seed.number),
        ("hash", block.hash, seed.hash),
        ("time", block.timestamp, seed.timestamp),
        ("newest block", report.asked.block.number, seed.newest),
    ):
        if expected != found:
            raise WrongRequest(
                f"the seed's {what} is another than it says elsewhere",
                expected=expected,
                found=found,
            )
    if seed.number <= report.audit.block.number:
        raise WrongRequest(
            "the seed's block was there already",
            expected=f"a block after {report.audit.block.number}",
            found=seed.number,
        )


def _verify_draw(report: Report, sample: Sample) -> None:
    expected = draw(report.domain(), parse_hash(sample.seed.hash), sample.population, sample.wanted)
    found = tuple([each.number for each in sample.drawn])
    for at, (one, other) in enumerate(zip(expected, found, strict=False)):
        if one != other:
            raise WrongDraw(f"asset {at} of the draw is another", expected=one, found=other)
    if len(expected) != len(found):
        raise WrongDraw("so many had to be drawn", expected=len(expected), found=len(found))
    ids = {each.asset: each.number for each in sample.drawn}
    for each in sample.drawn:
        if ids[each.asset] != each.number:
            raise WrongDraw(
                f"{each.asset} stands for two numbers", expected=each.number, found=ids[each.asset]
            )


def _refuse_others(there: Collection[Hash32], drawn: Collection[Drawn]) -> None:
    proven = {parse_hash(each.asset) for each in drawn if each.failure is None}
    if others := sorted(set(there) - proven):
        raise WrongBundle(
            f"there is a bundle of {to_hex(others[0])}, which the report does not tell of"
        )


def _verify_bundle(report: Report, sample: Sample, each: Drawn, raw: bytes | None) -> ProvenAsset:
    if raw is None:
        raise WrongBundle(f"the bundle of {each.asset} is missing")
    if to_hex(sha256(raw)) != each.bundle:
        raise WrongBundle(
            f"the bundle of {each.asset} is another",
            expected=each.bundle,
            found=to_hex(sha256(raw)),
        )
    try:
        verified = verify_bundle(
            raw, block_hash=parse_hash(sample.block.hash), contract=parse_address(report.contract)
        )
    except StepFailed as error:
        raise WrongBundle(f"the bundle of {each.asset} does not verify: {error}") from None
    for what, expected, found in (
        ("asset", each.asset, to_hex(verified.subject)),
        ("class", SubjectClass.ASSET.label, verified.word.subject_class.label),
        ("number of entries", each.entries, len(verified.entries)),
        ("code", report.code_hash, to_hex(verified.code_hash)),
        ("block's number", sample.block.number, verified.block.number),
        ("block's time", sample.block.timestamp, verified.block.timestamp),
    ):
        if expected != found:
            raise WrongBundle(
                f"the bundle of {each.asset} proves another {what}", expected=expected, found=found
            )
    return ProvenAsset(verified.subject, verified.state.opened_at)


def _verify_order(report: Report, sample: Sample, proven: Collection[ProvenAsset]) -> None:
    """See that births are in order, and none is after the block at which assets were counted."""
    opened = {to_hex(each.asset): each.opened_at for each in proven}
    numbered = sorted(sample.drawn, key=lambda each: each.number)
    for one, other in pairwise([each for each in numbered if each.asset in opened]):
        if opened[one.asset] > opened[other.asset]:
            raise WrongOrder(
                f"number {other.number} was born before number {one.number}",
                expected=f"{opened[one.asset]} or later",
                found=opened[other.asset],
            )
    for one, other in pairwise(numbered):
        _verify_neighbours(one, other)
    for asset, at in opened.items():
        if at > report.audit.block.timestamp:
            raise WrongOrder(
                f"{asset} was born after the block at which assets were counted",
                expected=f"{report.audit.block.timestamp} or earlier",
                found=at,
            )


def _verify_neighbours(one: Drawn, other: Drawn) -> None:
    first, second = parse_hash(one.asset), parse_hash(other.asset)
    apart = index_of(second) - index_of(first)
    if batch_id_of(first) == batch_id_of(second) and apart != other.number - one.number:
        raise WrongOrder(
            f"{one.asset} and {other.asset} are of one batch",
            expected=f"{other.number - one.number} apart",
            found=f"{apart} apart",
        )


def _not_proven(trusted: Trusted, report: Report, sample: Sample) -> tuple[str, ...]:
    is_own = sample.seed.chain_id == report.chain_id
    chain = "the chain" if is_own else f"chain {sample.seed.chain_id}"
    open_ = (
        ["that nobody knew the seed: the draw repeats an earlier one"] if sample.replayed else []
    )
    if trusted.block_hash is None and not is_own:
        open_.append(
            "that the bundles' block is part of the ledger's chain: its hash was not given"
        )
    if (trusted.block_hash if is_own else trusted.seed_hash) is None:
        open_.append(f"that the seed's block is part of {chain}: its hash was not given")
    made = f"that nobody chose the seed: who alone makes the blocks of {chain} can make several"
    return (*open_, made, *NOT_PROVEN)
