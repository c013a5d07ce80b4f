"""Verifying a bundle: nine numbered steps from a block hash to a subject's whole history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.domain.batch import batch_id_of
from ledger.domain.entries import Appended
from ledger.domain.founding import Founding
from ledger.domain.kinds import BIRTHS, Kind
from ledger.domain.subjects import Subject, fold_subject
from ledger.errors import LedgerError, MalformedValue
from ledger.hashing import domain_separator, is_paused, keccak, subject_id
from ledger.proofs.bundle import Bundle, BundleEntry, decode_bundle
from ledger.proofs.claims import claims
from ledger.proofs.layout import Word, decode_word, head_slot, ledger_head_slot, word_slot
from ledger.proofs.rlp import RlpError, decode_hash, decode_list, decode_number
from ledger.proofs.steps import (
    WrongAccount,
    WrongBirth,
    WrongForm,
    WrongHead,
    WrongHeader,
    WrongHistory,
    WrongLedgerHead,
    WrongState,
    WrongWord,
    failing_as,
)
from ledger.proofs.trie import Account, decode_account, decode_slot, verify_path
from ledger.proofs.verified import Header, Verified, not_proven
from ledger.types import ZERO_ADDRESS, Address, Hash32, to_hex

_LONDON_FIELDS: Final = 16
_STATE_ROOT, _NUMBER, _TIMESTAMP = 3, 8, 11


def verify_bundle(raw: bytes, *, block_hash: Hash32, contract: Address) -> Verified:
    """Verify a bundle against a block and a contract that the auditor brings.

    Nothing but the arguments is read. `contract` binds the chain too: a subject's id is a hash
    over chain, contract and first entry.

    Raises:
        StepFailed: the subclass says which step failed; the steps before it have passed.
    """
    # 1. Form: the bytes are one bundle, and its only spelling.
    with failing_as(WrongForm):
        bundle = decode_bundle(raw)

    # 2. Header: it is the block's.
    with failing_as(WrongHeader):
        block = verify_header(bundle.header, block_hash)

    # 3. Account: the block's state holds the contract.
    with failing_as(WrongAccount):
        account = _verify_account(bundle, block, contract)

    # 4. Word: the contract's storage knows the subject.
    with failing_as(WrongWord):
        word = _verify_word(bundle, account)

    # 5. Head: the hash over all entries of the subject.
    with failing_as(WrongHead):
        head = _verify_head(bundle, account, word)

    # 6. Ledger head: the hash over all entries of the ledger.
    with failing_as(WrongLedgerHead):
        ledger_head = _verify_ledger_head(bundle, account)

    # 7. Birth: the subject's id is the hash of its first entry, on this chain and contract.
    with failing_as(WrongBirth):
        _verify_birth(bundle)

    # 8. History: the entries are all there are, and hash to the head.
    with failing_as(WrongHistory):
        state = _verify_history(bundle, word, head)

    # 9. State: what the entries make of the subject is what the contract says of it.
    with failing_as(WrongState):
        _verify_state(state, word, ledger_head)

    return Verified(
        chain_id=bundle.chain_id,
        contract=contract,
        code_hash=account.code_hash,
        subject=bundle.subject,
        block=block,
        word=word,
        ledger_head=ledger_head,
        entries=bundle.entries,
        state=state,
        not_proven=not_proven(block, account, state, word),
    )


def verify_header(raw: bytes, block_hash: Hash32) -> Header:
    """Verify that a header is the block's (Yellow Paper, 4.3; London to Osaka, EIP-1559 on).

    Raises:
        WrongHeader: it hashes to another block.
        RlpError: it is no canonical list of such fields.
    """
    found = keccak(raw)
    if found != block_hash:
        raise WrongHeader(
            "the header is of another block", expected=to_hex(block_hash), found=to_hex(found)
        )
    fields = decode_list(raw)
    if len(fields) < _LONDON_FIELDS or not all(isinstance(field, bytes) for field in fields):
        raise RlpError("no header of London or later")
    return Header(
        hash=found,
        state_root=decode_hash(fields[_STATE_ROOT]),
        number=decode_number(fields[_NUMBER], 8),
        timestamp=decode_number(fields[_TIMESTAMP], 8),
    )


def _verify_account(bundle: Bundle, block: Header, contract: Address) -> Account:
    if bundle.contract != contract:
        raise WrongAccount(
            "the bundle is about another contract",
            expected=to_hex(contract),
            found=to_hex(bundle.contract),
        )
    held = verify_path(block.state_root, keccak(contract), bundle.account_proof)
    if held is None:
        raise WrongAccount(
            "the block's state has no such account", expected=to_hex(contract), found="nothing"
        )
    return decode_account(held)


def _find_slot(account: Account, slot: Hash32, nodes: Sequence[bytes]) -> int | None:
    held = verify_path(account.storage_root, keccak(slot), nodes)
    return None if held is None else decode_slot(held)


def _verify_word(bundle: Bundle, account: Account) -> Word:
    held = _find_slot(account, word_slot(bundle.subject), bundle.word_proof)
    if held is None:
        raise WrongWord(
            "the contract knows no such subject", expected=to_hex(bundle.subject), found="nothing"
        )
    word = decode_word(held)
    if word.count == 0:
        raise WrongWord("a subject without entries", expected="at least 1", found=0)
    return word


def _verify_head(bundle: Bundle, account: Account, word: Word) -> Hash32:
    held = _find_slot(account, head_slot(bundle.subject), bundle.head_proof)
    # The slot is written from entry 1 on; until then the head is the id.
    if (held is None) != (word.count == 1):
        raise WrongHead(
            f"the head slot of a subject of {word.count} entries",
            expected="nothing" if word.count == 1 else "a head",
            found="nothing" if held is None else hex(held),
        )
    return bundle.subject if held is None else held.to_bytes(32, "big")


def _verify_ledger_head(bundle: Bundle, account: Account) -> Hash32:
    held = _find_slot(account, ledger_head_slot(), bundle.ledger_head_proof)
    if held is None:
        raise WrongLedgerHead(
            "the contract has a subject but no ledger head", expected="a head", found="nothing"
        )
    return held.to_bytes(32, "big")


def _verify_birth(bundle: Bundle) -> None:
    if not bundle.entries:
        raise WrongBirth("there is no first entry", expected="position 0", found="no entry")
    first = bundle.entries[0]
    if first.position != 0:
        raise WrongBirth(
            "the first entry's position (that of an asset of a batch is in the batch's history,"
            " which a bundle of this version cannot hold)",
            expected=0,
            found=first.position,
        )
    kind = _kind(first)
    if kind not in BIRTHS:
        raise WrongBirth(
            "no subject begins so",
            expected=" or ".join(sorted(birth.label for birth in BIRTHS)),
            found=kind.label,
        )
    domain = domain_separator(bundle.chain_id, bundle.contract)
    found = subject_id(domain, kind, first.org, first.payload)
    if found == bundle.subject:
        return
    if kind is Kind.BATCH_REGISTERED and found == batch_id_of(bundle.subject):
        raise WrongBirth(
            "the subject is an asset of a batch, which a bundle of this version cannot prove",
            expected=to_hex(bundle.subject),
            found=to_hex(found),
        )
    raise WrongBirth(
        "the first entry is of another subject, contract or chain",
        expected=to_hex(bundle.subject),
        found=to_hex(found),
    )


def _verify_history(bundle: Bundle, word: Word, head: Hash32) -> Subject:
    if len(bundle.entries) != word.count:
        raise WrongHistory("how many entries", expected=word.count, found=len(bundle.entries))
    for position, entry in enumerate(bundle.entries):
        if entry.position != position:
            raise WrongHistory("the next position", expected=position, found=entry.position)
    state = _refold(bundle)
    if state.head != head:
        raise WrongHistory(
            "the entries do not hash to the proven head",
            expected=to_hex(head),
            found=to_hex(state.head),
        )
    return state


def _kind(entry: BundleEntry) -> Kind:
    try:
        return Kind(entry.kind)
    except ValueError:
        raise MalformedValue(field="kind", value=entry.kind, wanted="a kind of entry") from None


def _refold(bundle: Bundle) -> Subject:
    state: Subject | None = None
    for entry in bundle.entries:
        try:
            state = fold_subject(state, _appended(bundle, entry))
        except LedgerError as refusal:
            fields = refusal.fields
            raise WrongHistory(
                f"entry {entry.position}: {refusal.message}",
                expected=fields.get("wanted"),
                found=fields.get("value"),
            ) from None
    if state is None:
        raise WrongHistory("how many entries", expected="at least 1", found=0)
    return state


def _appended(bundle: Bundle, entry: BundleEntry) -> Appended:
    return Appended(
        subject=bundle.subject,
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
            raise WrongState(what, expected=expected, found=found)
