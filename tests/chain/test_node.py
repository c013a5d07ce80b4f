"""The embedded chain comes back from whatever moment it was killed at."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ledger.chain.finality import DumpFinality, TagFinality
from ledger.chain.node import Anvil, fund
from ledger.chain.process import NodeDied
from ledger.chain.rpc import RpcClient
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.chain.signers.transaction import TransactionFields
from ledger.chain.state import BadState, find_copies
from ledger.errors import LedgerError, NodeError, ToolError
from ledger.hashing import keccak
from ledger.types import Hash32, to_hex

SENDER = KeystoreSigner(keccak(b"sender"))


def mine(rpc: RpcClient, nonce: int | None = None) -> Hash32:
    """Send a transaction that changes state, without waiting for its block."""
    number = rpc.fetch_nonce(SENDER.address, "pending") if nonce is None else nonce
    to = keccak(number.to_bytes(8, "big"))[:20]
    raw = TransactionFields(31337, number, to, b"", 21_000, 10**10, 10**9, value=1)
    return rpc.send_raw(SENDER.sign_transaction(raw))


def state_matches_head(rpc: RpcClient) -> bool:
    """Whether the state that the node has is the one its newest header commits to."""
    proof = rpc.fetch_proof(SENDER.address)
    return to_hex(keccak(proof.nodes[0])) == rpc.fetch_block("latest").header["stateRoot"]


def told_final(anvil: Anvil) -> tuple[int, str]:
    final = json.loads(anvil.final_path.read_text())
    return final["number"], final["hash"]


def kill(anvil: Anvil) -> None:
    os.kill(anvil.pid, signal.SIGKILL)
    anvil.wait()
    anvil.rpc.close()


class TestComingBack:
    def test_a_chain_once_seen_keeps_its_first_block(self, tmp_path: Path) -> None:
        anvil = Anvil.start(tmp_path)
        genesis = anvil.rpc.genesis_hash()
        kill(anvil)
        with Anvil.start(tmp_path) as again:
            assert again.rpc.genesis_hash() == genesis

    def test_head_balances_and_old_states_come_back(self, tmp_path: Path) -> None:
        with Anvil.start(tmp_path) as anvil:
            anvil.fund(SENDER.address)
            for _ in range(3):
                mine(anvil.rpc)
                anvil.rpc.call("evm_mine")
            head = anvil.rpc.fetch_block("latest")
            before = anvil.rpc.fetch_balance(SENDER.address, 1)
        with Anvil.start(tmp_path) as again:
            assert again.rpc.fetch_block("latest") == head
            assert again.rpc.fetch_balance(SENDER.address, 1) == before
            assert told_final(again) == (head.number, to_hex(head.hash))
            assert state_matches_head(again.rpc)

    def test_killed_at_any_moment_it_goes_on_from_a_completed_copy(self, tmp_path: Path) -> None:
        chance = random.Random(7)  # noqa: S311
        genesis, reached = None, 0
        for _ in range(12):
            anvil = Anvil.start(tmp_path)
            genesis = genesis or anvil.rpc.genesis_hash()
            assert anvil.rpc.genesis_hash() == genesis
            assert anvil.rpc.fetch_block_number() >= reached
            anvil.fund(SENDER.address)
            stop = threading.Event()
            keeper = threading.Thread(target=_keep_on, args=(anvil, stop))
            keeper.start()
            until = time.monotonic() + chance.uniform(0.02, 0.5)
            nonce = anvil.rpc.fetch_nonce(SENDER.address)
            while time.monotonic() < until:
                mine(anvil.rpc, nonce)
                nonce += 1
            kill(anvil)
            stop.set()
            keeper.join()
            reached = told_final(anvil)[0]
        assert reached > 0
        with Anvil.start(tmp_path) as anvil:
            assert state_matches_head(anvil.rpc)
            final = told_final(anvil)
            assert to_hex(anvil.rpc.fetch_block(final[0]).hash) == final[1]

    @pytest.mark.parametrize("torn", [b"", b"{}", b'{"block": {"number"', b"\0" * 1000])
    def test_a_torn_copy_is_passed_over_and_told(self, tmp_path: Path, torn: bytes) -> None:
        with Anvil.start(tmp_path) as anvil:
            anvil.rpc.call("evm_mine")
        newest = find_copies(tmp_path / "chain")[0]
        newest.write_bytes(torn)
        told: list[str] = []
        with Anvil.start(tmp_path, tell=told.append) as again:
            assert again.rpc.fetch_block_number() == 0
            assert told_final(again)[0] == 0
            assert newest.name in told[0]
            again.rpc.call("evm_mine")
        assert len(find_copies(tmp_path / "chain")) == 2, "the torn one is out of the way"

    def test_no_new_chain_takes_the_place_of_one_that_does_not_load(self, tmp_path: Path) -> None:
        Anvil.start(tmp_path).stop()
        for copy in find_copies(tmp_path / "chain"):
            copy.write_bytes(b"torn")
        with pytest.raises(BadState, match="none of 1"):
            Anvil.start(tmp_path, tell=lambda _: None)


def _keep_on(anvil: Anvil, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            anvil.dump()
        except (NodeError, ToolError):
            return


class TestKeeping:
    def test_a_copy_is_made_only_when_the_head_moved(self, anvil: Anvil) -> None:
        assert anvil.dump() is None
        anvil.rpc.call("evm_mine")
        kept = anvil.dump()
        assert kept is not None
        assert kept.number == 1
        assert anvil.dump() is None

    def test_copies_made_under_load_end_with_their_head(self, tmp_path: Path) -> None:
        with Anvil.start(tmp_path) as anvil:
            anvil.fund(SENDER.address)
            stop = threading.Event()
            load = threading.Thread(target=_load, args=(anvil.url, stop))
            load.start()
            heads = [anvil.dump() for _ in range(15)]
            stop.set()
            load.join()
            assert len({head for head in heads if head is not None}) > 5
            assert anvil.rpc.fetch("anvil_getAutomine") is True
            kill(anvil)
        with Anvil.start(tmp_path) as again:
            assert again.rpc.fetch_block_number() == [h for h in heads if h][-1].number
            assert state_matches_head(again.rpc)

    def test_blocks_under_way_hardly_ever_spoil_a_copy(
        self, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        anvil.fund(SENDER.address)
        heads, take = [], anvil._take
        monkeypatch.setattr(anvil, "_take", lambda: heads.append(taken := take()) or taken)
        stop = threading.Event()
        load = threading.Thread(target=_load, args=(anvil.url, stop))
        load.start()
        for _ in range(40):
            anvil.dump()
        stop.set()
        load.join()
        assert len(heads) > 5
        assert heads.count(None) <= len(heads) // 5

    def test_a_copy_is_put_off_while_blocks_come_but_not_for_long(self, anvil: Anvil) -> None:
        anvil.fund(SENDER.address)
        stop, never = threading.Event(), threading.Event()
        load = threading.Thread(target=_load, args=(anvil.url, stop))
        load.start()
        began = time.monotonic()
        anvil._await_quiet(never, 1.0)
        assert 1.0 <= time.monotonic() - began < 3
        stop.set()
        load.join()
        began = time.monotonic()
        anvil._await_quiet(never, 60.0)
        assert time.monotonic() - began < 30

    def test_what_is_sent_during_a_copy_is_mined_after_it(self, anvil: Anvil) -> None:
        anvil.fund(SENDER.address)
        with anvil._paused():
            sent = mine(anvil.rpc)
            assert anvil.rpc.find_receipt(sent) is None
        until = time.monotonic() + 10
        while anvil.rpc.find_receipt(sent) is None:
            assert time.monotonic() < until

    def test_two_copies_are_kept(self, anvil: Anvil) -> None:
        for _ in range(4):
            anvil.rpc.call("evm_mine")
            anvil.dump()
        copies = find_copies(anvil.final_path.parent)
        assert [copy.name for copy in copies] == ["state-4.json", "state-3.json"]

    def test_the_loop_keeps_what_is_mined_and_ends_when_told(self, anvil: Anvil) -> None:
        stop = threading.Event()
        keeper = threading.Thread(target=anvil.keep, args=(stop,))
        keeper.start()
        anvil.rpc.call("evm_mine")
        until = time.monotonic() + 20
        while told_final(anvil)[0] != 1:
            assert time.monotonic() < until
            time.sleep(0.01)
        stop.set()
        keeper.join(5)
        assert not keeper.is_alive()

    def test_the_loop_says_when_the_chain_died(self, tmp_path: Path) -> None:
        anvil = Anvil.start(tmp_path)
        anvil.rpc.patience = 0
        kill(anvil)
        with pytest.raises(NodeDied):
            anvil.keep(threading.Event())


def _load(url: str, stop: threading.Event) -> None:
    with RpcClient(url) as rpc:
        nonce = rpc.fetch_nonce(SENDER.address)
        while not stop.is_set():
            mine(rpc, nonce)
            nonce += 1


class TestProcess:
    def test_a_taken_port_is_replaced_and_told(self, tmp_path: Path) -> None:
        told: list[str] = []
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with Anvil.start(tmp_path, port, tell=told.append) as anvil:
                assert anvil.port != port
                assert anvil.rpc.chain_id() == 31337
        assert str(port) in told[0]

    def test_what_anvil_says_is_shown_when_it_does_not_come_up(self, tmp_path: Path) -> None:
        with pytest.raises(LedgerError, match="invalid value 'x'"):
            Anvil.start(tmp_path, chain_id="x")  # type: ignore[arg-type]

    def test_it_dies_with_a_parent_that_is_killed(self, tmp_path: Path) -> None:
        run = (
            "import sys, threading; from pathlib import Path; from ledger.chain.node import Anvil; "
            "anvil = Anvil.start(Path(sys.argv[1])); print(anvil.pid, anvil.port, flush=True); "
            "threading.Event().wait()"
        )
        parent = subprocess.Popen(
            [sys.executable, "-c", run, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert parent.stdout is not None
        _, port = parent.stdout.readline().split()
        parent.kill()
        parent.communicate()
        until = time.monotonic() + 10
        while _listens(int(port)):
            assert time.monotonic() < until

    def test_money_is_given_once(self, anvil: Anvil) -> None:
        anvil.fund(SENDER.address)
        head = anvil.rpc.fetch_block("latest")
        anvil.fund(SENDER.address)
        fund(anvil.rpc, SENDER.address, 5)
        assert anvil.rpc.fetch_block("latest") == head
        assert anvil.rpc.fetch_balance(SENDER.address) == 10**21
        assert state_matches_head(anvil.rpc)


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


class TestFinality:
    def test_a_block_is_final_once_a_copy_holds_it(self, anvil: Anvil) -> None:
        finality = DumpFinality(anvil.final_path)
        anvil.rpc.call("evm_mine")
        assert finality.fetch_final_block(anvil.rpc) == 0
        anvil.dump()
        assert finality.fetch_final_block(anvil.rpc) == 1
        assert finality.sole

    def test_a_chain_that_left_its_copy_has_no_final_block(self, anvil: Anvil) -> None:
        anvil.fund(SENDER.address)
        for _ in range(3):
            anvil.rpc.call("evm_mine")
        anvil.dump()
        anvil.rpc.call("anvil_reorg", 2, [])
        assert DumpFinality(anvil.final_path).fetch_final_block(anvil.rpc) == 0
        assert anvil.dump() is not None, "the same number, another block"
        assert DumpFinality(anvil.final_path).fetch_final_block(anvil.rpc) == 4

    def test_before_any_copy_and_with_a_bad_file(self, anvil: Anvil, tmp_path: Path) -> None:
        assert DumpFinality(tmp_path / "none.json").fetch_final_block(anvil.rpc) == 0
        bad = tmp_path / "final.json"
        bad.write_text("{")
        with pytest.raises(BadState):
            DumpFinality(bad).fetch_final_block(anvil.rpc)

    def test_by_the_chain_s_tag(self, anvil: Anvil) -> None:
        for _ in range(5):
            anvil.rpc.call("evm_mine")
        final = TagFinality().fetch_final_block(anvil.rpc)
        assert 0 < final < 5
        assert not TagFinality().sole
