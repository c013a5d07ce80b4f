"""`checkpoint` as operator, member and auditor call it: two chains, real keys, and a rewrite."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import select

from ledger.chain.checkpoint_log import CheckpointLog, encode_anchor
from ledger.chain.node import Anvil
from ledger.chain.sending import send_once
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.cli.keystore import open_service_key
from ledger.cli.witnessing import attend, watch_log
from ledger.database.engine import open_engine, reading, writing
from ledger.deployment.manifest import load_manifest
from ledger.domain.entries import Entry
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Observed
from ledger.hashing import keccak, sha256
from ledger.mirror.queries import find_mirror
from ledger.outbox.checkpoint_tables import CheckpointAnchor, CheckpointSignature
from ledger.outbox.witnesses import keep_word, list_conflicts
from ledger.proofs.layout import ledger_head_slot
from ledger.proofs.signed import decode_file, encode_file
from ledger.settings import Settings
from ledger.types import Hash32, parse_address, to_hex
from tests.cli.conftest import Run
from tests.ledgers import DeployedLedger

ROOT = Path(__file__).resolve().parents[2]
PLAN = ROOT / "scripts" / "plans" / "anchor.toml"


@pytest.fixture
def on(request: pytest.FixtureRequest, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's database, if not the data folder's own."""
    assert run  # which takes all settings away
    if request.param == "postgresql":
        make = request.getfixturevalue("new_database")
        monkeypatch.setenv("ASSET_LEDGER_DATABASE_URL", make())


on_both = pytest.mark.parametrize("on", ["sqlite", "postgresql"], indirect=True)
"""Before all other fixtures, for these fill the database."""


def database() -> str:
    """The database of the test."""
    return Settings().database()


def told(done: tuple[int, str, str]) -> dict[str, Any]:
    code, out, complaint = done
    assert (code, complaint) == (0, ""), complaint
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.fixture
def org(deployed: DeployedLedger) -> Hash32:
    return deployed.enrol("did:web:maker.example")


@pytest.fixture
def asset(deployed: DeployedLedger, org: Hash32) -> Hash32:
    return deployed.register(org, b"gearbox")


def settle(deployed: DeployedLedger, run: Run) -> None:
    """Have all that is there final, and mirrored."""
    deployed.rpc.call("anvil_mine", "0x60")
    assert run("index", "--to-head")[0] == 0


@pytest.fixture
def file(deployed: DeployedLedger, asset: Hash32, run: Run, tmp_path: Path) -> Path:
    """A checkpoint that the service made and signed."""
    assert asset
    settle(deployed, run)
    path = tmp_path / "checkpoint.json"
    assert run("checkpoint", "-o", path)[0] == 0
    return path


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Anvil]:
    """The other chain."""
    with Anvil.start(tmp_path / "second", chain_id=4242) as anvil:
        yield anvil


@pytest.fixture
def log(second: Anvil, run: Run, deployed: DeployedLedger) -> CheckpointLog:
    """The log there, deployed by its plan."""
    manifest = deployed.data / "anchor.json"
    done = run("deploy", "apply", PLAN, "--rpc-url", second.url, "--manifest", manifest, "--json")
    assert done[0] == 0, done
    where = ("--rpc-url", second.url, "--manifest", manifest)
    assert run("deploy", "verify", PLAN, *where)[0] == 0
    address = load_manifest(manifest).contracts["CheckpointLog"].address
    return CheckpointLog(second.rpc, address)


def make_key(folder: Path, name: str) -> tuple[Path, KeystoreSigner]:
    """A member's own key, with its password beside it."""
    folder.mkdir(exist_ok=True)
    (folder / "password").write_text("secret")
    path = folder / f"{name}.json"
    return path, KeystoreSigner.create(path, "secret")


# -- making and signing ------------------------------------------------------------------------


def test_a_checkpoint_is_of_what_is_final_and_signed_by_the_service(
    deployed: DeployedLedger, file: Path, run: Run
) -> None:
    signed = decode_file(file.read_bytes())
    one = signed.checkpoint
    assert one.domain == deployed.domain
    assert one.block_hash == deployed.rpc.fetch_block(one.block_number).hash
    assert one.ledger_head == deployed.contract.fetch_ledger_head(one.block_number)
    service = open_service_key(deployed.data / "keys")
    done = told(run("checkpoint", "check", file, "--witness", to_hex(service.address), "--json"))
    assert done["witnesses"] == [to_hex(service.address)]
    assert told(run("checkpoint", "--json"))["block_number"] == one.block_number, "made again"


def test_nothing_final_is_told(run: Run) -> None:
    code, _, complaint = run("checkpoint")
    assert code == 1
    assert "not mirrored yet" in complaint


@on_both
@pytest.mark.usefixtures("on")
def test_members_co_sign_what_their_own_node_or_mirror_confirms(
    file: Path, run: Run, tmp_path: Path
) -> None:
    (one, anne), (two, bert) = (make_key(tmp_path / "own", name) for name in ("anne", "bert"))
    assert run("checkpoint", "sign", file, "--key", one)[0] == 0
    mirror = database()
    assert run("checkpoint", "sign", file, "--key", two, "--database-url", mirror)[0] == 0
    assert run("checkpoint", "sign", file, "--key", two)[0] == 0, "again"
    assert len(decode_file(file.read_bytes()).signatures) == 3
    witnesses = ["--witness", to_hex(anne.address), "--witness", to_hex(bert.address)]
    assert run("checkpoint", "check", file, *witnesses, "--threshold", 2)[0] == 0
    other = ["--witness", to_hex(bytes(20)), *witnesses]
    assert run("checkpoint", "check", file, *other, "--threshold", 2)[0] == 0
    code, _, complaint = run("checkpoint", "check", file, *other)
    assert (code, "3 are needed" in complaint) == (1, True)
    assert run("checkpoint", "check", file, *witnesses, "--threshold", 3)[0] == 2


@pytest.mark.parametrize("part", ["block_hash", "ledger_head", "block_number", "domain"])
@pytest.mark.parametrize("where", ["node", "mirror"])
def test_nobody_signs_what_is_not_so(
    file: Path, run: Run, tmp_path: Path, part: str, where: str
) -> None:
    signed = decode_file(file.read_bytes())
    one = signed.checkpoint
    value = one.block_number - 1 if part == "block_number" else sha256(b"other")
    change: dict[str, Any] = {part: value}
    forged = replace(signed, checkpoint=replace(one, **change))
    file.write_bytes(encode_file(forged))
    key, _ = make_key(tmp_path / "own", "anne")
    mirror = ["--database-url", database()] if where == "mirror" else []
    code, _, complaint = run("checkpoint", "sign", file, "--key", key, *mirror)
    assert code == 1
    assert "in the checkpoint" in complaint
    assert decode_file(file.read_bytes()) == forged


def test_a_wrong_password_and_a_missing_file_are_told(file: Path, run: Run, tmp_path: Path) -> None:
    key, _ = make_key(tmp_path / "own", "anne")
    (tmp_path / "own" / "password").write_text("wrong")
    code, _, complaint = run("checkpoint", "sign", file, "--key", key)
    assert (code, "another password" in complaint) == (1, True)
    assert run("checkpoint", "sign", tmp_path / "none", "--key", key)[0] == 2
    assert run("checkpoint", "sign", file, "--key", tmp_path / "none.json")[0] == 1
    file.write_bytes(b"{}")
    assert run("checkpoint", "sign", file, "--key", key)[0] == 2


# -- the other chain ---------------------------------------------------------------------------


@on_both
@pytest.mark.usefixtures("on")
def test_it_is_anchored_to_a_second_chain_once(
    deployed: DeployedLedger,
    second: Anvil,
    log: CheckpointLog,
    file: Path,
    run: Run,
) -> None:
    first = told(run("checkpoint", "--to", second.url, "-o", file, "--json"))
    service = open_service_key(deployed.data / "keys").address
    signed = decode_file(file.read_bytes())
    one = signed.checkpoint
    assert log.fetch_digest_of(one.domain, service, one.block_number) == one.digest()
    anchored = first["anchored"]
    assert (anchored["chain_id"], anchored["signatures"]) == (4242, 1)
    assert signed.anchor is not None
    assert anchored["proven_by"] == to_hex(keccak(signed.anchor.header))
    nonce = second.rpc.fetch_nonce(service)
    again = told(run("checkpoint", "--to", second.url, "--json"))
    assert again["anchored"]["transaction"] == anchored["transaction"]
    assert second.rpc.fetch_nonce(service) == nonce, "nothing was sent again"


def test_no_log_there_is_told(second: Anvil, file: Path, run: Run) -> None:
    assert file.exists()
    code, _, complaint = run("checkpoint", "--to", second.url, "--log", to_hex(bytes(20)))
    assert (code, "without a contract" in complaint) == (1, True)
    assert run("checkpoint", "--to", second.url)[0] == 1, "no manifest either"
    assert run("checkpoint", "--log", to_hex(bytes(20)))[0] == 2


@on_both
@pytest.mark.usefixtures("on")
def test_what_the_log_holds_against_it_becomes_an_alarm(
    deployed: DeployedLedger, second: Anvil, log: CheckpointLog, file: Path, run: Run
) -> None:
    """The service's key signed another checkpoint of that block, and somebody brought it first."""
    service = open_service_key(deployed.data / "keys")
    signed = decode_file(file.read_bytes())
    other = replace(signed.checkpoint, ledger_head=sha256(b"another view"))
    lie = replace(
        signed,
        checkpoint=other,
        signatures=(service.sign_message(other.message()).encode(),),
    )
    from ledger.outbox.anchoring import anchor

    engine = open_engine(database())
    second.fund(service.address)
    anchor(engine, service, second.rpc, log.address, lie)
    done = told(run("checkpoint", "--to", second.url, "--json"))
    assert done["anchored"]["contradicted"] == [to_hex(service.address)]
    assert done["anchored"]["signatures"] == 0
    with reading(engine) as session:
        conflicts = list_conflicts(session)
        assert {one.witness for one in conflicts} == {service.address}
        assert {one.ledger_head for one in conflicts} == {other.ledger_head}
    engine.dispose()


def test_the_service_makes_and_anchors_them_by_itself(
    deployed: DeployedLedger, second: Anvil, log: CheckpointLog, asset: Hash32, run: Run
) -> None:
    assert asset
    settle(deployed, run)
    settings = Settings(data=deployed.data, checkpoint_seconds=3600, anchor_rpc_url=second.url)
    engine, signer = open_engine(settings.database()), open_service_key(deployed.data / "keys")
    nonce = second.rpc.fetch_nonce(signer.address)
    for _ in range(2):
        attend(settings, engine, signer)
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(CheckpointSignature)).one() == 1
        [kept] = session.exec(select(CheckpointAnchor)).all()
    assert (kept.log, kept.signatures) == (log.address, 1)
    assert second.rpc.fetch_nonce(signer.address) == nonce + 1
    engine.dispose()


@on_both
@pytest.mark.usefixtures("on")
def test_contradictions_that_others_bring_to_the_log_are_seen(
    deployed: DeployedLedger, second: Anvil, log: CheckpointLog, file: Path, run: Run
) -> None:
    """A member signed two checkpoints of one block, and somebody brought both to the log."""
    signed = decode_file(file.read_bytes())
    anne = KeystoreSigner(secrets.token_bytes(32))
    second.fund(anne.address)
    settings = Settings(data=deployed.data, anchor_rpc_url=second.url)
    engine = open_engine(settings.database())
    seen = watch_log(settings, engine, 0)
    assert watch_log(settings, engine, seen) == seen, "nothing new"
    lie = replace(signed.checkpoint, block_hash=sha256(b"another view"))
    for one in (signed.checkpoint, lie):
        word = anne.sign_message(one.message()).encode()
        send_once(second.rpc, anne, log.address, encode_anchor(one, [word]))
    assert watch_log(settings, engine, seen) > seen
    with reading(engine) as session:
        conflicts = list_conflicts(session)
        assert [one.block_hash for one in conflicts] == [lie.block_hash]
        assert {one.witness for one in conflicts} == {anne.address}
    engine.dispose()
    assert run("checkpoint", "check", file)[0] == 0


# -- a rewritten chain -------------------------------------------------------------------------


def observe(deployed: DeployedLedger, org: Hash32, asset: Hash32, text: bytes, at: int) -> None:
    entry = Entry(asset, org, Kind.OBSERVED, at, Observed(sha256(text)).encode())
    assert deployed.append([entry]).succeeded


def prove(run: Run, asset: Hash32, path: Path, *options: object) -> dict[str, Any]:
    return told(run("prove", to_hex(asset), "-o", path, "--json", *options))


def verify(run: Run, bundle: Path, *trust: object) -> tuple[int, str, str]:
    contract = json.loads(bundle.read_bytes())["contract"]
    return run("verify", bundle, "--contract", contract, *trust)


def test_a_reorganisation_below_a_checkpoint_is_exposed_by_it_and_by_it_alone(
    deployed: DeployedLedger, org: Hash32, asset: Hash32, run: Run, tmp_path: Path
) -> None:
    fork = deployed.rpc.call("evm_snapshot")
    observe(deployed, org, asset, b"a crack was found", 1)
    settle(deployed, run)
    file, true, false = (tmp_path / name for name in ("checkpoint", "true", "false"))
    assert run("checkpoint", "-o", file)[0] == 0
    block = decode_file(file.read_bytes()).checkpoint.block_number
    prove(run, asset, true, "--block", block)
    # The operator rewrites what happened, and mines as many blocks.
    assert deployed.rpc.call("evm_revert", fork)
    observe(deployed, org, asset, b"all is well", 1)
    deployed.rpc.call("anvil_mine", hex(block + 32))
    lie = prove(run, asset, false, "--block", block)
    # By all that the chain itself tells, the lie is as good as the truth was.
    assert verify(run, false, "--block-hash", lie["block_hash"])[0] == 0
    # A mirror that is built anew proves every head, and its audit finds nothing.
    fresh = f"sqlite:///{tmp_path}/fresh.db"
    assert run("index", "--to-head", "--database-url", fresh)[0] == 0
    assert run("audit", "--database-url", fresh)[0] == 0
    # The checkpoint exposes it: to whoever asks a node, and to whoever verifies offline.
    code, _, complaint = run("checkpoint", "check", file)
    assert (code, "in the checkpoint" in complaint) == (1, True)
    service = open_service_key(deployed.data / "keys").address
    trust = ("--witness", to_hex(service), "--threshold", 1, "--checkpoint", file)
    code, _, complaint = verify(run, false, *trust)
    assert code == 1
    assert "step 2, header" in complaint
    assert verify(run, true, *trust)[0] == 0, "the old bundle still proves what was"


def test_a_rewritten_storage_is_exposed_by_checkpoints_and_by_them_alone(
    deployed: DeployedLedger, org: Hash32, asset: Hash32, run: Run, tmp_path: Path
) -> None:
    """`anvil_setStorageAt` changes state below the newest block without a trace of its own."""
    observe(deployed, org, asset, b"seen", 1)
    settle(deployed, run)
    file, false = tmp_path / "checkpoint", tmp_path / "false"
    assert run("checkpoint", "-o", file)[0] == 0
    signed = decode_file(file.read_bytes()).checkpoint
    forged = bytes(31) + b"\2"
    slot = to_hex(ledger_head_slot())
    deployed.rpc.call("anvil_setStorageAt", to_hex(deployed.address), slot, to_hex(forged))
    deployed.rpc.call("anvil_mine", "0x1")
    lie = prove(run, asset, false)
    shown = told(verify(run, false, "--block-hash", lie["block_hash"], "--json"))
    assert shown["ledger_head"] == to_hex(forged), "the state proves it"
    service = open_service_key(deployed.data / "keys").address
    trust = ("--witness", to_hex(service), "--checkpoint", file)
    code, _, complaint = verify(run, false, *trust)
    assert (code, "step 2, header" in complaint) == (1, True)
    assert signed.ledger_head != forged


# -- trust in a bundle -------------------------------------------------------------------------


@pytest.fixture
def bundle(deployed: DeployedLedger, asset: Hash32, file: Path, run: Run, tmp_path: Path) -> Path:
    """A bundle as of the checkpoint's block."""
    assert deployed.data
    path = tmp_path / "bundle.json"
    block = decode_file(file.read_bytes()).checkpoint.block_number
    prove(run, asset, path, "--block", block)
    return path


def test_witnesses_make_a_block_hash_superfluous(
    deployed: DeployedLedger, bundle: Path, file: Path, run: Run, tmp_path: Path
) -> None:
    key, anne = make_key(tmp_path / "own", "anne")
    assert run("checkpoint", "sign", file, "--key", key)[0] == 0
    service = open_service_key(deployed.data / "keys").address
    both = ["--witness", to_hex(service), "--witness", to_hex(anne.address)]
    code, out, complaint = verify(run, bundle, *both, "--threshold", 2, "--checkpoint", file)
    assert (code, complaint) == (0, "")
    assert f"{to_hex(service)}, {to_hex(anne.address)} signed" in out
    done = told(verify(run, bundle, *both, "--checkpoint", file, "--json"))
    assert done["witnesses"] == [to_hex(service), to_hex(anne.address)]


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        ("too few", "too_few_witnesses"),
        ("twice", "too_few_witnesses"),
        ("unknown", "unknown_witness"),
        ("forged", "unknown_witness"),
        ("another ledger", "wrong_domain"),
        ("another block", "not_descended"),
        ("malformed", "bad_signature"),
    ],
)
def test_what_is_not_vouched_for_is_told_by_its_cause(
    deployed: DeployedLedger, bundle: Path, file: Path, run: Run, spoil: str, cause: str
) -> None:
    service = open_service_key(deployed.data / "keys")
    anne = KeystoreSigner(secrets.token_bytes(32))
    signed = decode_file(file.read_bytes())
    trusted = [service.address, anne.address]
    match spoil:
        case "twice":
            signed = replace(signed, signatures=signed.signatures * 2)
        case "unknown":
            trusted = [anne.address, bytes(20)]
        case "forged":
            other = replace(signed.checkpoint, ledger_head=sha256(b"forged"))
            signed = replace(signed, checkpoint=other)
        case "another ledger" | "another block":
            name = "domain" if "ledger" in spoil else "block_hash"
            part: dict[str, Any] = {name: sha256(b"another")}
            other = replace(signed.checkpoint, **part)
            words = tuple(one.sign_message(other.message()).encode() for one in (service, anne))
            signed = replace(signed, checkpoint=other, signatures=words)
        case "malformed":
            signed = replace(signed, signatures=(bytes(65),))
    file.write_bytes(encode_file(signed))
    names = [word for one in trusted for word in ("--witness", to_hex(one))]
    code, out, complaint = verify(run, bundle, *names, "--checkpoint", file, "--json")
    assert (code, complaint != "") == (1, True)
    found = json.loads(out)
    assert (found["step"], found["code"], found["cause"]) == (2, "not_witnessed", cause)


def test_a_witness_that_signed_another_ledger_head_is_caught(
    deployed: DeployedLedger, bundle: Path, file: Path, run: Run
) -> None:
    service = open_service_key(deployed.data / "keys")
    signed = decode_file(file.read_bytes())
    other = replace(signed.checkpoint, ledger_head=sha256(b"another"))
    words = (service.sign_message(other.message()).encode(),)
    file.write_bytes(encode_file(replace(signed, checkpoint=other, signatures=words)))
    trust = ("--witness", to_hex(service.address), "--checkpoint", file)
    code, _, complaint = verify(run, bundle, *trust)
    assert (code, "another ledger head" in complaint) == (1, True)


def test_the_other_chain_is_trusted_by_its_state_or_by_a_node(
    deployed: DeployedLedger,
    second: Anvil,
    log: CheckpointLog,
    bundle: Path,
    file: Path,
    run: Run,
) -> None:
    done = told(run("checkpoint", "--to", second.url, "-o", file, "--json"))["anchored"]
    service = open_service_key(deployed.data / "keys").address
    base = ["--witness", to_hex(service), "--checkpoint", file, "--anchor-log", to_hex(log.address)]
    offline = [*base, "--anchor-hash", done["proven_by"]]
    code, out, _ = verify(run, bundle, *offline)
    assert code == 0
    assert "the log of another chain" in out
    assert verify(run, bundle, *base, "--anchor-rpc", second.url)[0] == 0
    wrong = [*base, "--anchor-hash", to_hex(sha256(b"other"))]
    assert json.loads(verify(run, bundle, *wrong, "--json")[1])["cause"] == "wrong_anchor"
    signed = decode_file(file.read_bytes())
    file.write_bytes(encode_file(replace(signed, anchor=None, signatures=())))
    assert verify(run, bundle, *base, "--anchor-rpc", second.url)[0] == 0, "by the log alone"
    assert json.loads(verify(run, bundle, *offline, "--json")[1])["cause"] == "wrong_anchor"


def test_options_that_do_not_fit_are_a_wrong_call(bundle: Path, file: Path, run: Run) -> None:
    address = to_hex(bytes(20))
    for options in (
        [],
        ["--threshold", 1],
        ["--witness", address, "--threshold", 2],
        ["--witness", address, "--checkpoint", file, "--anchor-rpc", "http://127.0.0.1:1"],
        ["--witness", address, "--checkpoint", file, "--anchor-log", address],
        ["--witness", "0x", "--checkpoint", file],
    ):
        assert verify(run, bundle, *options)[0] == 2, options


def test_an_old_bundle_verifies_by_a_later_checkpoint_with_the_headers_between(
    deployed: DeployedLedger, asset: Hash32, org: Hash32, run: Run, tmp_path: Path
) -> None:
    settle(deployed, run)
    old = tmp_path / "old.json"
    number = deployed.rpc.fetch_block_number() - 50
    prove(run, asset, old, "--block", number)
    observe(deployed, org, asset, b"later", 1)
    settle(deployed, run)
    file = tmp_path / "checkpoint.json"
    assert run("checkpoint", "-o", file, "--down-to", number)[0] == 0
    service = open_service_key(deployed.data / "keys").address
    trust = ("--witness", to_hex(service), "--checkpoint", file)
    assert verify(run, old, *trust)[0] == 0
    signed = decode_file(file.read_bytes())
    assert len(signed.headers) == signed.checkpoint.block_number - number
    file.write_bytes(encode_file(replace(signed, headers=signed.headers[:-1])))
    found = json.loads(verify(run, old, *trust, "--json")[1])
    assert found["cause"] == "not_descended"


def test_a_witness_of_a_conflict_is_kept_whoever_tells(deployed: DeployedLedger, run: Run) -> None:
    """Words come by file, API or the other chain; two of one block are a conflict however."""
    org = deployed.enrol("did:web:other.example")
    assert org
    settle(deployed, run)
    one = told(run("checkpoint", "--json"))
    engine = open_engine(database())
    with reading(engine) as session:
        mirror = find_mirror(session)
        assert mirror is not None
        assert list_conflicts(session) == []
    from ledger.proofs.checkpoint import Checkpoint

    lie = Checkpoint(mirror.domain, one["block_number"], sha256(b"x"), sha256(b"y"))
    with writing(engine) as session:
        assert keep_word(session, lie, parse_address(to_hex(bytes(20))), None, None)
        assert not keep_word(session, lie, bytes(20), None, None)
    with reading(engine) as session:
        assert [each.witness for each in list_conflicts(session)] == [bytes(20)]
    engine.dispose()


def test_the_newest_checkpoint_comes_in_the_bundle(
    deployed: DeployedLedger,
    second: Anvil,
    log: CheckpointLog,
    asset: Hash32,
    file: Path,
    run: Run,
    tmp_path: Path,
) -> None:
    service = open_service_key(deployed.data / "keys").address
    both = tmp_path / "both.json"
    prove(run, asset, both, "--witnessed")
    assert verify(run, both, "--witness", to_hex(service))[0] == 0
    code, out, _ = verify(run, both, "--witness", to_hex(bytes(20)), "--json")
    assert (code, json.loads(out)["cause"]) == (1, "unknown_witness")
    # With the other chain's proof in it, nothing but the bundle is needed.
    done = told(run("checkpoint", "--to", second.url, "-o", file, "--json"))["anchored"]
    prove(run, asset, both, "--checkpoint", file)
    base = ["--witness", to_hex(service), "--anchor-log", to_hex(log.address)]
    assert verify(run, both, *base, "--anchor-hash", done["proven_by"])[0] == 0
    assert verify(run, both, *base, "--anchor-rpc", second.url)[0] == 0


def test_an_older_block_is_led_up_to_the_checkpoint_in_the_bundle(
    deployed: DeployedLedger, asset: Hash32, file: Path, run: Run, tmp_path: Path
) -> None:
    service = open_service_key(deployed.data / "keys").address
    block = decode_file(file.read_bytes()).checkpoint.block_number
    old = tmp_path / "old.json"
    prove(run, asset, old, "--witnessed", "--block", block - 5)
    shown = told(verify(run, old, "--witness", to_hex(service), "--json"))
    assert shown["block"]["number"] == block - 5
    assert "block" in run("prove", to_hex(asset), "-o", old, "--witnessed", "--block", 10**6)[2]


def test_a_bundle_without_a_checkpoint_says_so(bundle: Path, run: Run) -> None:
    code, out, _ = verify(run, bundle, "--witness", to_hex(bytes(20)), "--json")
    assert (code, json.loads(out)["cause"]) == (1, "no_checkpoint")


@pytest.mark.parametrize(
    ("part", "step"),
    [("block_hash", 2), ("block_number", 2), ("domain", 2), ("ledger_head", 4)],
)
def test_a_checkpoint_that_contradicts_its_bundle_is_caught_whomever_one_trusts(
    asset: Hash32, file: Path, run: Run, tmp_path: Path, part: str, step: int
) -> None:
    both = tmp_path / "both.json"
    lie = prove(run, asset, both, "--checkpoint", file)
    value = json.loads(both.read_bytes())
    other = 7 if part == "block_number" else to_hex(sha256(b"other"))
    value["checkpoints"][0][part] = other
    both.write_bytes(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())
    code, out, _ = verify(run, both, "--block-hash", lie["block_hash"], "--json")
    assert (code, json.loads(out)["step"]) == (1, step)
