"""What a verified bundle does not prove, said for people."""

from __future__ import annotations

from ledger.domain.asset import Asset
from ledger.domain.batch import Batch
from ledger.domain.catalogue import Schema, World
from ledger.domain.founding import Founding
from ledger.domain.organisation import Organisation
from ledger.proofs.bundle import ManifestClaim
from ledger.proofs.verified import Header, Holdings, Proven
from ledger.types import Hash32, to_hex

ON_TRUST = "its hash was taken on trust"
"""How an auditor knows a block who brings nothing but its hash."""


def not_proven(
    block: Header,
    code_hash: Hash32,
    subjects: tuple[Proven, ...],
    holdings: Holdings | None,
    manifest: ManifestClaim | None,
    trust: str,
) -> tuple[str, ...]:
    """What must not be read into a verified bundle, a sentence each.

    `trust` says how the block's hash is known.
    """
    sentences = [
        f"That block {block.number} belongs to the chain: {trust}.",
        "That nothing happened after that block.",
        "That the contract does what it should: compare its code, of hash "
        f"{to_hex(code_hash)}, with the published source.",
        "Which account sent a subject's first entry: no head binds it.",
        "In which transactions the entries were sent.",
    ]
    if manifest is not None:
        sentences.append(
            "That the code was made by compiler and source as the manifest says: compile it."
        )
    for subject in subjects:
        sentences += _of_subject(subject)
    if holdings is not None:
        sentences.append("How the assets that an organisation holds came to be its: no history.")
        if not holdings.are_all:
            others = holdings.balance - len(holdings.assets)
            told = "the other asset is" if others == 1 else f"the other {others} assets are"
            sentences.append(f"Which {told}.")
    return tuple(dict.fromkeys(sentences))


def _of_subject(subject: Proven) -> list[str]:
    documents = "What documents say, but for what is shown: only their content hashes are bound."
    others = "Who the organisations are that are not among the subjects: prove them too."
    lapsing = "That what expires has not: times are told, and compared with none."
    match subject.state:
        case Asset():
            unborn = subject.state.birth_content_hash is None
            record = ["Which birth record an asset of a batch has: the bundle does not hold it."]
            return [documents, others, lapsing, *(record if unborn else [])]
        case Batch():
            return [
                documents,
                others,
                "Which birth records a batch's root is over, but for those that are shown.",
                "What became of a batch's assets, but for those among the subjects.",
            ]
        case Schema() | World():
            return [documents, others]
        case Organisation():
            return [f"That whoever controls {subject.state.did} is this organisation.", lapsing]
        case Founding():
            return ["Who governs: the authority is a contract of its own."]
