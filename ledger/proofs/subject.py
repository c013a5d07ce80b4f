"""Verifying one subject: steps 5 to 10, from its storage word to what its entries make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ledger.documents.batch_tree import verify_path
from ledger.domain.asset import Asset
from ledger.domain.batch import Batch, batch_id_of, index_of, member
from ledger.domain.entries import Appended
from ledger.domain.founding import Founding
from ledger.domain.kinds import BIRTHS, Kind
from ledger.domain.subjects import Subject, fold_subject
from ledger.errors import LedgerError, MalformedValue, VerificationError
from ledger.hashing import is_paused, subject_id
from ledger.proofs.bundle import Birth, BundleEntry, BundleSubject
from ledger.proofs.claims import claims
from ledger.proofs.layout import Word, head_slot
from ledger.proofs.parties import verify_parties
from ledger.proofs.steps import (
    WrongBirth,
    WrongHead,
    WrongHistory,
    WrongParties,
    WrongState,
    WrongWord,
    failing_as,
)
from ledger.proofs.storage import Storage, member_word
from ledger.proofs.verified import Proven
from ledger.types import ZERO_ADDRESS, Hash32, to_hex


@dataclass(frozen=True, slots=True)
class Ground:
    """What subjects are verified on: the proven storage, and what was proven before."""

    domain: Hash32
    storage: Storage
    ledger_head: Hash32


def verify_subject(
    subject: BundleSubject, ground: Ground, before: Mapping[Hash32, Proven]
) -> Proven:
    """Verify a subject; `before` are those verified before it, by id.

    Raises:
        StepFailed: the subclass says which step failed; the steps before it have passed.
    """
    batch = _find_batch(subject.id, before)

    # 5. Word: the contract's storage knows the subject.
    with failing_as(WrongWord, subject.id):
        word = ground.storage.find_word(subject.id)
        if word is None:
            word = member_word(subject.id, batch.word if batch else None)

    # 6. Head: the hash over all entries of the subject.
    with failing_as(WrongHead, subject.id):
        head = _verify_head(subject.id, ground.storage, word)

    # 7. Birth: the id is the hash of the first entry, on this chain and contract, or a batch's.
    with failing_as(WrongBirth, subject.id):
        born = _verify_birth(subject, ground.domain, batch.state if batch else None)

    # 8. History: the entries are all there are, and hash to the head.
    with failing_as(WrongHistory, subject.id):
        state = _verify_history(subject, born, word, head)

    # 9. State: what the entries make of the subject is what the contract says of it.
    with failing_as(WrongState, subject.id):
        _verify_state(state, word, ground.ledger_head)

    # 10. Parties: whoever the entries say is a party is the one that the contract knows.
    with failing_as(WrongParties, subject.id):
        approved = (
            verify_parties(state, word, subject.entries, ground.storage)
            if isinstance(state, Asset)
            else None
        )

    return Proven(
        subject.id,
        word,
        _with_birth(state, subject.birth),
        subject.entries,
        subject.birth,
        approved,
    )


def _find_batch(subject: Hash32, before: Mapping[Hash32, Proven]) -> Proven | None:
    """The batch among those before that has the subject as one of its assets."""
    found = before.get(batch_id_of(subject))
    is_its = found and isinstance(found.state, Batch) and found.state.has(subject)
    return found if is_its else None


def _verify_head(subject: Hash32, storage: Storage, word: Word) -> Hash32:
    held = storage.find(head_slot(subject))
    # The slot is written from entry 1 on; until then the head is the id.
    if (held is None) != (word.count == 1):
        raise VerificationError(
            f"the head slot of a subject of {word.count} entries",
            expected="nothing" if word.count == 1 else "a head",
            found="nothing" if held is None else hex(held),
        )
    return subject if held is None else held.to_bytes(32, "big")


# -- birth -------------------------------------------------------------------------------------


def _verify_birth(subject: BundleSubject, domain: Hash32, batch: Subject | None) -> Asset | None:
    """An asset of a batch as its batch's entry leaves it; None of what has a first entry."""
    if isinstance(batch, Batch) and (not subject.entries or subject.entries[0].position != 0):
        if subject.birth is not None:
            verify_path(
                batch.root,
                batch.size,
                index_of(subject.id) - 1,
                subject.birth.content_hash,
                subject.birth.path,
            )
        return member(batch, subject.id)
    _verify_first(subject, domain)
    if subject.birth is not None:
        raise VerificationError(
            "only an asset of a batch has a birth record",
            expected="none",
            found=to_hex(subject.birth.content_hash),
        )
    return None


def _verify_first(subject: BundleSubject, domain: Hash32) -> None:
    if not subject.entries or subject.entries[0].position != 0:
        raise VerificationError(
            "the first entry (that of an asset of a batch is its batch's, which has to stand before"
            " it)",
            expected="position 0",
            found=f"position {subject.entries[0].position}" if subject.entries else "no entry",
        )
    first = subject.entries[0]
    kind = _kind(first)
    if kind not in BIRTHS:
        raise VerificationError(
            "no subject begins so",
            expected=" or ".join(sorted(birth.label for birth in BIRTHS)),
            found=kind.label,
        )
    found = subject_id(domain, kind, first.org, first.payload)
    if found != subject.id:
        raise VerificationError(
            "the first entry is of another subject, contract or chain",
            expected=to_hex(subject.id),
            found=to_hex(found),
        )


def _with_birth(state: Subject, birth: Birth | None) -> Subject:
    """The state with what its birth record tells: no entry does."""
    if birth is None or not isinstance(state, Asset):
        return state
    return replace(
        state,
        birth_content_hash=birth.content_hash,
        content_hash=state.content_hash or birth.content_hash,
    )


# -- history and state -------------------------------------------------------------------------


def _verify_history(
    subject: BundleSubject, born: Asset | None, word: Word, head: Hash32
) -> Subject:
    first = 0 if born is None else 1
    if len(subject.entries) != word.count - first:
        raise VerificationError(
            "how many entries", expected=word.count - first, found=len(subject.entries)
        )
    for position, entry in enumerate(subject.entries, first):
        if entry.position != position:
            raise VerificationError("the next position", expected=position, found=entry.position)
    state = _refold(subject, born)
    if state.head != head:
        raise VerificationError(
            "the entries do not hash to the proven head",
            expected=to_hex(head),
            found=to_hex(state.head),
        )
    return state


def _refold(subject: BundleSubject, born: Asset | None) -> Subject:
    state: Subject | None = born
    for entry in subject.entries:
        try:
            state = fold_subject(state, _appended(subject.id, entry))
        except LedgerError as refusal:
            raise VerificationError(
                f"entry {entry.position}: {refusal.message}", **_both(refusal)
            ) from None
    if state is None:
        raise VerificationError("how many entries", expected="at least 1", found=0)
    return state


def _both(refusal: LedgerError) -> dict[str, object]:
    fields = refusal.fields
    return {
        "expected": fields.get("expected", fields.get("wanted")),
        "found": fields.get("found", fields.get("value")),
    }


def _kind(entry: BundleEntry) -> Kind:
    try:
        return Kind(entry.kind)
    except ValueError:
        raise MalformedValue(field="kind", value=entry.kind, wanted="a kind of entry") from None


def _appended(subject: Hash32, entry: BundleEntry) -> Appended:
    return Appended(
        subject=subject,
        org=entry.org,
        kind=_kind(entry),
        position=entry.position,
        payload=entry.payload,
        actor=entry.actor or ZERO_ADDRESS,
        timestamp=entry.timestamp,
    )


def _verify_state(state: Subject, word: Word, ledger_head: Hash32) -> None:
    said = claims(state, word)
    if isinstance(state, Founding):
        said.append(("paused", is_paused(ledger_head), state.paused))
    for what, expected, found in said:
        if expected != found:
            raise VerificationError(what, expected=expected, found=found)
