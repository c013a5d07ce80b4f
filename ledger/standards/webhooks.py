"""How webhooks are signed: Standard Webhooks 1.0.0, symmetric signatures (v1)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from typing import Final

_PREFIX: Final = "whsec_"


def encode_secret(secret: bytes) -> str:
    """A secret as it is shown to whoever is to verify by it."""
    return _PREFIX + base64.b64encode(secret).decode()


def decode_secret(text: str) -> bytes:
    """What `encode_secret` was given. Raises ValueError."""
    return base64.b64decode(text.removeprefix(_PREFIX), validate=True)


def sign_message(secret: bytes, id: str, timestamp: int, body: bytes) -> str:
    """The signature of a message that is sent at a time (seconds since 1970)."""
    signed = b"%b.%d.%b" % (id.encode(), timestamp, body)
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


def message_headers(
    secrets: Sequence[bytes], id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """The headers of a message; each of the secrets verifies it while one takes another's place."""
    signatures = [sign_message(secret, id, timestamp, body) for secret in secrets]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
