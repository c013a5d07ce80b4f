"""Makes the vectors in `bundles/`: bundles, and edits of them, with the verdict on each.

    python -m tests.vectors        writes them anew

Files `*.json` but `vectors.json` are bundles, byte for byte. `vectors.json` lists what to verify:
`bundle` names a file, `edits` says what to change in its bytes, one edit after another (at, how
many to remove, what to insert), and `verdict` what a verifier must find: what is proven, or which
step fails.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ledger.hashing import keccak
from ledger.proofs.build import build_bundle
from ledger.proofs.bundle import Bundle
from ledger.proofs.decoding import decode_bundle
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.steps import StepFailed
from ledger.proofs.verified import Assembled, Proven, Verified
from ledger.proofs.verify import verify_bundle
from ledger.types import to_hex
from tests.vectors import absences, archives, forged, trials
from tests.vectors.cases import CASES, Case, with_checkpoints
from tests.vectors.story import Story, told
from tests.vectors.tampering import Tampered, tamper

FOLDER: Final = Path(__file__).parent / "bundles"
INDEX: Final = "vectors.json"


_SIGNED: Final = ("signatures", "checkpoints[1].ledger_head with its")


def make_archives() -> dict[str, bytes]:
    """All files of `archives/`, by name."""
    bundle = decode_bundle((FOLDER / "asset-new.json").read_bytes())
    found = list(archives.vectors_of(bundle))
    return {archives.NAME: archives.archived(bundle), INDEX: _written(found)}


def make_trust() -> dict[str, bytes]:
    """All files of `trust/`, by name."""
    bundle = decode_bundle((FOLDER / "checkpoints.json").read_bytes())
    files, vectors = trials.files_of(bundle)
    return files | {INDEX: _written(vectors)}


def make_absences() -> dict[str, bytes]:
    """All files of `absence/`, by name."""
    files, vectors = absences.files_of()
    return files | {INDEX: _written(vectors)}


def make() -> dict[str, bytes]:
    """All files, by name."""
    files: dict[str, bytes] = {}
    vectors: list[dict[str, Any]] = []
    with told() as story:
        for case in CASES:
            bundle = _built(story, case)
            files[f"{case.name}.json"] = encode_bundle(bundle)
            vectors += _of_case(case, bundle)
    for name, about, bundle, tampered in _forged():
        files[f"{name}.json"] = encode_bundle(bundle)
        vectors.append(_vector(name, name, about, bundle, tampered))
    files[INDEX] = _written(vectors)
    return files


def _built(story: Story, case: Case) -> Bundle:
    chain, subject = story.chain, story.subjects[case.subject]
    block = story.blocks[case.block]
    built = build_bundle(chain.rpc, chain.contract, subject, block, case.wanted)
    bundle = case.change(decode_bundle(built.raw))
    return with_checkpoints(story, bundle) if case.is_witnessed else bundle


def _of_case(case: Case, bundle: Bundle) -> Iterator[dict[str, Any]]:
    yield _vector(case.name, case.name, case.about, bundle, Tampered())
    if case.drill:
        for tampered in tamper(bundle):
            is_asked = tampered.name.startswith(case.drill.rstrip("."))
            # What signatures alone bind is for whoever trusts witnesses; the steps see the rest.
            if not is_asked or any(one in tampered.name for one in _SIGNED):
                continue
            yield _vector(f"{case.name}: {tampered.name}", case.name, "", bundle, tampered)


def _forged() -> Iterator[tuple[str, str, Bundle, Tampered]]:
    for name, (about, node) in forged.ROOTS.items():
        yield f"trie-{_slug(name)}", about, forged.bundle_of_root(node), Tampered()
    for name, (about, raw) in forged.RAW_ROOTS.items():
        yield f"trie-{_slug(name)}", about, forged.bundle_of_raw_root(raw), Tampered()
    yield (
        "trie-leaf-below-extension",
        "An extension leads to a branch.",
        forged.by_extension(),
        Tampered(),
    )
    yield (
        "trie-short-by-hash",
        "A node that is short is embedded.",
        forged.short_by_hash(),
        Tampered(),
    )
    for fields in (3, 5):
        about = "An account has four fields."
        yield f"account-of-{fields}", about, forged.in_an_account_of(fields), Tampered()
    bundle, leaf = forged.embedded()
    yield "trie-embedded", "A leaf that is embedded is no node of its own.", bundle, Tampered()
    at = next(at for at, node in enumerate(bundle.nodes) if leaf in node)
    listed = (*bundle.nodes[: at + 1], leaf, *bundle.nodes[at + 1 :])
    yield "trie-embedded-and-listed", "Nor is it listed.", replace(bundle, nodes=listed), Tampered()
    last = (*bundle.nodes, leaf)
    yield "trie-embedded-and-left-over", "Nor at the end.", replace(bundle, nodes=last), Tampered()


def _slug(name: str) -> str:
    return name.removeprefix("a ").removeprefix("an ").replace(" ", "-")


def _vector(name: str, file: str, about: str, bundle: Bundle, tampered: Tampered) -> dict[str, Any]:
    block_hash = tampered.block_hash or keccak(bundle.header)
    contract = tampered.contract or bundle.contract
    edited = tampered.apply(encode_bundle(bundle))
    about = about or tampered.about
    return {
        "name": name,
        **({"about": about} if about else {}),
        "bundle": f"{file}.json",
        "edits": [edit.value() for edit in tampered.edits],
        "block_hash": to_hex(block_hash),
        "contract": to_hex(contract),
        "verdict": verdict(edited, block_hash, contract),
    }


def verdict(raw: bytes, block_hash: bytes, contract: bytes) -> dict[str, Any]:
    """What our verifier finds."""
    try:
        found = verify_bundle(raw, block_hash=block_hash, contract=contract)
    except StepFailed as failure:
        told = {"verified": False, "step": failure.number, "code": failure.code}
        return told | ({} if failure.subject is None else {"subject": to_hex(failure.subject)})
    return _proven(found)


def _proven(found: Verified) -> dict[str, Any]:
    held = found.holdings
    return {
        "verified": True,
        "chain_id": found.chain_id,
        "block": found.block.number,
        "code_hash": to_hex(found.code_hash),
        "ledger_head": to_hex(found.ledger_head),
        "subject": to_hex(found.subject),
        "subjects": [_subject(each) for each in found.subjects],
        "holdings": held
        and {"balance": held.balance, "listed": len(held.assets), "are_all": held.are_all},
        "tree": found.tree and _tree(found.tree),
        "documents": [to_hex(one.content_hash) for one in found.documents],
        "fields": [[one.name, one.value] for one in found.fields],
    }


def _subject(proven: Proven) -> dict[str, Any]:
    return {
        "id": to_hex(proven.id),
        "class": proven.word.subject_class.label,
        "count": proven.word.count,
        "head": to_hex(proven.state.head),
        "owner": to_hex(proven.word.owner),
        "approved": None if proven.approved is None else to_hex(proven.approved),
    }


def _tree(tree: Assembled) -> list[Any]:
    return [to_hex(tree.asset), [_tree(part) for part in tree.parts]]


def _written(vectors: list[dict[str, Any]]) -> bytes:
    """One vector a line, so that a change shows which it is of."""
    lines = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in vectors]
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()
