"""What Python and the contract each say of kinds, payloads, storage and hashes is the same."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.contract import encode_append
from ledger.domain.entries import Entry
from ledger.domain.kinds import Kind
from ledger.domain.payloads import PAYLOADS, Observed, Registered
from ledger.hashing import (
    domain_separator,
    keccak,
    next_head,
    next_ledger_head,
    organisation_address,
    subject_id,
)
from ledger.proofs import layout
from ledger.types import AssetKind, Party, Stage, parse_hex, to_hex
from tests.domain.examples import struct_of

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"


def _artifact(name: str) -> dict[str, Any]:
    artifact: dict[str, Any] = json.loads((CONTRACTS / f"artifacts/{name}.json").read_bytes())
    return artifact


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join([part.capitalize() for part in rest])


def _structs() -> dict[str, list[dict[str, str]]]:
    """Each kind's struct, by the kind's name in Python, from the ABI."""
    functions = [part for part in _artifact("IPayloads")["abi"] if part["type"] == "function"]
    return {_snake(function["name"]): function["inputs"][0]["components"] for function in functions}


def test_kinds_have_the_same_names_and_numbers() -> None:
    source = (CONTRACTS / "src/types/Kinds.sol").read_text()
    declared = re.findall(r"uint16 internal constant (\w+) = (\d+);", source)
    assert {name: int(number) for name, number in declared} == {
        kind.name: kind.value for kind in Kind
    }


def test_every_kind_has_its_struct_with_the_same_fields_in_the_same_order() -> None:
    assert {kind.label for kind in Kind} == set(_structs())
    for kind, payload in PAYLOADS.items():
        named = [_snake(part["name"]) for part in _structs()[kind.label]]
        assert [field.name for field in fields(payload)] == named, kind.label


def test_every_struct_has_the_types_that_python_encodes() -> None:
    """A function's selector binds its name and its struct's types (Solidity ABI, selectors)."""
    found = {}
    for kind, components in _structs().items():
        types = ",".join([part["type"] for part in components])
        found[kind] = keccak(f"{_camel(kind)}(({types}))".encode())[:4]
    assert found == {
        kind.label: keccak(f"{_camel(kind.label)}({struct_of(payload)})".encode())[:4]
        for kind, payload in PAYLOADS.items()
    }


@pytest.mark.parametrize(
    ("library", "ours"), [("Stages", Stage), ("PartyRoles", Party)], ids=["stages", "parties"]
)
def test_stages_and_parties_have_the_same_names_and_numbers(
    library: str, ours: type[Stage] | type[Party]
) -> None:
    source = (CONTRACTS / f"src/types/{library}.sol").read_text()
    declared = re.findall(r"uint8 internal constant (\w+) = (\d+);", source)
    assert {name: int(number) for name, number in declared} == {
        each.name: each.value for each in ours
    }


def test_storage_lies_where_proofs_look_for_it() -> None:
    slots = {item["label"]: item for item in _artifact("AssetLedger")["storageLayout"]["storage"]}
    expected = {
        "_subjects": (layout.SUBJECTS, "mapping(bytes32 => struct Journal.Subject)"),
        "ledgerHead": (layout.LEDGER_HEAD, "bytes32"),
    }
    found = {name: (int(slots[name]["slot"]), slots[name]["type"]) for name in expected}
    assert found == expected


def test_classes_have_the_same_numbers() -> None:
    source = (CONTRACTS / "src/types/Word.sol").read_text()
    declared = re.findall(r"uint8 internal constant (\w+) = (\d+);", source)
    assert {name: int(number) for name, number in declared} == {
        each.name: each.value for each in layout.SubjectClass
    }


def test_ids_heads_and_storage_are_what_python_works_out(desk) -> None:
    chain, ledger = desk.chain, desk.ledger
    domain = domain_separator(31337, parse_hex(ledger))

    def ask(signature: str, *words: bytes) -> bytes:
        data = keccak(signature.encode())[:4] + b"".join(words)
        return parse_hex(chain.ask("eth_call", {"to": ledger, "data": to_hex(data)}, "latest"))

    def stored(slot: bytes) -> bytes:
        return parse_hex(chain.ask("eth_getStorageAt", ledger, to_hex(slot), "latest"))

    assert ask("domain()") == domain
    before = ask("ledgerHead()")
    birth = Registered(desk.org, bytes(32), keccak(b"a document"), AssetKind.INSTANCE).encode()
    seen = Observed(keccak(b"an event")).encode()
    subject = subject_id(domain, Kind.REGISTERED, desk.org, birth)
    entries = [
        Entry(subject, desk.org, Kind.REGISTERED, 0, birth),
        Entry(subject, desk.org, Kind.OBSERVED, 1, seen),
    ]
    receipt = chain.transact(desk.account, ledger, encode_append(entries))
    block = chain.ask("eth_getBlockByNumber", receipt["blockNumber"], False)
    time, actor = int(block["timestamp"], 16), parse_hex(desk.account)

    head = next_head(subject, 1, Kind.OBSERVED, desk.org, actor, time, seen)
    whole = next_ledger_head(before, subject, actor, time, paused=False)
    whole = next_ledger_head(whole, head, actor, time, paused=False)
    assert ask("head(bytes32)", subject) == head == stored(layout.head_slot(subject))
    assert ask("ledgerHead()") == whole == stored(layout.ledger_head_slot())

    word = layout.Word(
        owner=organisation_address(desk.org),
        opened_at=time,
        count=2,
        subject_class=layout.SubjectClass.ASSET,
    )
    assert layout.encode_word(word).to_bytes(32, "big") == stored(layout.word_slot(subject))
    assert layout.decode_word(int.from_bytes(ask("word(bytes32)", subject), "big")) == word
