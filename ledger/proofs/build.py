"""Building a bundle from a node's answers, and believing none of them: it is verified at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.domain.batch import batch_id_of
from ledger.errors import LedgerError, NodeError
from ledger.hashing import organisation_address
from ledger.proofs.archive import encode_archive
from ledger.proofs.bundle import Bundle, BundleSubject, ClaimedHoldings, ManifestClaim
from ledger.proofs.disclosing import Shown, disclose
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.gathering import Wanted, gather_holdings, gather_subjects
from ledger.proofs.header import encode_header
from ledger.proofs.layout import (
    SubjectClass,
    balance_slot,
    head_slot,
    ledger_head_slot,
    word_slot,
)
from ledger.proofs.leading import lead_down
from ledger.proofs.parties import party_slots
from ledger.proofs.reading import Progress, Reading
from ledger.proofs.source import BlockLike, Source
from ledger.proofs.verified import Verified
from ledger.proofs.verify import verify_bundle
from ledger.types import Address, Hash32

_ATTEMPTS: Final = 5
_NOTHING: Final = Shown((), (), ())


class ChainMoved(NodeError):
    """The chain kept reorganising while a bundle was being built."""

    code = "chain_moved"
    advice = "try again, or prove a block that is final"


@dataclass(frozen=True, slots=True)
class Built:
    """A bundle's bytes, and what they were verified to prove."""

    raw: bytes
    verified: Verified


def build_bundle(
    source: Source,
    contract: Address,
    subject: Hash32,
    block: int | None = None,
    wanted: Wanted | None = None,
    manifest: ManifestClaim | None = None,
    *,
    begin: int = 0,
    progress: Progress | None = None,
) -> Built:
    """Build the bundle that proves a subject as of `block` (None: the newest), and verify it.

    There is no entry before the block of number `begin`, which is not looked at.

    Raises:
        UnknownThing: the contract knows no such subject at that block.
        MalformedValue: what is wanted of it is nothing that a subject of its class has.
        ChainMoved: the chain reorganised at every attempt.
        StepFailed: the node's answers do not prove what they claim.
        NodeError: the node did not answer, or not in a form that can be used.
    """
    for _ in range(_ATTEMPTS):
        pinned = source.fetch_block("latest" if block is None else block)
        try:
            reading = Reading(source, contract, pinned, begin)
            if progress is not None:
                reading.tell = progress
            return _build(reading, subject, wanted or Wanted(), manifest)
        except LedgerError:
            if _is_canonical(source, pinned):
                raise
    raise ChainMoved("the chain reorganised while the bundle was built", attempts=_ATTEMPTS)


def _is_canonical(source: Source, block: BlockLike) -> bool:
    now = source.find_block(block.number)
    return now is not None and now.hash == block.hash


def _build(
    reading: Reading, subject: Hash32, wanted: Wanted, manifest: ManifestClaim | None
) -> Built:
    reading.fetch([ledger_head_slot(), word_slot(subject), head_slot(subject)])
    subjects = gather_subjects(reading, subject, wanted)
    holdings = gather_holdings(reading, subject, wanted.most_held) if wanted.holdings else None
    about = next(one for one in subjects if one.id == subject)
    shown = disclose(about, wanted.disclosure) if wanted.disclosure else _NOTHING
    raw = encode_bundle(
        Bundle(
            chain_id=reading.source.chain_id(),
            contract=reading.contract,
            header=encode_header(reading.block.header),
            subject=subject,
            subjects=tuple(subjects),
            nodes=_nodes(reading, subjects, holdings),
            holdings=holdings,
            tree=wanted.tree,
            documents=shown.documents,
            fields=shown.fields,
            manifest=manifest,
            checkpoints=tuple(
                [
                    lead_down(reading.source, one, reading.block.number)
                    for one in sorted(
                        wanted.checkpoints, key=lambda one: one.checkpoint.block_number
                    )
                ]
            ),
        )
    )
    if shown.originals:
        raw = encode_archive(raw, shown.originals)
    verified = verify_bundle(raw, block_hash=reading.block.hash, contract=reading.contract)
    return Built(raw, verified)


def _nodes(
    reading: Reading, subjects: Sequence[BundleSubject], holdings: ClaimedHoldings | None
) -> tuple[bytes, ...]:
    """All nodes that the steps need, each once, in the order in which they first do."""
    slots = [ledger_head_slot()]
    for each in subjects:
        slots += _subject_slots(reading, each.id)
    slots += _holdings_slots(reading, holdings) if holdings else []
    reading.fetch(slots)
    nodes = dict.fromkeys(reading.account_nodes())
    for slot in slots:
        nodes |= dict.fromkeys(reading.nodes(slot))
    return tuple(nodes)


def _subject_slots(reading: Reading, subject: Hash32) -> Iterator[Hash32]:
    yield word_slot(subject)
    yield head_slot(subject)
    word = reading.find_word(subject)
    if word is not None and word.subject_class is SubjectClass.ASSET:
        yield from party_slots(subject, word)


def _holdings_slots(reading: Reading, holdings: ClaimedHoldings) -> Iterator[Hash32]:
    yield balance_slot(organisation_address(holdings.organisation))
    for asset in holdings.assets:
        yield word_slot(asset)
        if reading.find_word(asset) is None:
            yield word_slot(batch_id_of(asset))
