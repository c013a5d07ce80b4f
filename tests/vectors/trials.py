"""Makes the vectors in `trust/`: bundles whose block witnesses vouch for, or another chain's log.

`python -m tests.vectors` writes them anew. `vectors.json` is as that of bundles, but for `trust`:
what the auditor brings in place of a block's hash (`witnesses`, `threshold`, and perhaps
`anchor_log` with `anchor_hash`), or beside it; and perhaps a `checkpoint`'s file in place of those
in the bundle. A verdict says who vouches by the checkpoint of which block, or which step fails, and
for what cause.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ledger.hashing import domain_separator, sha256
from ledger.proofs.anchor import Anchor
from ledger.proofs.bundle import Bundle
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.signed import SignedCheckpoint
from ledger.signatures import ORDER
from ledger.types import to_hex
from tests.proofs.conftest import deploy
from tests.vectors.tampering import Edit, difference, tamper
from tests.vectors.trusting import (
    ANNE,
    BERT,
    CAROL,
    MALLORY,
    Other,
    Trusting,
    other_chain,
    sign,
    trust_verdict,
)


@dataclass(frozen=True, slots=True)
class Trial:
    """A bundle, what is changed of it, and who is to believe it."""

    name: str
    bundle: Bundle
    trusting: Trusting
    contract: bytes | None = None


def files_of(bundle: Bundle) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """The true bundles by name, and the vectors of them; `bundle` has two checkpoints."""
    own, later = bundle.checkpoints
    signed = _with(bundle, _signed(own, ANNE, BERT))
    both = _with(bundle, _signed(own, ANNE, BERT), _signed(later, ANNE))
    with other_chain() as other:
        other.keep(own.checkpoint, ANNE, BERT)
        other.keep(replace(own.checkpoint, ledger_head=sha256(b"another")), CAROL)
        other.keep(own.checkpoint, CAROL)
        anchor = other.prove(own.checkpoint, ANNE, BERT, MALLORY)
        anchored = _with(bundle, replace(own, signatures=(), anchor=anchor))
        seen = other.rpc.fetch_block("latest").hash
        anchors = list(_anchors(anchored, other, Trusting(log=other.log, anchor_hash=seen)))
    trusting = Trusting(log=anchor.log, anchor_hash=seen)
    vectors = [
        *_vectors("signed.json", signed, [*_signatures(signed), *_drilled(signed, Trusting())]),
        *_vectors("both.json", both, [*_descents(both), *_files(both)]),
        *_vectors("anchored.json", anchored, [*anchors, *_drilled(anchored, trusting)]),
    ]
    whole = {"signed.json": signed, "both.json": both, "anchored.json": anchored}
    return {name: encode_bundle(one) for name, one in whole.items()}, vectors


def _vectors(
    file: str, whole: Bundle, trials: Sequence[Trial | tuple[str, Edit, Trusting]]
) -> Iterator[dict[str, Any]]:
    raw = encode_bundle(whole)
    for trial in trials:
        if isinstance(trial, Trial):
            name, trusting = trial.name, trial.trusting
            edit = difference(raw, encode_bundle(trial.bundle))
            contract = trial.contract or whole.contract
        else:
            name, edit, trusting = trial
            contract = whole.contract
        edits = [edit] if edit.remove or edit.insert else []
        edited = raw[: edit.at] + edit.insert + raw[edit.at + edit.remove :]
        yield {
            "name": f"{file[:-5]}: {name}",
            "bundle": file,
            "edits": [one.value() for one in edits],
            "contract": to_hex(contract),
            "trust": trusting.value(),
            "verdict": trust_verdict(edited, contract, trusting.value()),
        }


def _with(bundle: Bundle, *checkpoints: SignedCheckpoint) -> Bundle:
    return replace(bundle, checkpoints=checkpoints)


def _signed(one: SignedCheckpoint, *keys: int, **change: Any) -> SignedCheckpoint:
    checkpoint = replace(one.checkpoint, **change)
    digest = checkpoint.digest()
    return replace(one, checkpoint=checkpoint, signatures=tuple(sign(key, digest) for key in keys))


def _drilled(whole: Bundle, trusting: Trusting) -> Iterator[tuple[str, Edit, Trusting]]:
    """Every field of the checkpoints tampered with, for who trusts what was true before."""
    for tampered in tamper(whole):
        if tampered.name.startswith("checkpoints"):
            [edit] = tampered.edits
            yield tampered.name, edit, trusting


def _signatures(whole: Bundle) -> Iterator[Trial]:
    [one] = whole.checkpoints
    anne, bert = one.signatures
    block = one.checkpoint.block_hash
    for name, keys, threshold in (
        ("both of two", (ANNE, BERT), 2),
        ("one of two", (ANNE, BERT), 1),
        ("two of three", (CAROL, BERT, ANNE), 2),
        ("named twice", (ANNE, ANNE, BERT), 2),
        ("too few of two", (ANNE, CAROL), 2),
        ("nobody that is trusted", (CAROL,), 1),
    ):
        yield Trial(name, whole, Trusting(keys, threshold))
    yield Trial("and the block's hash", whole, Trusting(block_hash=block))
    yield Trial("and another block's hash", whole, Trusting(block_hash=sha256(b"another")))
    yield Trial("for another contract", whole, Trusting(), contract=bytes(20))
    yield Trial("for nobody, as nobody signed", _with(whole, replace(one, signatures=())), _ONE)
    yield Trial("no checkpoint", _with(whole), Trusting())
    yield Trial("the same witness twice", _with(whole, _signed(one, ANNE, ANNE)), Trusting())
    twin = replace(one, signatures=(anne, _twin(anne)))
    yield Trial("the same witness twice by a twin", _with(whole, twin), Trusting())
    yield Trial("others beside", _with(whole, _signed(one, MALLORY, BERT, ANNE)), Trusting())
    for name, spoilt in _spoilt(bert):
        checkpoint = replace(one, signatures=(anne, spoilt))
        yield Trial(f"a signature {name}", _with(whole, checkpoint), _ONE)
    forged = (
        ("another chain's", {"domain": domain_separator(1, whole.contract)}),
        ("another contract's", {"domain": domain_separator(whole.chain_id, bytes(20))}),
        ("another block's", {"block_hash": sha256(b"another")}),
        ("another number's", {"block_number": one.checkpoint.block_number + 1}),
        ("another ledger head's", {"ledger_head": sha256(b"another")}),
    )
    for name, change in forged:
        yield Trial(name, _with(whole, _signed(one, ANNE, BERT, **change)), Trusting())
    unsigned = replace(one, checkpoint=replace(one.checkpoint, ledger_head=sha256(b"another")))
    yield Trial("changed after signing", _with(whole, unsigned), Trusting())


_ONE: Final = Trusting((ANNE,), 1)


def _twin(signature: bytes) -> bytes:
    """The other signature that the same key recovers from: s high, v the other one."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def _spoilt(signature: bytes) -> Iterator[tuple[str, bytes]]:
    r, s, v = signature[:32], signature[32:64], signature[64:]
    order = ORDER.to_bytes(32, "big")
    yield "whose s is high", _twin(signature)
    for number in (0, 1, 2, 26, 29, 30, 31, 255):
        yield f"whose v is {number}", r + s + bytes([number])
    yield "whose r is zero", bytes(32) + s + v
    yield "whose r is the order", order + s + v
    yield "whose r is beyond it", b"\xff" * 32 + s + v
    yield "whose s is zero", r + bytes(32) + v
    yield "whose s is the order", r + order + v
    yield "whose r is no point's", (5).to_bytes(32, "big") + s + v


def _descents(whole: Bundle) -> Iterator[Trial]:
    own, later = whole.checkpoints
    first, second = later.headers
    for name, keys, threshold in (
        ("by the later one", (ANNE,), 1),
        ("by the one that enough have signed", (ANNE, BERT), 2),
        ("of two failures the newest's", (BERT, CAROL), 2),
    ):
        yield Trial(name, whole, Trusting(keys, threshold))
    for name, headers in (
        ("no headers", ()),
        ("without the first header", (second,)),
        ("without the last header", (first,)),
        ("headers in the other order", (second, first)),
        ("a header twice", (first, second, second)),
        ("the block's own header, too", (first, second, whole.header)),
        ("a header of something else", (first, b"\xc0")),
        ("no header at all", (b"",)),
    ):
        spoilt = _with(
            whole, replace(_signed(own, BERT), headers=()), replace(later, headers=headers)
        )
        yield Trial(name, spoilt, _ONE)
    wrong = _signed(later, ANNE, block_number=later.checkpoint.block_number + 1)
    yield Trial("a later number", _with(whole, own, wrong), _ONE)
    head = _signed(later, ANNE, ledger_head=sha256(b"later"))
    yield Trial("whose ledger head is for no step", _with(whole, own, head), _ONE)


def _files(whole: Bundle) -> Iterator[Trial]:
    """The checkpoint is in a file beside the bundle, which may hold others or none."""
    own, later = whole.checkpoints
    bare = _with(whole)
    other = {"ledger_head": sha256(b"another")}
    for name, bundle, checkpoint in (
        ("a file", bare, _signed(own, BERT, ANNE)),
        ("a file of a later one", bare, _signed(later, BERT, ANNE)),
        ("a file in place of those that few have signed", whole, _signed(own, BERT, ANNE)),
        ("a file that few have signed", whole, _signed(own, BERT)),
        ("a file of another block", bare, _signed(own, ANNE, BERT, block_hash=sha256(b"x"))),
        ("a file of another chain", bare, _signed(own, ANNE, BERT, domain=sha256(b"x"))),
        ("a file with another ledger head", bare, _signed(own, ANNE, BERT, **other)),
        (
            "a file with another ledger head, and a node left over",
            replace(bare, nodes=(*bare.nodes, b"\x80")),
            _signed(own, ANNE, BERT, **other),
        ),
    ):
        yield Trial(name, bundle, Trusting(checkpoint=checkpoint))


def _anchors(whole: Bundle, other: Other, trusting: Trusting) -> Iterator[Trial]:
    [one] = whole.checkpoints
    anchor = one.anchor
    assert anchor is not None
    anne, bert, mallory = anchor.slots
    for name, keys, threshold in (
        ("both of two", (ANNE, BERT), 2),
        ("two of three", (ANNE, BERT, CAROL), 2),
        ("too few of two", (ANNE, CAROL), 2),
        ("nobody that is trusted", (CAROL,), 1),
    ):
        yield Trial(name, whole, replace(trusting, keys=keys, threshold=threshold))
    yield Trial("another log", whole, replace(trusting, log=bytes(20)))
    yield Trial("another block of that chain", whole, replace(trusting, anchor_hash=bytes(32)))
    yield Trial("for another contract", whole, trusting, contract=bytes(20))
    yield Trial("no signatures, if those are trusted", whole, Trusting())
    yield Trial("no anchor", _with(whole, _without_anchor(one)), trusting)
    yield Trial("no checkpoint", _with(whole), trusting)
    for name, slots in (
        ("the same witness twice", (anne, anne)),
        ("nobody's word", ()),
        ("one whose word is not there", (mallory,)),
        ("a word in another's name", (anne, replace(anne, witness=bert.witness))),
        ("an empty slot in another's name", (anne, replace(mallory, witness=bert.witness))),
        ("nodes of a slot left out", (anne, replace(bert, nodes=bert.nodes[:-1]))),
        ("no nodes of a slot", (anne, replace(bert, nodes=()))),
        ("a node too many", (anne, replace(bert, nodes=(*bert.nodes, b"\x80")))),
    ):
        yield Trial(name, _anchored(whole, slots=slots), trusting)
    beside = replace(trusting, checkpoint=one)
    yield Trial("in a file", _with(whole), beside)
    yield Trial("in a file without it", whole, replace(beside, checkpoint=_without_anchor(one)))
    carol = other.prove(one.checkpoint, CAROL).slots
    contradicted = _anchored(whole, slots=(anne, bert, *carol))
    yield Trial("a contradiction of nobody that is trusted", contradicted, trusting)
    everybody = replace(trusting, keys=(ANNE, BERT, CAROL))
    yield Trial("a contradiction", contradicted, everybody)
    yield Trial("an account that is not there", _anchored(whole, account_proof=()), trusting)
    yield from _forged_logs(whole, other, trusting)


def _forged_logs(whole: Bundle, other: Other, trusting: Trusting) -> Iterator[Trial]:
    """Somebody's own log holds the words, or the chain has no such log."""
    [one] = whole.checkpoints
    own = replace(other, log=deploy(other.rpc, other.account, "CheckpointLog", []))
    own.keep(one.checkpoint, ANNE, BERT)
    forged = own.prove(one.checkpoint, ANNE, BERT)
    now = replace(trusting, anchor_hash=other.rpc.fetch_block("latest").hash)
    yield Trial("a log of somebody's own", _put(whole, forged), now)
    renamed = replace(forged, log=other.log)
    yield Trial("a log of somebody's own, renamed", _put(whole, renamed), now)
    nowhere = other.prove(one.checkpoint, ANNE, BERT, log=bytes(20))
    yield Trial("no log at all", _put(whole, nowhere), replace(now, log=bytes(20)))
    early = replace(renamed, header=whole.header)
    own_block = replace(trusting, anchor_hash=one.checkpoint.block_hash)
    yield Trial("a proof of the ledger's own chain", _put(whole, early), own_block)


def _without_anchor(one: SignedCheckpoint) -> SignedCheckpoint:
    return replace(one, anchor=None)


def _anchored(whole: Bundle, **change: Any) -> Bundle:
    [one] = whole.checkpoints
    assert one.anchor is not None
    return _put(whole, replace(one.anchor, **change))


def _put(whole: Bundle, anchor: Anchor) -> Bundle:
    return _with(whole, replace(whole.checkpoints[0], anchor=anchor))
