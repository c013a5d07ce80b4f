"""Signatures have one form, one owner, and in DER one encoding."""

from __future__ import annotations

import pytest
from coincurve import PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.signers.der import BadDer, decode_public_key, decode_signature
from ledger.chain.signers.errors import WrongAnswer
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.chain.signers.signature import find_signature
from ledger.hashing import keccak
from ledger.signatures import HALF, ORDER, address_of_key
from tests.chain.signing_service import SPKI, der

keys = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
numbers = st.integers(1, 2**256 - 1)


class TestOwners:
    @given(key=keys, message=st.binary())
    def test_a_high_s_is_made_low_and_recovers_to_the_same_key(
        self, key: bytes, message: bytes
    ) -> None:
        signer = KeystoreSigner(key)
        low = signer.sign_message(message)
        for s in (low.s, ORDER - low.s):
            found = find_signature(keccak(message), low.r, s, signer.address)
            assert found == low
            assert found.s <= HALF
            assert found.recover(keccak(message)) == signer.address

    @given(key=keys, other=keys, message=st.binary())
    def test_another_key_is_refused(self, key: bytes, other: bytes, message: bytes) -> None:
        signature = KeystoreSigner(key).sign_message(message)
        wanted = KeystoreSigner(other).address
        if key == other:
            return
        with pytest.raises(WrongAnswer, match=KeystoreSigner(key).address.hex()):
            find_signature(keccak(message), signature.r, signature.s, wanted)

    @pytest.mark.parametrize("number", [0, ORDER, 2**256 - 1])
    def test_numbers_out_of_range_are_nobodys(self, number: int) -> None:
        for r, s in ((number, 1), (1, number)):
            with pytest.raises(WrongAnswer, match="nobody"):
                find_signature(keccak(b""), r, s, bytes(20))


class TestDer:
    @given(r=numbers, s=numbers)
    def test_what_is_written_reads_back(self, r: int, s: int) -> None:
        assert decode_signature(der(r, s)) == (r, s)

    @given(key=keys, message=st.binary())
    def test_it_reads_what_libsecp256k1_writes(self, key: bytes, message: bytes) -> None:
        r, s = decode_signature(PrivateKey(key).sign(message, hasher=keccak))
        signer = KeystoreSigner(key)
        assert find_signature(keccak(message), r, s, signer.address).r == r

    @given(written=st.binary(max_size=80))
    def test_nothing_else_is_read(self, written: bytes) -> None:
        """Whatever is accepted is the one encoding of what was read."""
        try:
            r, s = decode_signature(written)
        except BadDer:
            return
        assert der(r, s) == written

    @given(r=numbers, s=numbers, data=st.data())
    def test_a_changed_byte_is_refused_or_reads_as_other_numbers(
        self, r: int, s: int, data: st.DataObject
    ) -> None:
        written = bytearray(der(r, s))
        written[data.draw(st.integers(0, len(written) - 1))] ^= data.draw(st.integers(1, 255))
        try:
            assert der(*decode_signature(bytes(written))) == bytes(written)
        except BadDer:
            return

    @pytest.mark.parametrize(
        ("written", "why"),
        [
            ("", "tag 0x30"),
            ("30", "tag 0x30"),
            ("3106020101020101", "tag 0x30"),
            ("3006030101020101", "tag 0x02"),
            ("3006020101030101", "tag 0x02"),
            ("308106020101020101", "a length"),
            ("3080020101020101" + "0000", "a length"),
            ("3007020101020101", "beyond its end"),
            ("3006020101020301", "beyond its end"),
            ("300602010102010100", "left over"),
            ("3009020101020101020101", "left over"),
            ("3003020101", "tag 0x02"),
            ("3006020181020101", "negative"),
            ("3006020101020180", "negative"),
            ("300702020001020101", "padded"),
            ("300702010102020001", "padded"),
            ("30050200020101", "0 bytes"),
            ("3027" + "0222" + "01" + "00" * 33 + "020101", "34 bytes"),
        ],
    )
    def test_what_is_no_signature(self, written: str, why: str) -> None:
        with pytest.raises(BadDer, match=why):
            decode_signature(bytes.fromhex(written))

    @given(key=keys)
    def test_a_public_key_reads_as_its_point(self, key: bytes) -> None:
        point = PrivateKey(key).public_key.format(compressed=False)
        assert decode_public_key(SPKI + point) == point
        assert address_of_key(point) == KeystoreSigner(key).address

    @pytest.mark.parametrize(
        "written",
        [
            b"",
            SPKI,
            SPKI + b"\x04" + bytes(63),
            SPKI + b"\x04" + bytes(65),
            SPKI + b"\x06" + bytes(64),
            bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
            + b"\x04"
            + bytes(64),
        ],
        ids=["none", "no point", "short", "long", "hybrid", "another curve"],
    )
    def test_what_is_no_key_of_ours(self, written: bytes) -> None:
        with pytest.raises(BadDer):
            decode_public_key(written)
