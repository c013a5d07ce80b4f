"""Webhooks are signed so that anybody's library of Standard Webhooks verifies them."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from ledger.standards.webhooks import (
    decode_secret,
    encode_secret,
    message_headers,
    sign_message,
)


def test_the_published_example_is_signed_as_published() -> None:
    """From the reference libraries' own tests."""
    secret = decode_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = sign_message(
        secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_each_secret_signs_while_one_takes_anothers_place() -> None:
    old, new = b"o" * 32, b"n" * 32
    headers = message_headers([new, old], "id-1", 7, b"body")
    assert headers["webhook-id"] == "id-1"
    assert headers["webhook-timestamp"] == "7"
    assert headers["webhook-signature"].split(" ") == [
        sign_message(new, "id-1", 7, b"body"),
        sign_message(old, "id-1", 7, b"body"),
    ]


@given(st.binary(min_size=24, max_size=64))
def test_secrets_are_told_as_the_standard_says(secret: bytes) -> None:
    told = encode_secret(secret)
    assert told.startswith("whsec_")
    assert base64.b64decode(told[6:]) == secret == decode_secret(told)


@given(st.binary(), st.binary(min_size=1), st.integers(0, 2**40))
def test_any_change_changes_the_signature(body: bytes, more: bytes, timestamp: int) -> None:
    secret = b"s" * 32
    signed = sign_message(secret, "id", timestamp, body)
    assert signed != sign_message(secret, "id", timestamp, body + more)
    assert signed != sign_message(secret, "id", timestamp + 1, body)
    assert signed != sign_message(secret, "id2", timestamp, body)
