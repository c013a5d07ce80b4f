"""Signs by Consensys Web3Signer (mode eth1), or whatever speaks as it does.

`POST /api/v1/eth1/sign/{public key}` with `{"data": "0x…"}` hashes the data with keccak and
answers with text: 0x and 65 bytes r, s, v, v being 27 or 28. So it is given the message, never a
digest: what is signed can be read and judged where the key lies, the transaction is put together
here, and typed data (EIP-712) is signed the same way. Its JSON-RPC form, `eth_signTransaction`,
is not used: there the chain id is the signer's own setting, the signer puts the transaction
together, and typed data needs another method.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ledger.chain.signers.endpoint import SignerEndpoint
from ledger.chain.signers.errors import SignerRefused, WrongAnswer
from ledger.chain.signers.signature import find_signature
from ledger.chain.signers.signer import MessageSigner
from ledger.errors import MalformedValue
from ledger.hashing import keccak
from ledger.signatures import Signature, address_of_key
from ledger.types import parse_hex, to_hex

_SIGN: Final = "/api/v1/eth1/sign/"
_KEYS: Final = "/api/v1/eth1/publicKeys"
_POINT: Final = 64
_SIGNATURE: Final = 65


class Web3Signer(MessageSigner):
    """Signs with a key that a Web3Signer holds; asks it once which of its keys that is."""

    __slots__ = ("_endpoint", "_key")

    def __init__(self, endpoint: SignerEndpoint) -> None:
        super().__init__(endpoint.address)
        self._endpoint = endpoint
        self._key = ""

    def __repr__(self) -> str:
        return f"Web3Signer({self._endpoint.shown!r}, {to_hex(self.address)})"

    def sign_message(self, message: bytes) -> Signature:
        """Sign the keccak of a message, which begins with what it is.

        Raises:
            SignerUnavailable: no answer; it may be asked again.
            SignerRefused: it does not sign, or has no key of the address.
            WrongAnswer: it answered with something else.
        """
        self._key = self._key or self._find_key()
        answer = self._endpoint.ask(_SIGN + self._key, {"data": to_hex(message)})
        try:
            signed = parse_hex(answer.decode().strip(), size=_SIGNATURE)
        except (UnicodeDecodeError, MalformedValue):
            raise self._wrong("a signature", "0x and 65 bytes as hex", answer) from None
        r, s = int.from_bytes(signed[:32], "big"), int.from_bytes(signed[32:64], "big")
        return find_signature(keccak(message), r, s, self.address)

    def _find_key(self) -> str:
        """The public key of our address, as Web3Signer names it."""
        answer = self._endpoint.ask(_KEYS)
        try:
            points = [parse_hex(one, size=_POINT) for one in _read_list(answer)]
        except (msgspec.MsgspecError, MalformedValue):
            raise self._wrong("public keys", "a list of 0x and 64 bytes as hex", answer) from None
        for point in points:
            if address_of_key(b"\x04" + point) == self.address:
                return to_hex(point)
        raise SignerRefused(
            f"{self._endpoint.shown} has no key of {to_hex(self.address)}"
            f" ({len(points)} of other addresses)",
            signer=to_hex(self.address),
            url=self._endpoint.shown,
        )

    def _wrong(self, field: str, asked: str, answer: bytes) -> WrongAnswer:
        return WrongAnswer(self.address, field, asked=asked, told=self._endpoint.quote(answer))


def _read_list(answer: bytes) -> list[Any]:
    return msgspec.json.decode(answer, type=list[Any])
