"""Sign-In with Ethereum's text by its grammar: what is read is written again byte for byte."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.errors import MalformedValue
from ledger.standards.sign_in import (
    LONGEST,
    SignIn,
    checksum,
    decode_sign_in,
    encode_sign_in,
    moment_of,
)

TEXT = """\
example.com wants you to sign in with your Ethereum account:
0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2

I accept the ExampleOrg Terms of Service: https://example.com/tos

URI: https://example.com/login
Version: 1
Chain ID: 1
Nonce: 32891756
Issued At: 2021-09-30T16:25:24Z
Resources:
- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/
- https://example.com/my-web2-claim.json"""
"""The standard's own example."""

UNRESERVED = string.ascii_letters + string.digits + "-._~"
SUB = "!$&'()*+,;="

words = st.text(UNRESERVED + SUB, min_size=1, max_size=12)
schemes = st.from_regex(r"\A[a-zA-Z][a-zA-Z0-9+.-]{0,8}\Z")
hosts = st.one_of(
    st.text(UNRESERVED, min_size=1, max_size=20),
    st.sampled_from(
        [
            "[::1]",
            "[2001:db8::192.0.2.1]",
            "[1:2:3:4:5:6:7:8]",
            "[v7.a:b]",
            "192.0.2.1",
            "%41.example",
        ]
    ),
)
ports = st.one_of(st.just(""), st.integers(0, 65535).map(lambda port: f":{port}"))
domains = st.builds(str.__add__, hosts, ports)
uris = st.builds(
    lambda scheme, rest: f"{scheme}:{rest}",
    schemes,
    st.one_of(
        domains.map(lambda domain: f"//{domain}/a%20b?q=/?#f"),
        words.map(lambda word: f"/{word}"),
        words,
        st.just(""),
    ),
)
times = st.builds(
    lambda at, part, zone: at.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + part + zone,
    st.datetimes(min_value=moment_of("1900-01-01T00:00:00Z").replace(tzinfo=None)),
    st.sampled_from(["", ".1", ".123456"]),
    st.sampled_from(["Z", "z", "+08:00", "-23:59"]),
)
messages = st.builds(
    SignIn,
    domain=domains,
    address=st.binary(min_size=20, max_size=20),
    uri=uris,
    chain_id=st.integers(0, 10**18),
    nonce=st.text(string.ascii_letters + string.digits, min_size=8, max_size=40),
    issued_at=times,
    scheme=st.none() | schemes,
    statement=st.none() | st.text(UNRESERVED + SUB + ":/?#[]@ ", max_size=60),
    expiration_time=st.none() | times,
    not_before=st.none() | times,
    request_id=st.none() | st.text(UNRESERVED + SUB + ":@", max_size=20),
    resources=st.none() | st.lists(uris, max_size=3).map(tuple),
)


def test_the_standards_example_is_read() -> None:
    message = decode_sign_in(TEXT)
    assert message.domain == "example.com"
    assert checksum(message.address) == "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
    assert message.statement == "I accept the ExampleOrg Terms of Service: https://example.com/tos"
    assert message.resources is not None
    assert len(message.resources) == 2
    assert encode_sign_in(message) == TEXT
    assert decode_sign_in(f"https://{TEXT}") == replace(message, scheme="https")


@given(messages)
def test_what_is_written_is_read(message: SignIn) -> None:
    text = encode_sign_in(message)
    assert decode_sign_in(text) == message


@given(messages, st.data())
def test_no_two_texts_mean_the_same(message: SignIn, data: st.DataObject) -> None:
    """A text with one character put in, left out or changed is refused, or means another thing."""
    text = encode_sign_in(message)
    at = data.draw(st.integers(0, len(text)))
    put = data.draw(st.text(st.characters(codec="utf-8") | st.sampled_from("\n:/ -Z0"), max_size=2))
    cut = data.draw(st.integers(0, 2))
    changed = text[:at] + put + text[at + cut :]
    try:
        found = decode_sign_in(changed)
    except MalformedValue:
        return
    assert encode_sign_in(found) == changed
    assert (found == message) == (changed == text)


@given(st.text())
@example("")
@example("\n" * 20)
@example("example.com wants you to sign in with your Ethereum account:")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert encode_sign_in(decode_sign_in(text)) == text
    except MalformedValue as error:
        assert error.fields["field"]  # noqa: PT017 - either is right


@given(st.binary(min_size=20, max_size=20))
def test_checksums_are_those_of_others(address: bytes) -> None:
    assert checksum(address) == to_checksum_address(address)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("example.com wants", " wants", "domain"),
        ("example.com wants", "exam ple.com wants", "domain"),
        ("example.com wants", "exämple.com wants", "domain"),
        ("example.com wants", "1x://example.com wants", "domain"),
        ("example.com wants", "a/b wants", "domain"),
        ("account:", "account", "domain"),
        ("0xC02", "0xc02", "address"),
        ("0xC02aaA", "0xC02aaa", "address"),
        ("6Cc2\n", "6Cc\n", "address"),
        ("6Cc2\n\n", "6Cc2\n", "message"),
        ("I accept", "I äccept", "statement"),
        ("I accept", "I accept\n", "message"),
        ("tos\n\n", "tos\n", "message"),
        ("https://example.com/login", "/login", "uri"),
        ("https://example.com/login", "https://example.com/log in", "uri"),
        ("https://example.com/login", "https://example.com/%zz", "uri"),
        ("https://example.com/login", "https://[::g]/", "uri"),
        ("https://example.com/login", "https://[1:2:3:4:5:6:7]/", "uri"),
        ("example.com wants", "[1::2::3] wants", "domain"),
        ("Version: 1", "Version: 2", "version"),
        ("Version: 1", "version: 1", "version"),
        ("Version: 1\n", "", "version"),
        ("Chain ID: 1", "Chain ID: 01", "chain-id"),
        ("Chain ID: 1", "Chain ID: \u0661", "chain-id"),
        ("Chain ID: 1", "Chain ID: -1", "chain-id"),
        ("Nonce: 32891756", "Nonce: 3289175", "nonce"),
        ("Nonce: 32891756", "Nonce: 32891756!", "nonce"),
        ("2021-09-30T16:25:24Z", "2021-09-30T16:25:24", "issued-at"),
        ("2021-09-30T16:25:24Z", "2021-09-31T16:25:24Z", "issued-at"),
        ("2021-09-30T16:25:24Z", "2021-09-30 16:25:24Z", "issued-at"),
        ("2021-09-30T16:25:24Z", "20210930T162524Z", "issued-at"),
        ("Resources:", "Resources: ", "message"),
        ("Resources:\n", "Not Before: 2021-09-30T16:25:24Z\nExpiration Time: x\n", "message"),
        ("- https", "-https", "resources"),
        ("- https://example.com/my", "- example.com/my", "resources"),
        ("claim.json", "claim.json\n", "resources"),
        ("Issued At", "Request ID: 1\nIssued At", "issued at"),
        ("claim.json", "claim.json" + "a" * LONGEST, "message"),
        ("\n", "\r\n", "domain"),
    ],
)
def test_what_breaks_the_grammar_is_refused_with_its_field(old: str, new: str, field: str) -> None:
    assert old in TEXT
    with pytest.raises(MalformedValue) as refused:
        decode_sign_in(TEXT.replace(old, new, 1))
    assert refused.value.fields["field"] == field


@pytest.mark.parametrize(
    "change",
    [
        {"statement": "one\n\nURI: https://evil.example"},
        {"domain": "a\nb"},
        {"nonce": "short"},
        {"chain_id": -1},
        {"request_id": "a\nResources:"},
        {"resources": ("https://a.example\n- https://b.example",)},
        {"issued_at": "now"},
        {"statement": "中"},
    ],
)
def test_what_the_grammar_cannot_say_is_not_written(change: dict[str, object]) -> None:
    with pytest.raises(MalformedValue):
        encode_sign_in(replace(decode_sign_in(TEXT), **change))  # type: ignore[arg-type]


def test_times_are_moments() -> None:
    assert moment_of("2021-09-30T16:25:24Z") == moment_of("2021-10-01t00:25:24+08:00")
    assert moment_of("2016-12-31T23:59:60Z") == moment_of("2016-12-31T23:59:59Z")
