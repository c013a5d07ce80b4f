"""Of what Anvil dumps, one chain is kept: the one that ends with the head."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from ledger.chain.dump import trim_dump
from ledger.chain.node import Anvil
from ledger.chain.state import BadState, Head
from ledger.types import ZERO_HASH, to_hex


def dumped(anvil: Anvil, *, history: bool = True) -> tuple[dict[str, Any], Head]:
    text = gzip.decompress(bytes.fromhex(anvil.rpc.call("anvil_dumpState", history)[2:]))
    head = anvil.rpc.fetch_block("latest")
    return json.loads(text), Head(head.number, head.hash)


def numbers(trimmed: bytes) -> list[int]:
    return sorted(int(one["header"]["number"], 16) for one in json.loads(trimmed)["blocks"])


@pytest.fixture
def grown(anvil: Anvil) -> Anvil:
    anvil.fund(b"\1" * 20)
    for _ in range(3):
        anvil.rpc.call("evm_mine")
    return anvil


@pytest.mark.parametrize("history", [True, False])
def test_a_chain_alone_is_kept_whole(grown: Anvil, history: bool) -> None:
    dump, head = dumped(grown, history=history)
    trimmed = trim_dump(json.dumps(dump).encode(), head)
    assert trimmed is not None
    assert numbers(trimmed) == [0, 1, 2, 3, 4]
    assert json.loads(trimmed)["accounts"] == dump["accounts"]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("number", range(5))
def test_an_orphan_of_any_number_goes(grown: Anvil, number: int, first: bool) -> None:
    dump, head = dumped(grown)
    mine = next(b for b in dump["blocks"] if int(b["header"]["number"], 16) == number)
    orphan = {**mine, "header": {**mine["header"], "timestamp": "0x1"}}
    dump["blocks"].insert(0 if first else len(dump["blocks"]), orphan)
    lost = {"info": {}, "receipt": {}, "block_hash": to_hex(b"\7" * 32), "block_number": number}
    dump["transactions"].append(lost)
    trimmed = trim_dump(json.dumps(dump).encode(), head)
    assert trimmed is not None
    assert numbers(trimmed) == [0, 1, 2, 3, 4]
    assert orphan not in json.loads(trimmed)["blocks"]
    assert lost not in json.loads(trimmed)["transactions"]


def test_a_dump_that_does_not_end_with_the_head_is_none(grown: Anvil) -> None:
    dump, head = dumped(grown)
    text = json.dumps(dump).encode()
    assert trim_dump(text, Head(head.number, ZERO_HASH)) is None
    assert trim_dump(text, Head(head.number + 1, head.hash)) is None
    newer = {**dump["blocks"][0], "header": {**dump["blocks"][0]["header"], "number": "0x9"}}
    dump["blocks"].append(newer)
    assert trim_dump(json.dumps(dump).encode(), head) is None


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"best_block_number": 0}', b"\xff"])
def test_what_is_no_dump(text: bytes) -> None:
    with pytest.raises(BadState):
        trim_dump(text, Head(0, ZERO_HASH))


def test_a_dump_with_a_hole(grown: Anvil) -> None:
    dump, head = dumped(grown)
    dump["blocks"] = [b for b in dump["blocks"] if int(b["header"]["number"], 16) != 2]
    with pytest.raises(BadState):
        trim_dump(json.dumps(dump).encode(), head)


def test_after_a_reorg_the_new_chain_is_kept(grown: Anvil) -> None:
    grown.rpc.call("anvil_reorg", 2, [])
    dump, head = dumped(grown)
    trimmed = trim_dump(json.dumps(dump).encode(), head)
    assert trimmed is not None
    assert numbers(trimmed) == [0, 1, 2, 3, 4]
