"""Signs by a key management service or HSM, which signs digests and answers in DER.

A service is a `DigestSigner`. The one that is here speaks plain JSON, so that any service can be
put behind a bridge of twenty lines around its own SDK, close to its credentials:

    GET  {url}/public-key                 → {"public_key": "0x…"}  DER SubjectPublicKeyInfo
    POST {url}/sign {"digest": "0x…"}     → {"signature": "0x…"}   DER ECDSA-Sig-Value

(AWS: `GetPublicKey`, and `Sign` with `ECDSA_SHA_256`, `MessageType=DIGEST`; Google Cloud:
`getPublicKey`, `asymmetricSign` of a key `EC_SIGN_SECP256K1_SHA256`; Azure Key Vault answers r
and s: the bridge writes them as DER.) The digest is keccak's, 32 bytes like SHA-256's.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from ledger.chain.signers.der import BadDer, decode_public_key, decode_signature
from ledger.chain.signers.endpoint import SignerEndpoint
from ledger.chain.signers.errors import WrongAnswer
from ledger.chain.signers.signature import find_signature
from ledger.chain.signers.signer import MessageSigner
from ledger.errors import MalformedValue
from ledger.hashing import keccak
from ledger.signatures import Signature, address_of_key
from ledger.types import Address, Hash32, parse_hex, to_hex


class DigestSigner(Protocol):
    """A service that holds one key of secp256k1. Raises SignerUnavailable, SignerRefused."""

    def public_key(self) -> bytes:
        """The public key (DER SubjectPublicKeyInfo)."""
        ...

    def sign(self, digest: Hash32) -> bytes:
        """Sign 32 bytes as they are (DER ECDSA-Sig-Value)."""
        ...


class KmsSigner(MessageSigner):
    """Signs for an address with a service's key; asks once whether the key is the address's."""

    __slots__ = ("_is_ours", "_service")

    def __init__(self, service: DigestSigner, address: Address) -> None:
        super().__init__(address)
        self._service = service
        self._is_ours = False

    def __repr__(self) -> str:
        return f"KmsSigner({self._service!r}, {to_hex(self.address)})"

    def sign_message(self, message: bytes) -> Signature:
        """Sign the keccak of a message, which begins with what it is.

        Raises:
            SignerUnavailable: no answer; it may be asked again.
            SignerRefused: the service does not sign.
            WrongAnswer: its key is another's, or it answered with something else.
        """
        if not self._is_ours:
            self._verify_key()
        digest = keccak(message)
        der = self._service.sign(digest)
        try:
            r, s = decode_signature(der)
        except BadDer as error:
            raise WrongAnswer(self.address, "a signature", asked="DER", told=error) from None
        return find_signature(digest, r, s, self.address)

    def _verify_key(self) -> None:
        try:
            found = address_of_key(decode_public_key(self._service.public_key()))
        except BadDer as error:
            raise WrongAnswer(self.address, "a public key", asked="DER", told=error) from None
        if found != self.address:
            raise WrongAnswer(self.address, "the key of", asked=self.address, told=found)
        self._is_ours = True


class _Key(msgspec.Struct):
    public_key: str


class _Signed(msgspec.Struct):
    signature: str


class HttpKms:
    """A service behind a bridge that speaks the protocol above."""

    __slots__ = ("_endpoint",)

    def __init__(self, endpoint: SignerEndpoint) -> None:
        self._endpoint = endpoint

    def __repr__(self) -> str:
        return f"HttpKms({self._endpoint.shown!r})"

    def public_key(self) -> bytes:
        """The public key (DER SubjectPublicKeyInfo). Raises SignerError."""
        answer = self._endpoint.ask("/public-key")
        try:
            return parse_hex(msgspec.json.decode(answer, type=_Key).public_key)
        except (msgspec.MsgspecError, MalformedValue):
            raise self._wrong("a public key", '{"public_key": "0x…"}', answer) from None

    def sign(self, digest: Hash32) -> bytes:
        """Sign 32 bytes as they are (DER ECDSA-Sig-Value). Raises SignerError."""
        answer = self._endpoint.ask("/sign", {"digest": to_hex(digest)})
        try:
            return parse_hex(msgspec.json.decode(answer, type=_Signed).signature)
        except (msgspec.MsgspecError, MalformedValue):
            raise self._wrong("a signature", '{"signature": "0x…"}', answer) from None

    def _wrong(self, field: str, asked: str, answer: bytes) -> WrongAnswer:
        return WrongAnswer(
            self._endpoint.address, field, asked=asked, told=self._endpoint.quote(answer)
        )
