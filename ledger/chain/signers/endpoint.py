"""HTTP to whoever holds a key: every failure typed, secrets never shown, nothing repeated."""

from __future__ import annotations

import logging
import ssl
import time
import weakref
from typing import Final

import httpx
import msgspec

from ledger.chain.signers.errors import SignerRefused, SignerUnavailable
from ledger.chain.signers.places import LOOPBACK, Place
from ledger.errors import MalformedValue
from ledger.types import to_hex

# httpx logs whole URLs, and a path may hold a key.
logging.getLogger("httpx").setLevel(logging.WARNING)

TIMEOUT: Final = 3.0
"""Seconds a signer may take; below the time for which a submitter holds its lanes."""

_KEPT: Final = 60.0
_LARGEST: Final = 64 * 1024
_REASON: Final = 200
_TOO_MANY: Final = 429


class SignerEndpoint:
    """A signer's HTTP server; connections are kept alive, and closed with the last who knows it."""

    def __init__(self, place: Place, *, timeout: float = TIMEOUT) -> None:
        """`timeout` is in seconds, for a whole answer. Raises MalformedValue for a bad PEM."""
        self.shown = place.shown
        self.address = place.address
        self._place = place
        self._timeout = timeout
        parts = httpx.URL(place.url)
        basic = (place.user, place.password) if place.password else None
        bearer = {"authorization": f"Bearer {place.user}"} if place.user and not basic else {}
        self._client = httpx.Client(
            auth=basic,
            headers={"content-type": "application/json"} | bearer,
            timeout=timeout,
            limits=httpx.Limits(keepalive_expiry=_KEPT),
            verify=_context(place) if parts.scheme == "https" else False,
            trust_env=parts.host not in LOOPBACK,
        )
        weakref.finalize(self, self._client.close)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.shown!r})"

    def ask(self, path: str, body: object = None) -> bytes:
        """What the signer answers to a GET, or to a POST if there is a body.

        Raises:
            SignerUnavailable: no answer, a part of one, or "not now" (429 and 5xx).
            SignerRefused: any other answer but success; says what the signer said.
        """
        method = "GET" if body is None else "POST"
        content = None if body is None else msgspec.json.encode(body)
        try:
            with self._client.stream(method, self._place.url + path, content=content) as response:
                answer = self._read(response)
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise self._unavailable(str(error) or type(error).__name__) from None
        if response.is_success:
            return answer
        told = f"HTTP status {response.status_code}, {self.quote(answer)}"
        if response.is_server_error or response.status_code == _TOO_MANY:
            raise self._unavailable(told)
        raise SignerRefused(
            f"{self.shown} does not sign for {to_hex(self.address)}: {told}",
            signer=to_hex(self.address),
            url=self.shown,
            reason=told,
        )

    def _read(self, response: httpx.Response) -> bytes:
        """The whole answer, unless it is too long or takes too long."""
        until, answer = time.monotonic() + self._timeout, b""
        for part in response.iter_bytes():
            answer += part
            if len(answer) > _LARGEST:
                raise self._unavailable(f"its answer is longer than {_LARGEST} bytes")
            if time.monotonic() > until:
                raise self._unavailable(f"its answer takes longer than {self._timeout:g} s")
        return answer

    def _unavailable(self, reason: str) -> SignerUnavailable:
        return SignerUnavailable(
            f"{self.shown} did not sign for {to_hex(self.address)}: {reason}",
            signer=to_hex(self.address),
            url=self.shown,
            reason=reason,
        )

    def quote(self, answer: bytes) -> str:
        """An answer for a message: in one line, not too long, without our secrets."""
        said = " ".join(answer.decode(errors="replace").split())
        for secret in self._place.secrets():
            said = said.replace(secret, "***")
        return ascii(said[:_REASON])


def _context(place: Place) -> ssl.SSLContext:
    """TLS that trusts whom the place names (else whom the machine trusts), and shows who we are."""
    try:
        context = ssl.create_default_context(cafile=place.ca)
    except (ssl.SSLError, OSError):
        raise MalformedValue(
            field=f"{place.shown}, ca", value=str(place.ca), wanted="a file of PEM certificates"
        ) from None
    try:
        if place.certificate is not None:
            context.load_cert_chain(place.certificate, password="")
    except (ssl.SSLError, OSError):
        raise MalformedValue(
            field=f"{place.shown}, certificate",
            value=str(place.certificate),
            wanted="a PEM file of a certificate and its key, not encrypted",
        ) from None
    return context
