"""The one line that says where a role signs: which protocol, where, as whom, for what address."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from ledger.errors import MalformedValue
from ledger.types import Address, parse_address

KINDS: Final = ("web3signer", "kms")
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_FORM: Final = (
    " or ".join(f"{kind}+https://" for kind in KINDS)
    + "[TOKEN@ or USER:PASSWORD@]HOST[:PORT][/PATH]?address=0x…[&ca=FILE][&certificate=FILE]"
)
_SECRETS: Final = re.compile(r"(?<=://).*@", re.DOTALL)
_VISIBLE: Final = re.compile(r"[!-~]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key signs. `user` alone is a bearer token, with `password` it is basic access.

    `ca` is who vouches for the server (PEM), `certificate` our certificate and key (PEM).
    """

    kind: str
    url: str
    address: Address
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    ca: Path | None = None
    certificate: Path | None = None

    @property
    def shown(self) -> str:
        """Where it is, without what is secret of it."""
        parts = httpx.URL(self.url)
        return f"{self.kind}+{parts.scheme}://{parts.netloc.decode()}"

    def secrets(self) -> list[str]:
        """What must not be shown, as it is written here and on the wire."""
        if not self.password:
            return [self.user] if self.user else []
        basic = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return [basic, self.password]


def parse_place(text: str, name: str) -> Place:
    """Read where a role signs, from the setting `name`.

    Raises:
        MalformedValue: it does not have the form; what may be secret of it is not shown.
    """
    kind, plus, url = text.partition("+")
    try:
        parts = httpx.URL(url)
        given = parts.params
    except (httpx.InvalidURL, ValueError):
        raise _malformed(text, name, _FORM) from None
    if not plus or kind not in KINDS or parts.scheme not in {"https", "http"} or not parts.host:
        raise _malformed(text, name, _FORM)
    if unknown := sorted(set(given) - {"address", "ca", "certificate"}):
        raise MalformedValue(field=name, value=unknown[0], wanted="address, ca or certificate")
    _verify_safe(text, name, parts)
    return Place(
        kind,
        str(parts.copy_with(userinfo=b"", query=None, fragment=None)).rstrip("/"),
        parse_address(given.get("address"), f"{name}, address"),
        parts.username,
        parts.password,
        _file(given.get("ca"), f"{name}, ca"),
        _file(given.get("certificate"), f"{name}, certificate"),
    )


def _verify_safe(text: str, name: str, parts: httpx.URL) -> None:
    if not _VISIBLE.fullmatch(parts.username + parts.password):
        raise _malformed(text, name, "a token or password of visible ASCII characters")
    if parts.scheme == "http" and parts.userinfo and parts.host not in LOOPBACK:
        raise _malformed(text, name, "https, without which others read the token or password")


def _file(given: str | None, name: str) -> Path | None:
    if given is None:
        return None
    if not Path(given).is_file():
        raise MalformedValue(field=name, value=given, wanted="a file that is there")
    return Path(given)


def _malformed(text: str, name: str, wanted: str) -> MalformedValue:
    """What is wrong with the line; only what stands before its path and outside @ is shown."""
    hidden, found = _SECRETS.subn("***@", text)
    shown = hidden if found or "://" in hidden else "***"
    return MalformedValue(field=name, value=re.split(r"(?<![:/])[/?#]", shown)[0], wanted=wanted)
