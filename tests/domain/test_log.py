"""The ledger's event is read by its fixed layout, and nothing that deviates from it."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.kinds import Kind
from ledger.domain.log import APPENDED_TOPIC, BadLog, LoggedEntry, decode_appended
from ledger.hashing import keccak

hashes = st.binary(min_size=32, max_size=32)
entries = st.builds(
    LoggedEntry,
    subject=hashes,
    org=hashes,
    kind=st.sampled_from(Kind),
    position=st.integers(0, 2**64 - 1),
    actor=st.binary(min_size=20, max_size=20),
    payload=st.binary(max_size=200),
)


def logged(entry: LoggedEntry) -> tuple[list[bytes], bytes]:
    topics = [APPENDED_TOPIC, entry.subject, entry.org, entry.kind.to_bytes(32, "big")]
    body = encode(["uint64", "address", "bytes"], [entry.position, entry.actor, entry.payload])
    return topics, body


def test_the_topic_is_the_event_s_signature() -> None:
    signature = b"Appended(bytes32,bytes32,uint16,uint64,address,bytes)"
    assert keccak(signature) == APPENDED_TOPIC


@given(entries)
def test_a_log_comes_back_as_its_entry(entry: LoggedEntry) -> None:
    assert decode_appended(*logged(entry)) == entry


@given(entries, st.data())
def test_a_changed_log_is_another_entry_or_none(entry: LoggedEntry, data: st.DataObject) -> None:
    topics, body = logged(entry)
    changed = bytearray(body)
    changed[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = decode_appended(topics, bytes(changed))
    except BadLog:
        return
    assert found != entry
    assert logged(found) == (topics, bytes(changed))


@given(entries, st.binary(min_size=1, max_size=40))
def test_a_log_cut_short_or_too_long_is_refused(entry: LoggedEntry, more: bytes) -> None:
    topics, body = logged(entry)
    for wrong in (body + more, body + bytes(32), body[:-32], body[:-1], body[:100], b""):
        with pytest.raises(BadLog):
            decode_appended(topics, wrong)


@given(entries)
def test_topics_must_be_the_event_s(entry: LoggedEntry) -> None:
    topics, body = logged(entry)
    unknown = (8).to_bytes(32, "big")
    dirty = b"\1" + topics[3][1:]
    for wrong in (
        [],
        topics[:3],
        [*topics, topics[1]],
        [keccak(b"Transfer()"), *topics[1:]],
        [*topics[:3], unknown],
        [*topics[:3], dirty],
        [topics[0], topics[1][1:], *topics[2:]],
        [*topics[:3], topics[3].lstrip(b"\0")],
    ):
        with pytest.raises(BadLog):
            decode_appended(wrong, body)
