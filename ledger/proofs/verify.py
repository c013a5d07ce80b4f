"""Verifying a bundle: numbered steps from a block hash to the whole history of its subjects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ledger.documents.sealing import Sealed
from ledger.errors import VerificationError
from ledger.hashing import domain_separator, keccak
from ledger.proofs.archive import Archive, decode_archive, is_archive
from ledger.proofs.assembly import verify_tree
from ledger.proofs.bundle import Bundle
from ledger.proofs.checkpoint import verify_domain
from ledger.proofs.decoding import decode_bundle
from ledger.proofs.disclosure import (
    find_places,
    verify_document,
    verify_field,
    verify_original,
)
from ledger.proofs.header import read_header
from ledger.proofs.holdings import verify_holdings
from ledger.proofs.layout import ledger_head_slot
from ledger.proofs.signed import verify_descent, verify_ledger_head
from ledger.proofs.steps import (
    WrongAccount,
    WrongDocuments,
    WrongForm,
    WrongHeader,
    WrongHoldings,
    WrongLedgerHead,
    WrongRest,
    WrongTree,
    failing_as,
)
from ledger.proofs.storage import Storage
from ledger.proofs.subject import Ground, verify_subject
from ledger.proofs.trie import Account, Nodes, decode_account
from ledger.proofs.unproven import ON_TRUST, not_proven
from ledger.proofs.verified import Committed, Disclosed, Header, Original, Proven, Verified
from ledger.types import Address, Hash32, to_hex


def verify_bundle(
    raw: bytes, *, block_hash: Hash32, contract: Address, trust: str = ON_TRUST
) -> Verified:
    """Verify a bundle against a block and a contract that the auditor brings.

    Nothing but the arguments is read. `contract` binds the chain too: a subject's id is a hash
    over chain, contract and first entry. Whoever trusts witnesses or another chain verifies those
    first, brings the block's hash that they tell, and says in `trust` how it is known.

    Raises:
        StepFailed: the subclass says which step failed; the steps before it have passed.
    """
    # 1. Form: the bytes are one bundle, or an archive of one, and its only spelling.
    with failing_as(WrongForm):
        archive = decode_archive(raw) if is_archive(raw) else Archive(raw, {})
        bundle = decode_bundle(archive.bundle)
    nodes = Nodes(bundle.nodes)

    # 2. Header: it is the block's.
    with failing_as(WrongHeader):
        block = verify_header(bundle.header, block_hash)
        for one in bundle.checkpoints:
            verify_domain(one.checkpoint, bundle.chain_id, contract)
            verify_descent(one, block.hash, block.number)

    # 3. Account: the block's state holds the contract.
    with failing_as(WrongAccount):
        account = _verify_account(bundle, nodes, block, contract)
    storage = Storage(account.storage_root, nodes)

    # 4. Ledger head: the hash over all entries of the ledger.
    with failing_as(WrongLedgerHead):
        ledger_head = _verify_ledger_head(storage)
        for one in bundle.checkpoints:
            verify_ledger_head(one, ledger_head)

    # 5. to 10. Word, head, birth, history, state and parties of each subject.
    ground = Ground(domain_separator(bundle.chain_id, contract), storage, ledger_head)
    proven: dict[Hash32, Proven] = {}
    for subject in bundle.subjects:
        proven[subject.id] = verify_subject(subject, ground, proven)

    # 11. Holdings: an organisation holds title to so many assets, and to these.
    with failing_as(WrongHoldings):
        claimed = bundle.holdings
        holdings = None if claimed is None else verify_holdings(claimed, storage, proven)

    # 12. Tree: all parts of an assembly are there.
    with failing_as(WrongTree):
        tree = verify_tree(bundle.subject, proven) if bundle.tree else None

    # 13. Documents: what is disclosed of them is what entries commit to.
    with failing_as(WrongDocuments):
        shown = _verify_disclosed(bundle, archive.documents, proven)

    # 14. Rest: there are no nodes that prove nothing.
    with failing_as(WrongRest):
        nodes.verify_all_taken()

    subjects = tuple(proven.values())
    return Verified(
        chain_id=bundle.chain_id,
        contract=contract,
        code_hash=account.code_hash,
        block=block,
        ledger_head=ledger_head,
        subject=bundle.subject,
        subjects=subjects,
        holdings=holdings,
        tree=tree,
        documents=shown.documents,
        fields=shown.fields,
        originals=shown.originals,
        manifest=bundle.manifest,
        not_proven=not_proven(block, account.code_hash, subjects, holdings, bundle.manifest, trust),
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
    header = read_header(raw)
    return Header(found, header.state_root, header.number, header.timestamp)


def _verify_account(bundle: Bundle, nodes: Nodes, block: Header, contract: Address) -> Account:
    if bundle.contract != contract:
        raise WrongAccount(
            "the bundle is about another contract",
            expected=to_hex(contract),
            found=to_hex(bundle.contract),
        )
    held = nodes.find(block.state_root, keccak(contract))
    if held is None:
        raise WrongAccount(
            "the block's state has no such account", expected=to_hex(contract), found="nothing"
        )
    return decode_account(held)


def _verify_ledger_head(storage: Storage) -> Hash32:
    held = storage.find(ledger_head_slot())
    if held is None:
        raise VerificationError(
            "a ledger that is there has one", expected="a head", found="nothing"
        )
    return held.to_bytes(32, "big")


class _Shown(NamedTuple):
    documents: tuple[Committed, ...] = ()
    fields: tuple[Disclosed, ...] = ()
    originals: tuple[Original, ...] = ()


def _verify_disclosed(
    bundle: Bundle, originals: Mapping[Hash32, Sealed], proven: Mapping[Hash32, Proven]
) -> _Shown:
    if not bundle.documents and not bundle.fields and not originals:
        return _Shown()
    places = find_places(proven.values())
    return _Shown(
        tuple([verify_document(each, places) for each in bundle.documents]),
        tuple([verify_field(each, places) for each in bundle.fields]),
        tuple([verify_original(name, each, places) for name, each in originals.items()]),
    )
