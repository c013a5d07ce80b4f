"""The generated ledger is one that the contract would hold, and the bench mirrors and asks it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.contract import LedgerContract, encode_append, encode_enrol
from ledger.chain.rpc import RpcClient
from ledger.chain.wire import AccountProof, read_block, read_proof
from ledger.cli.worker import load_deployed
from ledger.database.engine import open_engine
from ledger.domain.asset import Asset
from ledger.domain.entries import Appended, Entry
from ledger.domain.kinds import CONSEQUENCES, Kind
from ledger.domain.ledger import Ledger
from ledger.domain.log import APPENDED_TOPIC
from ledger.domain.payloads import Enrolled
from ledger.errors import RpcError
from ledger.mirror.auditing.audit import audit
from ledger.mirror.proven import Prover
from ledger.settings import Settings
from ledger.types import Hash32, to_hex
from scripts.bench.scaling.bench import Measured, Plan, measure
from scripts.bench.scaling.indexing import Mirrored, Reached, Stretch, fill, replaying
from scripts.bench.scaling.kept import Chain as Generated
from scripts.bench.scaling.making import provide
from scripts.bench.scaling.node import WORDINGS, Node
from scripts.bench.scaling.shape import WEIGHTS, Place, Shape
from scripts.bench.scaling.show import show_tables, to_json
from tests.mirror.chain import Chain

SHAPE = Shape(
    entries=6_000, assets=600, organisations=8, window=100, members=0.05, batch_size=1_000
)
MEASURED_SHAPE = replace(SHAPE, entries=3_000, assets=300)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return provide(tmp_path_factory.mktemp("generated"), SHAPE, Place())


def entries_of(chain: Generated) -> list[Appended]:
    return [entry for block in chain.blocks for entry in chain.read(block.number)]


# -- the ledger that is generated ------------------------------------------------------------------


def test_the_plain_model_folds_every_entry_to_the_ledger_heads_told(generated: Generated) -> None:
    ledger = Ledger(generated.place.domain)
    for block in generated.blocks:
        for entry in generated.read(block.number):
            ledger.append(entry)
        assert ledger.ledger_head == block.ledger_head
    assert sum(isinstance(one, Asset) for one in ledger.subjects.values()) == SHAPE.assets
    assert generated.blocks[-1].sequence == len(entries_of(generated)) == SHAPE.entries


def test_everything_that_has_a_weight_happens_and_ends(generated: Generated) -> None:
    told = Counter(entry.kind for entry in entries_of(generated))
    ends = {Kind.ACCEPTED, Kind.WITHDRAWN, Kind.RELEASED, Kind.ATTESTATION_REVOKED, Kind.DELISTED}
    assert {*WEIGHTS, *ends, *CONSEQUENCES, Kind.DISMOUNTED, Kind.BATCH_REGISTERED} <= told.keys()
    assert told[Kind.OBSERVED] > SHAPE.entries * 0.4


def test_old_assets_are_active_as_well(generated: Generated) -> None:
    last = entries_of(generated)[-1_000:]
    born = [entry.subject for entry in entries_of(generated) if entry.kind is Kind.REGISTERED]
    older = set(born[: len(born) // 2])
    assert 0 < sum(entry.subject in older for entry in last) < 200


def test_the_same_shape_is_the_same_ledger_and_another_seed_another(
    generated: Generated, tmp_path: Path
) -> None:
    again = provide(tmp_path / "again", SHAPE, Place())
    other = provide(tmp_path / "other", replace(SHAPE, seed=6), Place())
    assert again.blocks == generated.blocks
    assert other.blocks[-1].ledger_head != generated.blocks[-1].ledger_head


def test_a_kept_ledger_is_made_once_and_anew_for_another_shape(tmp_path: Path) -> None:
    few = replace(SHAPE, entries=1_500, assets=100)
    provide(tmp_path, few, Place())
    made = (tmp_path / "entries.bin").stat().st_mtime_ns
    provide(tmp_path, few, Place())
    assert (tmp_path / "entries.bin").stat().st_mtime_ns == made
    assert provide(tmp_path, replace(few, seed=6), Place()).shape.seed == 6


def test_the_contract_takes_the_entries_and_logs_what_the_node_tells(tmp_path: Path) -> None:
    chain = Chain.start()
    try:
        born = chain.rpc.fetch_block(chain.deployed.block).timestamp
        place = Place(
            chain.deployed.chain_id,
            chain.deployed.contract,
            authority_of(chain),
            tuple(chain.accounts[:2]),
        )
        shape = replace(SHAPE, entries=2_500, assets=250, genesis=born - SHAPE.block_seconds)
        generated = provide(tmp_path, shape, place)
        for block in generated.blocks[2:]:
            send(chain, list(generated.read(block.number)), shape.timestamp(block.number))
            told = LedgerContract(chain.rpc, place.contract).fetch_ledger_head()
            assert told == block.ledger_head
        assert logs_of(chain) == replayed(generated)
    finally:
        chain.stop()


def authority_of(chain: Chain) -> bytes:
    [founded] = chain.rpc.fetch_logs(
        chain.deployed.contract, [APPENDED_TOPIC], chain.deployed.block, chain.deployed.block
    )
    return founded.data[-20:]


def send(chain: Chain, entries: list[Appended], timestamp: int) -> None:
    """Put entries into one block, as those who may do so would."""
    chain.rpc.call("evm_setNextBlockTimestamp", timestamp)
    if entries[0].actor == chain.accounts[0]:
        for entry in entries:
            if entry.kind is Kind.ENROLLED:
                enrol = encode_enrol(Enrolled.decode(entry.payload).did, [chain.accounts[1]])
                chain.send(enrol, chain.deployed.contract)
    else:
        asked = [
            Entry(entry.subject, entry.org, entry.kind, entry.position, entry.payload)
            for entry in entries
            if entry.kind not in CONSEQUENCES
        ]
        chain.send(encode_append(asked), chain.deployed.contract, sender=1)
    chain.mine()


def logs_of(chain: Chain) -> list[tuple[tuple[Hash32, ...], bytes]]:
    logs = chain.rpc.fetch_logs(chain.deployed.contract, [APPENDED_TOPIC])
    return [(log.topics, log.data) for log in logs]


def replayed(generated: Generated) -> list[tuple[tuple[Hash32, ...], bytes]]:
    node, contract = Node(generated, refuse=None), generated.place.contract.hex()
    asked = {"address": f"0x{contract}", "fromBlock": "0x0", "toBlock": "latest"}
    return [
        (tuple(bytes.fromhex(topic[2:]) for topic in log["topics"]), bytes.fromhex(log["data"][2:]))
        for log in ask(node, "eth_getLogs", asked)
    ]


# -- the node --------------------------------------------------------------------------------------


def ask(node: Node, method: str, *params: object) -> Any:
    request = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    answer = json.loads(node.answer(json.dumps(request).encode()))
    assert answer["id"] == 7
    if "error" in answer:
        raise RpcError(method, answer["error"]["code"], answer["error"]["message"], None)
    return answer["result"]


def test_blocks_follow_one_another_and_are_found_by_number_hash_and_tag(
    generated: Generated,
) -> None:
    node = Node(generated)
    newest = int(ask(node, "eth_blockNumber"), 16)
    blocks = [ask(node, "eth_getBlockByNumber", hex(at), False) for at in range(newest + 1)]
    assert [block["parentHash"] for block in blocks[1:]] == [block["hash"] for block in blocks[:-1]]
    assert ask(node, "eth_getBlockByHash", blocks[3]["hash"], False) == blocks[3]
    assert ask(node, "eth_getBlockByNumber", "latest", False) == blocks[-1]
    final = ask(node, "eth_getBlockByNumber", "finalized", False)
    assert 0 <= int(final["number"], 16) < newest
    assert ask(node, "eth_getBlockByNumber", hex(newest + 1), False) is None


def test_every_ledger_head_is_proven_by_its_blocks_hash(generated: Generated) -> None:
    class Direct:
        def fetch_proof(self, address: bytes, slots: list[bytes], block: bytes) -> AccountProof:
            named = {"blockHash": to_hex(block)}
            told = ask(node, "eth_getProof", to_hex(address), [*map(to_hex, slots)], named)
            return read_proof(told)

    node = Node(generated)
    prover = Prover(Direct(), generated.place.contract)  # type: ignore[arg-type]
    for block in generated.blocks:
        header = read_block(ask(node, "eth_getBlockByNumber", hex(block.number), False))
        assert prover.fetch(header) == block.ledger_head


def test_logs_are_those_that_the_filter_wants(generated: Generated) -> None:
    node = Node(generated, refuse=None)
    topics = [f"0x{APPENDED_TOPIC.hex()}"]
    every = ask(node, "eth_getLogs", {"fromBlock": "0x0", "topics": topics})
    assert len(every) == SHAPE.entries
    subject, kinds = every[-1]["topics"][1], [f"0x{kind:064x}" for kind in (35, 37)]
    for wanted, is_it in (
        ([None, subject], lambda log: log["topics"][1] == subject),
        ([topics, [], None, kinds], lambda log: log["topics"][3] in kinds),
        ([subject], lambda _: False),
    ):
        found = ask(node, "eth_getLogs", {"fromBlock": "0x0", "topics": wanted})
        assert found == [log for log in every if is_it(log)]
    block = every[-1]["blockHash"]
    found = ask(node, "eth_getLogs", {"blockHash": block})
    assert found == [log for log in every if log["blockHash"] == block]
    assert [int(log["logIndex"], 16) for log in found] == list(range(len(found)))
    assert ask(node, "eth_getLogs", {"fromBlock": "0x0", "address": subject[:42]}) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("results", "query returned more than 1000 results"),
        ("size", "Log response size exceeded"),
    ],
)
def test_too_many_logs_are_refused_in_the_words_of_hosted_nodes(
    generated: Generated, words: str, said: str
) -> None:
    node, observed = Node(generated, most=1_000, refuse=WORDINGS[words]), f"0x{Kind.OBSERVED:064x}"
    with pytest.raises(RpcError, match=said):
        ask(node, "eth_getLogs", {"fromBlock": "0x0"})
    with pytest.raises(RpcError, match=said):
        ask(node, "eth_getLogs", {"fromBlock": "0x0", "topics": [None, None, None, observed]})
    assert ask(node, "eth_getLogs", {"fromBlock": "0x1", "toBlock": "0x2"})


def test_batches_are_answered_one_by_one_and_nonsense_is_refused(generated: Generated) -> None:
    node = Node(generated)
    asked = [
        {"id": 1, "method": "eth_chainId", "params": []},
        {"id": 2, "method": "eth_nothing", "params": []},
        {"id": 3, "method": "eth_getStorageAt", "params": ["0x00", "0x1", "latest"]},
        {"id": 4, "method": "eth_getBlockByNumber", "params": ["soon", False]},
    ]
    answers = json.loads(node.answer(json.dumps(asked).encode()))
    assert [answer["id"] for answer in answers] == [1, 2, 3, 4]
    assert [answer.get("error", {}).get("code") for answer in answers] == [
        None,
        -32601,
        -32602,
        -32602,
    ]
    assert json.loads(node.answer(b"{"))["error"]["code"] == -32700


# -- the bench -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    before = set(threading.enumerate())  # other tests in this process have theirs
    plan = Plan(MEASURED_SHAPE, assets_of_small=200, times=5)
    yield measure(plan, tmp_path_factory.mktemp("measured"), lambda _: None)
    assert set(threading.enumerate()) <= before


def test_the_small_run_measures_everything(measured: Measured) -> None:
    told = json.loads(json.dumps(to_json(measured)))
    assert told["entries"] == told["small"]["entries"] * 3 // 2 == 3_000
    assert told["entries_per_second"] > 0
    assert told["seconds"] >= told["ending_seconds"] >= 0
    assert told["peak_bytes"] > 20 << 20
    assert told["database_bytes"] >= sum(t["rows"] + t["indexes"] for t in told["tables"]) > 0
    for question in told["questions"]:
        assert question["large"]["rows"] >= (question["name"] != "offers_to")
        assert 0 < question["large"]["p50"] <= question["large"]["p99"]


def test_rates_are_those_between_looks_so_many_entries_apart() -> None:
    looks = (1, 1, 100), (2, 2, 300), (4, 2.5, 500), (5, 3, 1_000), (8, 5, 1_300)
    reached = [Reached(*look) for look in looks]
    mirrored = Mirrored(entries=1_400, seconds=10, busy=6, peak=0, reached=reached)
    assert mirrored.first(250) == Stretch(rate=400 / 3, busy_rate=400 / 1.5)
    assert mirrored.last(250) == Stretch(rate=100, busy_rate=150)
    assert mirrored.first(1_300) is None
    assert (mirrored.rate, mirrored.ending) == (140, 2)


def test_what_misses_its_bound_is_named(measured: Measured) -> None:
    slow = replace(measured.answers["asset"]["large"], p50=1e9)
    answers = measured.answers | {"asset": {**measured.answers["asset"], "large": slow}}
    heavy = replace(measured.mirrored, peak=401 << 20)
    assert {"asset", "memory"} <= set(replace(measured, answers=answers, mirrored=heavy).missed)
    assert "memory" not in measured.missed


def test_the_tables_show_every_question_and_no_colours(
    measured: Measured, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    show_tables(measured)
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    titles = [question["title"] for question in to_json(measured)["questions"]]
    assert [title for title in titles if title not in shown] == []


def test_a_mirror_of_the_replayed_ledger_equals_it_cell_by_cell(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'mirror.db'}"
    with replaying(tmp_path / "chain", MEASURED_SHAPE) as replay, RpcClient(replay.rpc_url) as rpc:
        fill(replay, url)
        engine = open_engine(url)
        audited = audit(engine, rpc, load_deployed(Settings(manifest=Path(replay.manifest))))
        engine.dispose()
    assert audited.equal, audited.first
    assert audited.compared["entry"] == MEASURED_SHAPE.entries
    assert audited.compared["asset"] == MEASURED_SHAPE.assets


def test_the_node_serves_over_kept_connections(tmp_path: Path) -> None:
    with replaying(tmp_path, MEASURED_SHAPE) as replay, RpcClient(replay.rpc_url) as rpc:
        assert rpc.fetch_block_number() == replay.block
        answers = rpc.batch([("eth_chainId", ()), ("eth_blockNumber", ())])
        assert answers[1] == hex(replay.block)
