"""What Anvil dumps, reduced to one chain: its dumps hold orphans, and which it loads is chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ledger.chain.state import BadState, Head
from ledger.proofs.header import UnknownHeader, encode_header
from ledger.types import to_hex

_NEWEST: Final = "best_block_number"


class _Header(msgspec.Struct):
    number: str
    parentHash: str


class _Block(msgspec.Struct):
    header: msgspec.Raw


class _Transaction(msgspec.Struct):
    block_hash: str


def trim_dump(text: bytes, head: Head) -> bytes | None:
    """Keep only the chain that ends with `head`; None if the dump does not end with it.

    At every start Anvil makes a first block anew, before it loads the kept one, and dumps both:
    of two blocks of one number, the one that it happens to read last would come back.

    Raises:
        BadState: the text is not such a dump, or a block is missing.
    """
    try:
        parts = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        if msgspec.json.decode(parts[_NEWEST], type=int) != head.number:
            return None
        every = msgspec.json.decode(parts["blocks"], type=list[msgspec.Raw])
        blocks, hashes = _chain(every, head)
        if blocks is None:
            return None
        trimmed = {
            "blocks": None if len(blocks) == len(every) else _raw(blocks),
            "transactions": _of_chain(parts["transactions"], hashes),
            "historical_states": _states_of(parts["historical_states"], hashes),
        }
        changed = {name: part for name, part in trimmed.items() if part is not None}
        # Most often nothing is to go, and the text is large.
        return msgspec.json.encode(parts | changed) if changed else text
    except (msgspec.MsgspecError, KeyError, ValueError) as error:
        raise BadState(f"Anvil's dump is not understood: {error!r}") from None


def _chain(blocks: Sequence[msgspec.Raw], head: Head) -> tuple[list[msgspec.Raw] | None, set[str]]:
    """The blocks from the first to `head` in order, and their hashes."""
    of_number: dict[int, list[tuple[msgspec.Raw, msgspec.Raw]]] = {}
    parents: dict[int, list[str]] = {}
    for block in blocks:
        raw = msgspec.json.decode(block, type=_Block).header
        header = msgspec.json.decode(raw, type=_Header)
        of_number.setdefault(int(header.number, 16), []).append((block, raw))
        parents.setdefault(int(header.number, 16), []).append(header.parentHash)
    if max(of_number) != head.number:
        return None, set()
    chain, hashes, wanted = [], set(), to_hex(head.hash)
    for number in range(head.number, -1, -1):
        candidates = of_number[number]
        # Hashing a header costs 50 µs: only the head, and what is there twice, needs it.
        sure = len(candidates) == 1 and number != head.number
        at = 0 if sure else _find(candidates, wanted)
        if at is None:
            return None, set()
        chain.append(candidates[at][0])
        hashes.add(wanted)
        wanted = parents[number][at]
    return chain[::-1], hashes


def _find(candidates: Sequence[tuple[msgspec.Raw, msgspec.Raw]], wanted: str) -> int | None:
    for at, (_, raw) in enumerate(candidates):
        try:
            encode_header({**msgspec.json.decode(raw), "hash": wanted})
        except UnknownHeader:
            continue
        return at
    return None


def _of_chain(transactions: msgspec.Raw, hashes: set[str]) -> msgspec.Raw | None:
    every = msgspec.json.decode(transactions, type=list[msgspec.Raw])
    kept = [
        one for one in every if msgspec.json.decode(one, type=_Transaction).block_hash in hashes
    ]
    return None if len(kept) == len(every) else _raw(kept)


def _states_of(states: msgspec.Raw, hashes: set[str]) -> msgspec.Raw | None:
    every = msgspec.json.decode(states, type=list[tuple[str, msgspec.Raw]] | None) or []
    kept = [state for state in every if state[0] in hashes]
    return None if len(kept) == len(every) else _raw(kept)


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
