"""A bundle has one spelling: what differs from it by a byte is another bundle or none."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents.canonical import canonical
from ledger.errors import InputError
from ledger.proofs.bundle import Bundle, BundleEntry, decode_bundle, encode_bundle
from tests.proofs.paper import Paper, a_history

nodes = st.lists(st.binary(max_size=40), max_size=4).map(tuple)


def entries(position: int) -> st.SearchStrategy[BundleEntry]:
    return st.builds(
        BundleEntry,
        org=st.binary(min_size=32, max_size=32),
        kind=st.integers(0, 2**16 - 1),
        position=st.just(position),
        payload=st.binary(max_size=100),
        actor=st.binary(min_size=20, max_size=20) if position else st.none(),
        timestamp=st.integers(0, 2**40 - 1),
    )


bundles = st.builds(
    Bundle,
    chain_id=st.integers(0, 2**53 - 1),
    contract=st.binary(min_size=20, max_size=20),
    subject=st.binary(min_size=32, max_size=32),
    header=st.binary(max_size=100),
    account_proof=nodes,
    word_proof=nodes,
    head_proof=nodes,
    ledger_head_proof=nodes,
    entries=st.lists(st.integers(0, 5).flatmap(entries), max_size=5).map(tuple),
)


@given(bundles)
def test_comes_back_and_is_canonical(bundle: Bundle) -> None:
    raw = encode_bundle(bundle)
    assert decode_bundle(raw) == bundle
    assert raw == canonical(json.loads(raw))


@pytest.fixture(scope="module")
def value() -> dict[str, Any]:
    paper = Paper()
    return dict(json.loads(encode_bundle(paper.bundle(a_history(paper)))))


def changed(value: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> bytes:
    copy = json.loads(json.dumps(value))
    change(copy)
    return canonical(copy)


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "version": lambda b: b.update(version=2),
    "version ": lambda b: b.update(version=True),
    "bundle: .* exactly": lambda b: b.update(comment="hello"),
    "bundle: .* exactly ": lambda b: b.pop("chain_id"),
    "chain_id": lambda b: b.update(chain_id="31337"),
    "chain_id ": lambda b: b.update(chain_id=-1),
    "chain_id  ": lambda b: b.update(chain_id=True),
    "contract": lambda b: b.update(contract=b["contract"].upper().replace("X", "x")),
    "contract ": lambda b: b.update(contract=b["contract"][:-2]),
    "subject": lambda b: b.update(subject=b["subject"] + "00"),
    "subject ": lambda b: b.update(subject=" " + b["subject"]),
    "header": lambda b: b.update(header=b["header"][:-1]),
    "account_proof": lambda b: b.update(account_proof="0x"),
    r"account_proof\[0\]": lambda b: b["account_proof"].__setitem__(0, 5),
    "storage_proofs": lambda b: b["storage_proofs"].pop("head"),
    r"storage_proofs.word\[1\]": lambda b: b["storage_proofs"]["word"].insert(1, None),
    "entries": lambda b: b.update(entries={}),
    r"entries\[1\]": lambda b: b["entries"][1].pop("actor"),
    r"entries\[0\]": lambda b: b["entries"][0].update(actor="0x" + "00" * 20),
    r"entries\[2\].kind": lambda b: b["entries"][2].update(kind=65536),
    r"entries\[2\].position": lambda b: b["entries"][2].update(position=2.5),
    r"entries\[2\].timestamp": lambda b: b["entries"][2].update(timestamp=2**40),
    r"entries\[3\].payload": lambda b: b["entries"][3].update(payload="0xABCD"),
    r"entries\[3\]": lambda b: b["entries"].__setitem__(3, []),
}


@pytest.mark.parametrize("named", CHANGES)
def test_names_the_field_that_is_not_as_it_must(value: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named.strip()):
        decode_bundle(changed(value, CHANGES[named]))


@pytest.mark.parametrize(
    ("spell", "reason"),
    [
        (lambda raw: raw + b"\n", "canonical"),
        (lambda raw: b" " + raw, "canonical"),
        (lambda raw: raw.replace(b'":', b'": ', 1), "canonical"),
        (lambda raw: raw.replace(b'"chain_id"', b'"\\u0063hain_id"'), "canonical"),
        (lambda raw: raw.replace(b"31337", b"31337.0"), "canonical"),
        (lambda raw: raw.replace(b'"version":1', b'"version":1,"version":1'), "stands twice"),
        (lambda raw: b"\xef\xbb\xbf" + raw, "byte order mark"),
        (lambda raw: json.dumps(json.loads(raw), indent=1).encode(), "canonical"),
        (lambda raw: raw[:-1], "bundle"),
        (lambda raw: raw + b"{}", "bundle"),
        (lambda _: b"", "bundle"),
        (lambda _: b"[]", "an object"),
        (lambda _: b"\xff", "UTF-8"),
    ],
)
def test_another_spelling_is_refused(
    value: dict[str, Any], spell: Callable[[bytes], bytes], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        decode_bundle(spell(canonical(value)))
