"""Sign-In with Ethereum (ERC-4361): the text that a wallet signs, read and written by its grammar.

Reading is strict: what `decode_sign_in` accepts, `encode_sign_in` writes again byte for byte, so
that no two texts mean the same. Numbers without leading zeros and checksummed addresses (ERC-55)
are demanded for that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.errors import MalformedValue
from ledger.hashing import keccak
from ledger.types import Address, parse_address

LONGEST: Final = 4_096
"""Characters that a text may have."""

_FIRST: Final = " wants you to sign in with your Ethereum account:"
_VERSION: Final = "1"

# RFC 3986, appendix A. Only ASCII: `\d` would take any script's digits.
_PERCENT: Final = "%[0-9A-Fa-f]{2}"
_SUB: Final = "!$&'()*+,;="
_UNRESERVED: Final = r"A-Za-z0-9\-._~"
_PCHAR: Final = rf"(?:[{_UNRESERVED}{_SUB}:@]|{_PERCENT})"
_REG_NAME: Final = rf"(?:[{_UNRESERVED}{_SUB}]|{_PERCENT})*"
_USER: Final = rf"(?:(?:[{_UNRESERVED}{_SUB}:]|{_PERCENT})*@)?"
_H16: Final = "[0-9A-Fa-f]{1,4}"
_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_LS32: Final = rf"(?:{_H16}:{_H16}|{_OCTET}(?:\.{_OCTET}){{3}})"
_IPV6: Final = "|".join(
    [
        f"(?:{_H16}:){{6}}{_LS32}",
        f"::(?:{_H16}:){{5}}{_LS32}",
        *[f"(?:(?:{_H16}:){{0,{n}}}{_H16})?::(?:{_H16}:){{{4 - n}}}{_LS32}" for n in range(5)],
        f"(?:(?:{_H16}:){{0,5}}{_H16})?::{_H16}",
        f"(?:(?:{_H16}:){{0,6}}{_H16})?::",
    ]
)
_LITERAL: Final = rf"\[(?:{_IPV6}|[vV][0-9A-Fa-f]+\.[{_UNRESERVED}{_SUB}:]+)\]"
_AUTHORITY: Final = rf"{_USER}(?:{_LITERAL}|{_REG_NAME})(?::[0-9]*)?"
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+\-.]*"
_PATH: Final = rf"(?://{_AUTHORITY}(?:/{_PCHAR}*)*|/(?:{_PCHAR}+(?:/{_PCHAR}*)*)?"
_REST: Final = rf"{_PATH}|{_PCHAR}+(?:/{_PCHAR}*)*|)"
_URI: Final = re.compile(
    rf"{_SCHEME}:{_REST}(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?", re.ASCII
)
_DOMAIN: Final = re.compile(_AUTHORITY, re.ASCII)
_ORIGIN: Final = re.compile(rf"(?:({_SCHEME})://)?(.*)", re.ASCII)
_STATEMENT: Final = re.compile(rf"[{_UNRESERVED}{_SUB}:/?#\[\]@ ]*", re.ASCII)
_CHAIN: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_NONCE: Final = re.compile(r"[A-Za-z0-9]{8,128}")
_REQUEST: Final = re.compile(rf"{_PCHAR}*", re.ASCII)
# RFC 3339, 5.6; its grammar takes either case of T and Z.
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a wallet is asked to sign; times are texts (RFC 3339), `moment_of` reads them.

    An optional field that is None is not there; an empty one is.
    """

    domain: str
    address: Address
    uri: str
    chain_id: int
    nonce: str
    issued_at: str
    scheme: str | None = None
    statement: str | None = None
    expiration_time: str | None = None
    not_before: str | None = None
    request_id: str | None = None
    resources: tuple[str, ...] | None = None


def encode_sign_in(message: SignIn) -> str:
    """The text of a message.

    Raises:
        MalformedValue: a field cannot be written by the grammar.
    """
    origin = message.domain if message.scheme is None else f"{message.scheme}://{message.domain}"
    said = [] if message.statement is None else [message.statement]
    lines = [
        f"{origin}{_FIRST}",
        checksum(message.address),
        "",
        *said,
        "",
        f"URI: {message.uri}",
        f"Version: {_VERSION}",
        f"Chain ID: {message.chain_id}",
        f"Nonce: {message.nonce}",
        f"Issued At: {message.issued_at}",
    ]
    optional = (
        ("Expiration Time", message.expiration_time),
        ("Not Before", message.not_before),
        ("Request ID", message.request_id),
    )
    lines += [f"{name}: {value}" for name, value in optional if value is not None]
    if message.resources is not None:
        lines += ["Resources:", *(f"- {one}" for one in message.resources)]
    text = "\n".join(lines)
    if decode_sign_in(text) != message:  # a field with a line break reads as other fields
        raise MalformedValue(field="message", value=message, wanted="fields of one line each")
    return text


def decode_sign_in(text: str) -> SignIn:
    """Read a text by the grammar.

    Raises:
        MalformedValue: it breaks it; the error names the field.
    """
    if len(text) > LONGEST:
        raise _wrong("message", text, f"at most {LONGEST} characters")
    lines = _Lines(text.split("\n"))
    scheme, domain = _read_origin(lines.take("domain"))
    address = _read_address(lines.take("address"))
    lines.expect("")
    statement = _read_statement(lines)
    uri = _match(_URI, lines.field("URI"), "uri", "a URI (RFC 3986)")
    if (version := lines.field("Version")) != _VERSION:
        raise _wrong("version", version, _VERSION)
    chain = _match(_CHAIN, lines.field("Chain ID"), "chain-id", "a number")
    nonce = _match(_NONCE, lines.field("Nonce"), "nonce", "8 to 128 letters and digits")
    message = SignIn(
        scheme=scheme,
        domain=domain,
        address=address,
        statement=statement,
        uri=uri,
        chain_id=int(chain),
        nonce=nonce,
        issued_at=_time(lines.field("Issued At"), "issued-at"),
        expiration_time=_optional_time(lines, "Expiration Time", "expiration-time"),
        not_before=_optional_time(lines, "Not Before", "not-before"),
        request_id=_read_request_id(lines),
        resources=_read_resources(lines),
    )
    lines.end()
    return message


def moment_of(time: str) -> datetime:
    """The moment that a time of a message tells. Raises MalformedValue."""
    return _moment(time, "time")


def checksum(address: Address) -> str:
    """An address in the letter case that tells typing errors (ERC-55)."""
    digits = address.hex()
    signs = keccak(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(sign, 16) >= 8 else digit
        for digit, sign in zip(digits, signs, strict=False)
    )


class _Lines:
    """The lines of a text, taken one after the other."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0

    def peek(self) -> str | None:
        return self._lines[self._at] if self._at < len(self._lines) else None

    def take(self, field: str) -> str:
        line = self.peek()
        if line is None:
            raise _wrong(field, None, "there")
        self._at += 1
        return line

    def expect(self, wanted: str) -> None:
        if (line := self.take("message")) != wanted:
            raise _wrong("message", line, f"the line {wanted!r}")

    def field(self, name: str) -> str:
        found = self.optional(name)
        if found is None:
            raise _wrong(name.lower(), self.peek(), f"a line that begins with '{name}: '")
        return found

    def optional(self, name: str) -> str | None:
        line = self.peek()
        if line is None or not line.startswith(f"{name}: "):
            return None
        self._at += 1
        return line.removeprefix(f"{name}: ")

    def end(self) -> None:
        if (line := self.peek()) is not None:
            raise _wrong("message", line, "its end")


def _read_origin(line: str) -> tuple[str | None, str]:
    if not line.endswith(_FIRST):
        raise _wrong("domain", line, f"a line that ends with '{_FIRST}'")
    found = _ORIGIN.fullmatch(line.removesuffix(_FIRST))
    scheme, domain = (found[1], found[2]) if found else (None, "")
    if not domain or not _DOMAIN.fullmatch(domain):
        raise _wrong("domain", domain, "an authority (RFC 3986, 3.2)")
    return scheme, domain


def _read_address(line: str) -> Address:
    address = parse_address(line, "address")
    if line != checksum(address):
        raise _wrong("address", line, f"checksummed (ERC-55): {checksum(address)}")
    return address


def _read_statement(lines: _Lines) -> str | None:
    """A statement and the blank line after it, or that line alone."""
    line = lines.take("statement")
    if line == "" and lines.peek() != "":
        return None
    statement = _match(_STATEMENT, line, "statement", "ASCII that a URI may have, and blanks")
    lines.expect("")
    return statement


def _read_request_id(lines: _Lines) -> str | None:
    found = lines.optional("Request ID")
    if found is None:
        return None
    return _match(_REQUEST, found, "request-id", "characters of a URI's path (RFC 3986, pchar)")


def _read_resources(lines: _Lines) -> tuple[str, ...] | None:
    if lines.peek() != "Resources:":
        return None
    lines.expect("Resources:")
    found = []
    while (line := lines.peek()) is not None:
        if not line.startswith("- "):
            raise _wrong("resources", line, "a line that begins with '- '")
        lines.take("resources")
        found.append(_match(_URI, line[2:], "resources", "a URI (RFC 3986)"))
    return tuple(found)


def _optional_time(lines: _Lines, name: str, field: str) -> str | None:
    found = lines.optional(name)
    return None if found is None else _time(found, field)


def _time(text: str, field: str) -> str:
    _moment(text, field)
    return text


def _moment(text: str, field: str) -> datetime:
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        # A leap second counts as the one before it.
        told = re.sub(r":60(?=[.zZ+-])", ":59", text.upper())
        return datetime.fromisoformat(told)
    except ValueError:
        raise _wrong(field, text, "a time with its zone (RFC 3339, date-time)") from None


def _match(pattern: re.Pattern[str], text: str, field: str, wanted: str) -> str:
    if not pattern.fullmatch(text):
        raise _wrong(field, text, wanted)
    return text


def _wrong(field: str, value: object, wanted: str) -> MalformedValue:
    return MalformedValue(field=field, value=value, wanted=wanted)
