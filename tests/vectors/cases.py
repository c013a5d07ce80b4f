"""The true bundles that vectors are made of, and which of their fields are tampered with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from coincurve import PrivateKey

from ledger.documents.commitment import commit_document
from ledger.hashing import domain_separator, keccak, leaf_hash
from ledger.proofs.bundle import Bundle, DisclosedLeaf, DocumentLeaves, ManifestClaim
from ledger.proofs.checkpoint import Checkpoint
from ledger.proofs.gathering import Wanted
from ledger.proofs.layout import ledger_head_slot
from ledger.proofs.leading import lead_down
from ledger.proofs.signed import SignedCheckpoint
from tests.proofs.test_disclosure import sibling_path
from tests.vectors.story import PASSPORT, SEED, SERIAL, Story, find_birth, passport_leaves

_PLAIN: Final = Wanted(find_birth=find_birth)


@dataclass(frozen=True, slots=True)
class Case:
    """A true bundle by name, and the fields that are tampered with (`.`: all, empty: none)."""

    name: str
    about: str
    subject: str
    wanted: Wanted = _PLAIN
    block: str = "end"
    change: Callable[[Bundle], Bundle] = lambda bundle: bundle
    drill: str = ""
    is_witnessed: bool = False


def _disclosing(bundle: Bundle) -> Bundle:
    leaves, content = passport_leaves(), commit_document(PASSPORT, SEED, SERIAL).content_hash
    shown = [
        DisclosedLeaf(content, leaves[at].decode(), sibling_path(leaves, at)) for at in (0, 2, 3)
    ]
    return replace(
        bundle,
        documents=(DocumentLeaves(content, tuple(leaf_hash(leaf) for leaf in leaves)),),
        fields=tuple(sorted(shown, key=lambda one: one.leaf.encode())),
    )


def _manifested(bundle: Bundle) -> Bundle:
    return replace(bundle, manifest=ManifestClaim("0.8.37+commit.f401782d", keccak(b"source")))


def with_checkpoints(story: Story, bundle: Bundle) -> Bundle:
    """With a checkpoint of the block itself, and one of two blocks later that leads down to it."""
    chain, rpc = story.chain, story.chain.rpc
    number = story.blocks["gearbox is new"]
    domain = domain_separator(bundle.chain_id, bundle.contract)
    signed = []
    for block in (number, number + 2):
        found = rpc.fetch_block(block)
        head = rpc.fetch_storage(chain.contract, ledger_head_slot(), block)
        checkpoint = Checkpoint(domain, block, found.hash, head)
        signed.append(SignedCheckpoint(checkpoint, (_sign(checkpoint.digest()),)))
    led = tuple(lead_down(rpc, one, number) for one in signed)
    return replace(bundle, checkpoints=led)


def _sign(digest: bytes) -> bytes:
    """What a witness signs who keeps the key 1."""
    signed = PrivateKey((1).to_bytes(32, "big")).sign_recoverable(digest, hasher=None)
    return signed[:64] + bytes([27 + signed[64]])


_ALL: Final = Wanted(organisations=True, schemas=True, find_birth=find_birth)
CASES: Final = (
    Case("asset", "An asset of three entries.", "gearbox", block="gearbox is run in", drill="."),
    Case(
        "asset-new",
        "An asset with its birth alone: no head is stored.",
        "gearbox",
        block="gearbox is new",
        drill=".",
    ),
    Case(
        "asset-lively", "An asset with parties, offers and an approval.", "gearbox", drill="nodes"
    ),
    Case("asset-mounted", "An asset that is a part of another.", "wheel"),
    Case("asset-frozen", "An asset that governance froze.", "spare"),
    Case("organisation", "An organisation with a credential.", "gears"),
    Case("schema", "A schema.", "schema"),
    Case("world", "A world.", "world"),
    Case("world-closed", "A world that was closed.", "closed world"),
    Case("ledger", "The ledger itself.", "ledger"),
    Case("batch", "A batch.", "batch"),
    Case(
        "member",
        "An asset of a batch that nothing was written to, with its birth record.",
        "line 5",
        drill=".",
    ),
    Case("member-bare", "The same without its birth record.", "line 1", Wanted()),
    Case("member-written", "An asset of a batch with entries of its own.", "line 2", drill="."),
    Case("related", "An asset with its organisations and schemas.", "gearbox", _ALL),
    Case("holdings", "All that an organisation owns.", "wheels", Wanted(holdings=True), drill="."),
    Case(
        "tree",
        "A car and all its parts.",
        "car",
        Wanted(tree=True, find_birth=find_birth),
        drill=".",
    ),
    Case(
        "fields",
        "A document's commitment, and three of its fields.",
        "gearbox",
        block="gearbox is new",
        change=_disclosing,
        drill=".",
    ),
    Case(
        "checkpoints",
        "Checkpoints of the block and of a later one; whose they are, the steps do not ask.",
        "gearbox",
        block="gearbox is new",
        drill="checkpoints",
        is_witnessed=True,
    ),
    Case(
        "manifest",
        "What the operator says of the contract.",
        "gearbox",
        block="gearbox is new",
        change=_manifested,
    ),
)
