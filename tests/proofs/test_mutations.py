"""No mutated bundle is accepted with another meaning: a dose in each run, a million at night."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, Final

import pytest

from ledger.documents.canonical import canonical
from ledger.errors import DocumentError
from ledger.hashing import keccak
from ledger.proofs.decoding import decode_bundle
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.steps import StepFailed
from ledger.proofs.verified import Assembled, Verified
from ledger.proofs.verify import verify_bundle
from tests.vectors.making import FOLDER

NIGHTLY: Final = os.environ.get("LEDGER_EXAMPLES") == "nightly"
DOSE: Final = 1_000_000 if NIGHTLY else 6_000
SEED: Final = os.environ.get("SEED") or (f"{date.today():%Y%m%d}" if NIGHTLY else "1")
NAMES: Final = (
    "asset",
    "asset-new",
    "asset-lively",
    "member",
    "member-written",
    "organisation",
    "world-closed",
    "ledger",
    "holdings",
    "tree",
    "fields",
)
SHARE: Final = DOSE // len(NAMES) + 1


@cache
def true(name: str) -> tuple[bytes, bytes, bytes, Verified]:
    """A true bundle: its bytes, the block and contract to trust, and what it proves."""
    raw = (FOLDER / f"{name}.json").read_bytes()
    bundle = decode_bundle(raw)
    block_hash = keccak(bundle.header)
    return (
        raw,
        block_hash,
        bundle.contract,
        verify_bundle(raw, block_hash=block_hash, contract=bundle.contract),
    )


def means_no_more(found: Verified, whole: Verified) -> bool:
    """Whether what was found is what the true bundle proves, or less of what it claims besides.

    A bundle of several subjects may be said to be about another of them: no less is proven then.
    """
    if found.holdings not in (None, whole.holdings):
        return False
    if found.tree is not None and (whole.tree is None or found.tree not in _trees(whole.tree)):
        return False
    if found.subject not in {one.id for one in whole.subjects}:
        return False
    if not set(found.documents) <= set(whole.documents):
        return False
    if not all(field in whole.fields for field in found.fields):
        return False
    return _bare(found) == _bare(whole)


def _trees(tree: Assembled) -> list[Assembled]:
    return [tree, *[below for part in tree.parts for below in _trees(part)]]


def _bare(found: Verified) -> Verified:
    """Without what may be left out."""
    subjects = tuple(replace(one, birth=None, state=_unborn(one.state)) for one in found.subjects)
    return replace(
        found,
        subject=b"",
        subjects=subjects,
        holdings=None,
        tree=None,
        documents=(),
        fields=(),
        manifest=None,
        not_proven=(),
    )


def _unborn(state: Any) -> Any:
    if not hasattr(state, "birth_content_hash"):
        return state
    same = state.content_hash == state.birth_content_hash
    return replace(
        state, birth_content_hash=None, content_hash=None if same else state.content_hash
    )


# -- of the bytes ------------------------------------------------------------------------------


def of_bytes(draw: random.Random, raw: bytes) -> bytes:
    at, other = draw.randrange(len(raw)), draw.randrange(len(raw))
    few = draw.randrange(1, 70)
    match draw.randrange(8):
        case 0:
            return raw[:at] + draw.randbytes(1) + raw[at + 1 :]
        case 1 | 2:
            return raw[:at] + draw.choice("0123456789abcdef").encode() + raw[at + 1 :]
        case 3:
            return raw[:at] + raw[at + few :]
        case 4:
            return raw[:at] + raw[at : at + few] + raw[at:]
        case 5:
            return raw[:at] + raw[other : other + few] + raw[at + few :]
        case 6:
            return raw[:at]
        case _:
            return raw[:at] + draw.randbytes(few % 9) + raw[at:]


# -- of what is in it, written canonically so that only the meaning is wrong -------------------


def of_values(draw: random.Random, raw: bytes) -> bytes:
    value = json.loads(raw)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        _change(draw, value)
    try:
        return canonical(value)
    except DocumentError:
        return b""


def _change(draw: random.Random, value: Any) -> None:
    place, token = _place(draw, value)
    held = place[token]
    match held:
        case list() if held:
            _change_list(draw, held)
        case dict() if held:
            name = draw.choice(sorted(held))
            if draw.random() < 0.5:
                del held[name]
            else:
                held[draw.choice(sorted(held))] = copy.deepcopy(held[name])
        case bool() | None | list() | dict():
            place[token] = draw.choice((True, False, None, [], {}, 0, ""))
        case int():
            place[token] = max(0, held + draw.choice((-1, 1, 2**32, -held, 255)))
        case str():
            place[token] = _changed_text(draw, held, value)


def _place(draw: random.Random, value: Any) -> tuple[Any, Any]:
    """Somewhere in it, deeper places as likely as their parents."""
    place: Any = value
    while True:
        tokens = list(range(len(place))) if isinstance(place, list) else sorted(place)
        token = draw.choice(tokens)
        below = place[token]
        if not isinstance(below, dict | list) or not below or draw.random() < 0.15:
            return place, token
        place = below


def _change_list(draw: random.Random, held: list[Any]) -> None:
    at, other = draw.randrange(len(held)), draw.randrange(len(held))
    match draw.randrange(5):
        case 0:
            del held[at]
        case 1:
            held.insert(other, copy.deepcopy(held[at]))
        case 2:
            held[at], held[other] = held[other], held[at]
        case 3:
            held[at] = copy.deepcopy(held[other])
        case _:
            del held[min(at, other) :]


def _changed_text(draw: random.Random, text: str, value: Any) -> str:
    if not text.startswith("0x") or len(text) < 4:
        at = draw.randrange(len(text) + 1)
        return text[:at] + draw.choice(("x", "0", "ü", "", '"')) + text[at + 1 :]
    at = 2 * draw.randrange(1, len(text) // 2)
    match draw.randrange(6):
        case 0 | 1:
            return text[:at] + draw.randbytes(1).hex() + text[at + 2 :]
        case 2:
            return text[:at] + text[at + 2 :]
        case 3:
            return text[:at] + draw.randbytes(1).hex() + text[at:]
        case 4:
            return text[:at] + "00" * draw.randrange(1, 33) + text[at:]
        case _:
            place, token = _place(draw, value)
            found = place[token]
            return found if isinstance(found, str) else text


@pytest.mark.parametrize("mutate", [of_bytes, of_values])
@pytest.mark.parametrize("name", NAMES)
def test_no_mutated_bundle_is_accepted_with_another_meaning(
    name: str, mutate: Callable[[random.Random, bytes], bytes]
) -> None:
    raw, block_hash, contract, whole = true(name)
    draw = random.Random(f"{SEED} {name} {mutate.__name__}")  # noqa: S311
    accepted = 0
    for number in range(SHARE // 2 + 1):
        mutated = mutate(draw, raw)
        try:
            found = verify_bundle(mutated, block_hash=block_hash, contract=contract)
        except StepFailed:
            continue
        accepted += mutated != raw
        if not means_no_more(found, whole):
            pytest.fail(f"mutation {number} of seed {SEED} means something else")
        assert encode_bundle(decode_bundle(mutated)) == mutated
    assert accepted < SHARE // 10
