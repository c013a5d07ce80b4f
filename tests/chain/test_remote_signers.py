"""Signers elsewhere are asked politely and believed not at all."""

from __future__ import annotations

import json
import logging
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.chain.signers.endpoint import SignerEndpoint
from ledger.chain.signers.errors import (
    SignerError,
    SignerRefused,
    SignerUnavailable,
    WrongAnswer,
)
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.chain.signers.kms import HttpKms, KmsSigner
from ledger.chain.signers.opening import open_place
from ledger.chain.signers.places import KINDS, Place, parse_place
from ledger.chain.signers.signer import Signer
from ledger.chain.signers.transaction import TransactionFields, encode_unsigned
from ledger.chain.signers.web3signer import Web3Signer
from ledger.errors import MalformedValue
from ledger.types import to_hex
from tests.chain.signing_service import SPKI, Reply, SigningService

KEY = bytes(31) + b"\x07"
OURS = KeystoreSigner(KEY)
ASKED = TransactionFields(31337, 5, bytes(19) + b"\x01", b"\x01\x02", 50_000, 7, 3)
OPENSSL = shutil.which("openssl")


@pytest.fixture
def service() -> Iterator[SigningService]:
    made = SigningService(KEY)
    yield made
    made.stop()


def signer_at(service: SigningService, kind: str, **wishes: float) -> Signer:
    endpoint = SignerEndpoint(parse_place(service.line(kind), "SIGNER"), **wishes)
    return (
        Web3Signer(endpoint) if kind == "web3signer" else KmsSigner(HttpKms(endpoint), OURS.address)
    )


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class TestHonest:
    def test_it_signs_what_the_key_in_a_keystore_would(
        self, service: SigningService, kind: str
    ) -> None:
        signer = open_place(parse_place(service.line(kind), "SIGNER"))
        assert signer.address == OURS.address
        assert signer.sign_transaction(ASKED) == OURS.sign_transaction(ASKED)

    def test_typed_data_is_signed_the_same_way(self, service: SigningService, kind: str) -> None:
        message = b"\x19\x01" + bytes(64)
        assert signer_at(service, kind).sign_message(message) == OURS.sign_message(message)

    def test_a_high_s_is_made_low(self, service: SigningService, kind: str) -> None:
        service.high = True
        assert signer_at(service, kind).sign_transaction(ASKED) == OURS.sign_transaction(ASKED)

    def test_the_key_is_looked_up_once_and_the_connection_is_kept(
        self, service: SigningService, kind: str
    ) -> None:
        signer = signer_at(service, kind)
        for _ in range(3):
            signer.sign_transaction(ASKED)
        assert len(service.asked) == 4
        assert len(service.connections) == 1

    def test_web3signer_sees_what_it_signs(self, service: SigningService) -> None:
        signer_at(service, "web3signer").sign_transaction(ASKED)
        path, body = service.asked[-1]
        assert path == f"/api/v1/eth1/sign/{to_hex(service.point[1:])}"
        assert body == {"data": to_hex(encode_unsigned(ASKED))}

    def test_it_is_not_asked_before_it_is_needed(self, kind: str) -> None:
        signer = open_place(parse_place(f"{kind}+http://localhost:1?address=0x{'11' * 20}", "S"))
        assert signer.address == b"\x11" * 20


def fails(signer: Signer, error: type[SignerError]) -> SignerError:
    with pytest.raises(error) as caught:
        signer.sign_transaction(ASKED)
    return caught.value


def replies(status: int, body: bytes, told: str = "text/plain") -> Callable[[Reply], Reply]:
    return lambda _: (status, told, body)


class TestOthers:
    def test_what_signs_something_else_is_refused(self, service: SigningService, kind: str) -> None:
        service.lie = lambda message: message[:-1] + bytes([message[-1] ^ 1])
        error = fails(signer_at(service, kind), WrongAnswer)
        assert error.fields["field"] == "a signature of"
        assert error.fields["asked"] == to_hex(OURS.address)
        assert error.fields["told"] != error.fields["asked"]

    def test_a_key_that_is_anothers_is_refused(self, service: SigningService, kind: str) -> None:
        stranger = KeystoreSigner(bytes(31) + b"\x09").address
        line = service.line(kind).replace(OURS.address.hex(), stranger.hex())
        error = fails(open_place(parse_place(line, "SIGNER")), SignerError)
        assert isinstance(error, SignerRefused if kind == "web3signer" else WrongAnswer)
        assert stranger.hex() in str(error)
        assert not [path for path, _ in service.asked if "sign" in path.split("/")], (
            "not even asked"
        )

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"0x",
            b"null",
            b"[]",
            b"{}",
            b"0x" + b"11" * 64,
            b"0x" + b"zz" * 65,
            b"0x" + b"00" * 65,
            b"0x" + b"ff" * 65,
            b"<html>welcome</html>",
            b"\xff\xfe",
            b'{"signature": "0x"}',
            b'{"signature": 5}',
            b'{"signature": "0x30060201010201"}',
            b'{"public_key": "0x3056"}',
        ],
    )
    def test_an_answer_that_is_no_signature_is_refused(
        self, service: SigningService, kind: str, body: bytes
    ) -> None:
        signer = signer_at(service, kind)
        signer.sign_transaction(ASKED)
        service.reply = replies(200, body)
        fails(signer, WrongAnswer)
        fails(signer_at(service, kind), SignerError)

    def test_a_truncated_answer_is_refused(self, service: SigningService, kind: str) -> None:
        signer = signer_at(service, kind)
        signer.sign_transaction(ASKED)
        service.reply = lambda reply: (reply[0], reply[1], reply[2][: len(reply[2]) // 2])
        fails(signer, WrongAnswer)

    def test_a_key_of_another_kind_is_refused(self, service: SigningService) -> None:
        told = {"public_key": to_hex(SPKI[:-1] + b"\1" + service.point)}
        service.reply = replies(200, json.dumps(told).encode())
        assert "a public key" in str(fails(signer_at(service, "kms"), WrongAnswer))

    @pytest.mark.parametrize("status", [429, 500, 502, 503])
    def test_not_now_may_be_asked_again(
        self, service: SigningService, kind: str, status: int
    ) -> None:
        signer = signer_at(service, kind)
        service.reply = replies(status, b"<html>busy</html>", "text/html")
        assert str(status) in str(fails(signer, SignerUnavailable))
        service.reply = lambda reply: reply
        assert signer.sign_transaction(ASKED) == OURS.sign_transaction(ASKED)

    @pytest.mark.parametrize("status", [302, 400, 401, 403, 404])
    def test_a_refusal_says_what_the_signer_says(
        self, service: SigningService, kind: str, status: int
    ) -> None:
        service.reply = replies(status, b"rule 7\nforbids it")
        error = fails(signer_at(service, kind), SignerRefused)
        assert f"HTTP status {status}, 'rule 7 forbids it'" in str(error)

    def test_a_signer_that_goes_away_is_unavailable_until_it_is_back(
        self, service: SigningService, kind: str
    ) -> None:
        signer = signer_at(service, kind)
        service.reply = lambda _: None
        fails(signer, SignerUnavailable)
        service.reply = lambda reply: reply
        signer.sign_transaction(ASKED)
        service.stop()
        fails(signer_at(service, kind), SignerUnavailable)
        service.start()
        assert signer_at(service, kind).sign_transaction(ASKED) == OURS.sign_transaction(ASKED)

    def test_a_slow_signer_is_not_waited_for_for_ever(
        self, service: SigningService, kind: str
    ) -> None:
        over = threading.Event()

        def late(reply: Reply) -> Reply:
            over.wait(10)
            return reply

        service.reply = late
        fails(signer_at(service, kind, timeout=0.1), SignerUnavailable)
        over.set()

    def test_an_answer_that_trickles_in_is_not_waited_for_for_ever(self, kind: str) -> None:
        over = threading.Event()
        listening = socket.create_server(("127.0.0.1", 0))

        def trickle() -> None:
            connection, _ = listening.accept()
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
            while not over.wait(0.02):
                connection.sendall(b"0")
            connection.close()

        threading.Thread(target=trickle, daemon=True).start()
        line = f"{kind}+http://localhost:{listening.getsockname()[1]}?address=0x{'11' * 20}"
        endpoint = SignerEndpoint(parse_place(line, "SIGNER"), timeout=0.2)
        with pytest.raises(SignerUnavailable, match=r"takes longer than 0\.2 s"):
            endpoint.ask("/sign")
        over.set()
        listening.close()

    def test_an_answer_without_end_is_not_read(self, service: SigningService, kind: str) -> None:
        service.reply = replies(200, b"0" * 70_000)
        assert "longer than" in str(fails(signer_at(service, kind), SignerUnavailable))


class TestSecrets:
    SECRET = "s3cr3t-t0ken"

    @pytest.mark.parametrize(
        ("user", "sent"),
        [
            (f"{SECRET}@", f"Bearer {SECRET}"),
            (f"ledger:{SECRET}@", "Basic bGVkZ2VyOnMzY3IzdC10MGtlbg=="),
            ("", None),
        ],
    )
    def test_they_are_sent(
        self, service: SigningService, kind: str, user: str, sent: str | None
    ) -> None:
        open_place(parse_place(service.line(kind, user), "SIGNER")).sign_transaction(ASKED)
        assert set(service.authorised) == {sent}

    @pytest.mark.parametrize("user", [f"{SECRET}@", f"ledger:{SECRET}@"])
    def test_they_are_never_shown(
        self,
        service: SigningService,
        kind: str,
        user: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.INFO)
        place = parse_place(service.line(kind, user), "SIGNER")
        signer = open_place(place)
        shown = [repr(place), str(place), place.shown, repr(signer), str(signer)]
        echoes: list[Callable[[Reply], Reply | None]] = [
            lambda _: (403, "text/plain", (service.authorised[-1] or "").encode()),
            lambda _: (500, "text/plain", (service.authorised[-1] or "").encode()),
            lambda _: (200, "text/plain", (service.authorised[-1] or "").encode()),
            lambda _: None,
        ]
        for echo in echoes:
            service.reply = echo
            error = fails(signer, SignerError)
            shown += [str(error), repr(error.fields), repr(error.__cause__)]
        shown += [record.getMessage() for record in caplog.records]
        for text in shown:
            assert self.SECRET not in text
            assert "bGVkZ2Vy" not in text


class TestPlaces:
    ADDRESS = "0x" + "1a" * 20

    def test_all_of_it_is_read(self, tmp_path: Path) -> None:
        pem = tmp_path / "ca.pem"
        pem.write_text("")
        line = (
            f"kms+https://me:pass%40word@kms.example:8443/bridge/?address={self.ADDRESS}&ca={pem}"
        )
        assert parse_place(line, "SIGNER") == Place(
            "kms",
            "https://kms.example:8443/bridge",
            b"\x1a" * 20,
            "me",
            "pass@word",
            pem,
        )

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("", "SIGNER: '***' is not web3signer+https://"),
            ("s3cr3t", "SIGNER: '***' is not web3signer+https://"),
            ("https://h?address={}", "SIGNER: 'https://h' is not web3signer+https://"),
            ("vault+https://h?address={}", "SIGNER: 'vault+https://h' is not web3signer"),
            ("kms+ftp://h?address={}", "SIGNER: 'kms+ftp://h' is not web3signer"),
            ("kms+https://?address={}", "is not web3signer+https://"),
            ("kms+https://s3cr3t@h:port", "SIGNER: 'kms+https://***@h:port' is not web3signer"),
            ("kms+https://h", "SIGNER, address: None is not 0x followed by 40 hex digits"),
            ("kms+https://h?address=0x12", "SIGNER, address: '0x12' is not 0x followed by 40"),
            ("kms+https://h?address={}&tokn=s3cr3t", "SIGNER: 'tokn' is not address, ca or"),
            ("kms+https://h?address={}&ca=/none", "SIGNER, ca: '/none' is not a file"),
            (
                "kms+http://s3cr3t@kms.example?address={}",
                "SIGNER: 'kms+http://***@kms.example' is not https, without which others read",
            ),
            ("kms+https://s3cr%0Dt@h?address={}", "SIGNER: 'kms+https://***@h' is not a token"),
            ("kms+https://a:s3cr3t/x@h?address={}", "is not"),
        ],
    )
    def test_what_is_wrong_is_named_and_secrets_are_not_shown(self, line: str, told: str) -> None:
        with pytest.raises(MalformedValue) as caught:
            parse_place(line.format(self.ADDRESS), "SIGNER")
        assert told in str(caught.value)
        assert "s3cr" not in f"{caught.value}{caught.value.fields}{caught.value.__cause__}"


@pytest.mark.skipif(OPENSSL is None, reason="makes certificates with openssl")
class TestTls:
    @pytest.fixture
    def pem(self, tmp_path: Path) -> Path:
        """A certificate of localhost and its key, in one file."""
        key, made = tmp_path / "key.pem", tmp_path / "both.pem"
        asked = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        asked += ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
        asked += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(made)]
        subprocess.run([OPENSSL or "", *asked], check=True, capture_output=True)
        made.write_text(made.read_text() + key.read_text())
        return made

    @pytest.fixture
    def secure(self, pem: Path) -> Iterator[SigningService]:
        """A service that shows a certificate, and wants one."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        context.load_verify_locations(pem)
        context.verify_mode = ssl.CERT_REQUIRED
        made = SigningService(KEY, context)
        yield made
        made.stop()

    def test_both_sides_show_who_they_are(
        self, secure: SigningService, kind: str, pem: Path
    ) -> None:
        line = secure.line(kind, more=f"&ca={pem}&certificate={pem}")
        signer = open_place(parse_place(line, "SIGNER"))
        assert signer.sign_transaction(ASKED) == OURS.sign_transaction(ASKED)

    def test_a_server_that_nobody_vouches_for_is_not_asked(
        self, secure: SigningService, kind: str, pem: Path
    ) -> None:
        line = secure.line(kind, "s3cr3t@", more=f"&certificate={pem}")
        error = fails(open_place(parse_place(line, "SIGNER")), SignerUnavailable)
        assert "CERTIFICATE_VERIFY_FAILED" in str(error)
        assert not secure.authorised

    def test_without_a_certificate_of_ours_it_does_not_sign(
        self, secure: SigningService, kind: str, pem: Path
    ) -> None:
        fails(
            open_place(parse_place(secure.line(kind, more=f"&ca={pem}"), "SIGNER")),
            SignerUnavailable,
        )
        assert not secure.asked

    @pytest.mark.parametrize("which", ["ca", "certificate"])
    def test_a_file_that_is_no_certificate_is_named(self, tmp_path: Path, which: str) -> None:
        bad = tmp_path / "bad.pem"
        bad.write_text("nonsense")
        line = f"kms+https://h?address=0x{'11' * 20}&{which}={bad}"
        with pytest.raises(MalformedValue, match=f"{which}: .*bad.pem"):
            open_place(parse_place(line, "SIGNER"))
