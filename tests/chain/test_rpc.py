"""The node is asked politely and believed little: every failure is typed, only reads repeated."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ledger.chain.node import Anvil
from ledger.chain.rpc import RpcClient, UnknownBlock
from ledger.errors import InputError, NodeUnavailable, RpcError
from ledger.proofs.layout import ledger_head_slot
from tests.ledgers import DeployedLedger

Reply = Callable[[Any], tuple[int, bytes]]


class OddNode:
    """A node that answers whatever it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.authorised: list[str | None] = []
        self.replies: list[Reply] = []
        node = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["content-length"])))
                node.asked.append(request)
                node.authorised.append(self.headers.get("authorization"))
                reply = node.replies.pop(0) if len(node.replies) > 1 else node.replies[0]
                status, body = reply(request)
                self.send_response(status)
                self.send_header("content-type", "application/json" if body[:1] in b"{[" else "x/y")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def odd() -> Iterator[OddNode]:
    node = OddNode()
    yield node
    node.server.shutdown()
    node.server.server_close()


def result(value: object) -> Reply:
    return lambda request: (
        200,
        json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": value}).encode(),
    )


def each(*values: object) -> Reply:
    """Answers to a batch: results in order, and errors where they are RpcError."""

    def answer(asked: dict[str, object], value: object) -> dict[str, object]:
        refused = isinstance(value, RpcError)
        told = {"code": -32000, "message": str(value)} if refused else value
        return {"jsonrpc": "2.0", "id": asked["id"], "error" if refused else "result": told}

    return lambda asked: (
        200,
        json.dumps([answer(*both) for both in zip(asked, values, strict=True)]).encode(),
    )


def says(body: bytes, status: int = 200) -> Reply:
    return lambda _: (status, body)


class TestAnswersThatAreNone:
    @pytest.mark.parametrize(
        "reply",
        [
            says(b""),
            says(b"<html>busy</html>"),
            says(b"<html>busy</html>", 502),
            says(b'{"message": "slow down"}', 429),
            says(b"[]"),
            says(b"{}"),
            says(b'"0x1"'),
            says(b'{"jsonrpc": "2.0", "id": 999999, "result": "0x1"}'),
            says(b'{"jsonrpc": "2.0", "id": 1'),
            says(b'{"result": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
            says(b'\xff\xfe{"id": 1}'),
            result(17),
            result("seventeen"),
            result(None),
            result({"number": "0x1"}),
            result([]),
        ],
    )
    def test_are_as_if_the_node_were_not_there(self, odd: OddNode, reply: Reply) -> None:
        odd.replies = [reply]
        with RpcClient(odd.url, patience=0) as rpc, pytest.raises(NodeUnavailable):
            rpc.fetch_block_number()

    def test_blocks_and_receipts_that_are_not(self, odd: OddNode) -> None:
        odd.replies = [result({"number": "0x1", "hash": "0x12"})]
        with RpcClient(odd.url, patience=0) as rpc, pytest.raises(NodeUnavailable):
            rpc.fetch_block("latest")
        odd.replies = [result([{"address": "0x"}])]
        with RpcClient(odd.url, patience=0) as rpc, pytest.raises(NodeUnavailable):
            rpc.fetch_logs(bytes(20))

    def test_batches_that_lack_an_answer(self, odd: OddNode) -> None:
        odd.replies = [
            lambda asked: (200, json.dumps([{"id": asked[0]["id"], "result": 1}]).encode())
        ]
        with RpcClient(odd.url) as rpc, pytest.raises(NodeUnavailable, match="missing"):
            rpc.batch([("a", ()), ("b", ())])

    @pytest.mark.parametrize("told", [None, "0x", {"number": "0x1"}, [{"address": "0x"}]])
    def test_ranges_without_logs(self, odd: OddNode, told: object) -> None:
        odd.replies = [each(told, "0x00")]
        with RpcClient(odd.url, patience=0) as rpc, pytest.raises(NodeUnavailable):
            rpc.fetch_wire_range(bytes(20), [], bytes(32), (1, 2), [])

    @pytest.mark.parametrize("told", [None, "zero", 0, [], {}])
    def test_ranges_whose_word_is_none(self, odd: OddNode, told: object) -> None:
        odd.replies = [each([], told)]
        with RpcClient(odd.url, patience=0) as rpc, pytest.raises(NodeUnavailable):
            rpc.fetch_wire_range(bytes(20), [], bytes(32), (1, 2), [])

    def test_nobody_there(self) -> None:
        with RpcClient("http://127.0.0.1:1", patience=0) as rpc, pytest.raises(NodeUnavailable):
            rpc.chain_id()


class TestErrors:
    def test_carry_method_number_and_detail(self, odd: OddNode) -> None:
        error = {"code": 3, "message": "execution reverted", "data": "0x1234"}
        odd.replies = [
            lambda asked: (400, json.dumps({"id": asked["id"], "error": error}).encode())
        ]
        with RpcClient(odd.url) as rpc, pytest.raises(RpcError) as caught:
            rpc.fetch_call(bytes(20), b"")
        raised = caught.value
        assert (raised.method, raised.number, raised.detail) == ("eth_call", 3, "0x1234")
        assert len(odd.asked) == 1, "an error is an answer: it is not asked again"

    @pytest.mark.parametrize("beside", [None, "0x", {}, 7])
    def test_are_errors_whatever_result_stands_beside(self, odd: OddNode, beside: object) -> None:
        error = {"code": -32005, "message": "too many results"}
        odd.replies = [
            lambda asked: (
                200,
                json.dumps({"id": asked["id"], "result": beside, "error": error}).encode(),
            )
        ]
        with RpcClient(odd.url) as rpc, pytest.raises(RpcError, match="too many results"):
            rpc.fetch_logs(bytes(20))

    def test_of_a_batch_stand_in_their_place(self, anvil: Anvil) -> None:
        chain, refused, number = anvil.rpc.batch(
            [("eth_chainId", ()), ("eth_nothing", ()), ("eth_blockNumber", ())]
        )
        assert (chain, number) == ("0x7a69", "0x0")
        assert isinstance(refused, RpcError)
        assert refused.number == -32601

    def test_of_a_batch_as_a_whole(self, odd: OddNode) -> None:
        odd.replies = [says(b'{"id": null, "error": {"code": -32600, "message": "too many"}}')]
        with RpcClient(odd.url) as rpc, pytest.raises(RpcError, match="too many"):
            rpc.batch([("a", ())])

    @pytest.mark.parametrize("refusal", [(400, b"<html>"), (413, b"<html>"), (200, b"")])
    def test_of_too_many_reads_at_once_have_fewer_asked(
        self, odd: OddNode, refusal: tuple[int, bytes]
    ) -> None:
        def at_most_two(asked: Any) -> tuple[int, bytes]:
            if len(asked) > 2:
                status, body = refusal
                return status, body or b'{"id": null, "error": {"code": -32600, "message": "no"}}'
            return 200, json.dumps(
                [{"id": one["id"], "result": one["method"]} for one in asked]
            ).encode()

        odd.replies = [at_most_two]
        methods = [str(number) for number in range(7)]
        with RpcClient(odd.url) as rpc:
            assert rpc.fetch_batch([(method, ()) for method in methods]) == methods

    def test_of_a_range_are_told_or_are_of_a_state_that_is_forgotten(self, odd: OddNode) -> None:
        refusal = RpcError("eth_getStorageAt", -32000, "missing trie node")
        odd.replies = [each([], refusal, refusal), each(refusal, "0x1")]
        with RpcClient(odd.url) as rpc:
            told = rpc.fetch_wire_range(bytes(20), [], bytes(32), (1, 2), [1])
            assert (told.logs, told.word) == ([], None)
            assert isinstance(told.headers[0], RpcError)
            with pytest.raises(RpcError, match="missing trie node"):
                rpc.fetch_wire_range(bytes(20), [], bytes(32), (1, 2), [])

    def test_of_a_single_read_are_told(self, odd: OddNode) -> None:
        odd.replies = [says(b"<html>", 413)]
        with RpcClient(odd.url) as rpc, pytest.raises(RpcError, match="413"):
            rpc.fetch_batch([("a", ())])


class TestRepeating:
    def test_reads_go_on_until_there_is_an_answer(self, odd: OddNode) -> None:
        odd.replies = [says(b"busy", 503), says(b"busy", 503), result("0x11")]
        with RpcClient(odd.url) as rpc:
            assert rpc.fetch_block_number() == 17
        assert len(odd.asked) == 3

    def test_sending_is_never_repeated(self, odd: OddNode) -> None:
        odd.replies = [says(b"busy", 503), result("0x" + "11" * 32)]
        with RpcClient(odd.url) as rpc, pytest.raises(NodeUnavailable):
            rpc.send_raw(b"\x02")
        assert len(odd.asked) == 1

    def test_patience_ends(self, odd: OddNode) -> None:
        odd.replies = [says(b"busy", 503)]
        with RpcClient(odd.url, patience=0.2) as rpc, pytest.raises(NodeUnavailable):
            rpc.chain_id()
        assert 2 <= len(odd.asked) <= 5


class TestSecrets:
    def test_no_message_shows_password_or_path(self, odd: OddNode) -> None:
        odd.replies = [says(b"busy", 503)]
        url = odd.url.replace("http://", "http://user:geheim@") + "/v3/key"
        with RpcClient(url, patience=0) as rpc:
            with pytest.raises(NodeUnavailable) as caught:
                rpc.chain_id()
            shown = f"{caught.value}{caught.value.fields}{rpc!r}"
        assert "geheim" not in shown
        assert "key" not in shown
        assert odd.authorised == ["Basic dXNlcjpnZWhlaW0="]

    @pytest.mark.parametrize("url", ["", "geheim", "ws://geheim:1", "http://", "http://x:geheim"])
    def test_urls_that_are_none(self, url: str) -> None:
        with pytest.raises(InputError) as caught:
            RpcClient(url)
        assert "geheim" not in str(caught.value)


class TestReading:
    def test_blocks_by_number_tag_and_hash(self, anvil: Anvil) -> None:
        rpc = anvil.rpc
        rpc.call("evm_mine")
        block = rpc.fetch_block(1)
        assert block == rpc.fetch_block("latest") == rpc.fetch_block(block.hash)
        assert block.parent_hash == rpc.genesis_hash() == rpc.fetch_block("earliest").hash
        assert rpc.find_block(2) is None
        assert rpc.find_block(bytes(32)) is None
        with pytest.raises(UnknownBlock, match="2"):
            rpc.fetch_block(2)

    def test_logs_receipts_storage_and_proofs_agree(self, deployed: DeployedLedger) -> None:
        rpc, org = deployed.rpc, deployed.enrol("did:web:maker.example")
        receipt = deployed.append([deployed.birth(org, bytes([n])) for n in range(3)])
        in_block = rpc.fetch_logs(deployed.address, block_hash=receipt.block_hash)
        in_range = rpc.fetch_logs(deployed.address, (), receipt.block_number, receipt.block_number)
        assert tuple(in_block) == tuple(in_range) == receipt.logs
        topic = receipt.logs[0].topics[0]
        chosen = [log for log in receipt.logs if log.topics[0] == topic]
        assert rpc.fetch_logs(deployed.address, [[topic]], receipt.block_number) == chosen
        slot = ledger_head_slot()
        proof = rpc.fetch_proof(deployed.address, [slot], receipt.block_hash)
        head = deployed.contract.fetch_ledger_head(receipt.block_hash)
        assert rpc.fetch_storage(deployed.address, slot, receipt.block_hash) == head
        assert proof.slots[0].value == int.from_bytes(head, "big")
        assert rpc.fetch_receipts([receipt.transaction_hash, bytes(32)]) == [receipt, None]

    def test_a_range_is_told_by_one_request(self, deployed: DeployedLedger) -> None:
        rpc, org, slot = deployed.rpc, deployed.enrol("did:web:miner.example"), ledger_head_slot()
        first = deployed.append([deployed.birth(org, bytes([n])) for n in range(3)])
        last = deployed.append([deployed.birth(org, bytes([n])) for n in range(3, 6)])
        ends = first.block_number, last.block_number
        told = rpc.fetch_wire_range(deployed.address, [], slot, ends, ends)
        assert told.logs == rpc.fetch_wire_logs(deployed.address, [], *ends)
        assert told.word == rpc.fetch_storage(deployed.address, slot, last.block_hash)
        assert told.headers == [rpc.fetch_block(number).header for number in ends]

    def test_from_many_threads_at_once(self, anvil: Anvil) -> None:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: anvil.rpc.chain_id(), range(200)))
        assert found == [31337] * 200


def test_importing_it_does_not_import_web3() -> None:
    import subprocess
    import sys

    look = "import sys, ledger.chain.contract, ledger.chain.finality; "
    look += "import ledger.chain.signers.keystore; "
    look += "print([m for m in ('web3', 'eth_abi', 'eth_account') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
