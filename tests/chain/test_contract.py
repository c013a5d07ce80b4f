"""Our own calldata is what any ABI library would write; every refusal is read back by name."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain import contract as calls
from ledger.chain.artifacts import load_artifact
from ledger.chain.contract import (
    Authorisation,
    encode_append,
    encode_append_signed,
    encode_enrol,
    encode_force_title,
    encode_freeze,
    encode_name_successor,
    encode_pause,
    encode_reinstate,
    encode_resume,
    encode_set_base_uri,
    encode_suspend,
    encode_unfreeze,
    selector,
)
from ledger.chain.refusals import decode_refusal, find_refusal
from ledger.domain.entries import Entry
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Observed, Revised
from ledger.errors import Refused, RpcError
from ledger.hashing import entry_message, keccak
from tests.ledgers import DeployedLedger

ENTRY = "(bytes32,bytes32,uint16,uint64,bytes)"
hashes = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20)
entries = st.lists(
    st.builds(
        Entry,
        subject=hashes,
        org=hashes,
        kind=st.sampled_from(Kind),
        position=st.integers(0, 2**64 - 1),
        payload=st.binary(max_size=200),
    ),
    max_size=5,
)
authorisations = st.lists(
    st.builds(
        Authorisation,
        actor=addresses,
        deadline=st.integers(0, 2**64 - 1),
        signature=st.binary(max_size=100),
    ),
    max_size=5,
)


def _plain(listed: list[Entry]) -> list[tuple[Any, ...]]:
    return [(e.subject, e.org, int(e.kind), e.position, e.payload) for e in listed]


class TestCalldata:
    @given(entries)
    def test_append(self, listed: list[Entry]) -> None:
        assert encode_append(listed)[4:] == encode([f"{ENTRY}[]"], [_plain(listed)])

    @given(entries, authorisations)
    def test_append_signed(self, listed: list[Entry], given_: list[Authorisation]) -> None:
        leave = [(one.actor, one.deadline, one.signature) for one in given_]
        kinds = [f"{ENTRY}[]", "(address,uint64,bytes)[]"]
        assert encode_append_signed(listed, given_)[4:] == encode(kinds, [_plain(listed), leave])

    @given(st.text(max_size=100), st.lists(addresses, max_size=4))
    def test_enrol(self, did: str, accounts: list[bytes]) -> None:
        assert encode_enrol(did, accounts)[4:] == encode(["string", "address[]"], [did, accounts])

    @given(st.text(max_size=100))
    def test_set_base_uri(self, uri: str) -> None:
        assert encode_set_base_uri(uri)[4:] == encode(["string"], [uri])

    @pytest.mark.parametrize("write", [encode_suspend, encode_reinstate])
    def test_governance_of_organisations(self, write: Any) -> None:
        assert write(b"\1" * 32, b"\2" * 32)[4:] == b"\1" * 32 + b"\2" * 32

    @pytest.mark.parametrize("write", [encode_freeze, encode_unfreeze])
    def test_governance_of_assets(self, write: Any) -> None:
        assert write(b"\1" * 32, b"\2" * 32)[4:] == b"\1" * 32 + b"\2" * 32

    def test_title_by_force(self) -> None:
        written = encode_force_title(b"\1" * 32, b"\2" * 32, b"\3" * 32)
        assert written[4:] == b"\1" * 32 + b"\2" * 32 + b"\3" * 32

    @pytest.mark.parametrize("write", [encode_pause, encode_resume])
    def test_governance_of_the_ledger(self, write: Any) -> None:
        assert write(b"\1" * 32)[4:] == b"\1" * 32

    def test_a_successor(self) -> None:
        written = encode_name_successor(b"\1" * 20, b"\2" * 32)
        assert written[4:] == encode(["address", "bytes32"], [b"\1" * 20, b"\2" * 32])


def _type(field: dict[str, Any]) -> str:
    if not field["type"].startswith("tuple"):
        return str(field["type"])
    inner = ",".join(_type(one) for one in field["components"])
    return f"({inner}){field['type'][5:]}"


def _signature(part: dict[str, Any]) -> str:
    return f"{part['name']}({','.join(_type(field) for field in part['inputs'])})"


def test_every_signature_we_call_is_the_contract_s() -> None:
    functions = {_signature(p) for p in load_artifact("AssetLedger").abi if p["type"] == "function"}
    called = {
        value
        for name, value in vars(calls).items()
        if name.isupper() and isinstance(value, str) and value.endswith(")")
    }
    assert called
    assert called <= functions


def _errors() -> list[Any]:
    found = {}
    for name in ("AssetLedger", "AccessManager", "CheckpointLog"):
        for part in load_artifact(name).abi:
            if part["type"] == "error":
                found[_signature(part)] = part
    return [pytest.param(part, id=text) for text, part in sorted(found.items())]


def _sample(kind: str, at: int) -> Any:
    if kind.startswith("uint"):
        return at + 1
    if kind == "address":
        return bytes(19) + bytes([at])
    if kind == "bool":
        return True
    if kind == "string":
        return f"text {at}"
    size = 40 if kind == "bytes" else int(kind[5:])
    return bytes([at]) * size


class TestRefusals:
    @pytest.mark.parametrize("error", _errors())
    def test_every_error_of_the_contracts_is_read(self, error: dict[str, Any]) -> None:
        kinds = [field["type"] for field in error["inputs"]]
        given_ = [_sample(kind, at) for at, kind in enumerate(kinds)]
        refused = decode_refusal(selector(_signature(error)) + encode(kinds, given_))
        assert refused is not None
        assert refused.name == error["name"]
        expected = {
            field["name"]: "0x" + value.hex() if isinstance(value, bytes) else value
            for field, value in zip(error["inputs"], given_, strict=True)
        }
        assert refused.index == expected.pop("index", None)
        assert refused.values == expected

    def test_solidity_s_own(self) -> None:
        told = decode_refusal(selector("Error(string)") + encode(["string"], ["no"]))
        panic = decode_refusal(selector("Panic(uint256)") + encode(["uint256"], [0x11]))
        assert told is not None
        assert told.values == {"reason": "no"}
        assert panic is not None
        assert panic.values == {"panic": 0x11}

    @given(st.binary(max_size=200))
    def test_anything_else_is_none_and_never_a_crash(self, data: bytes) -> None:
        decode_refusal(data)
        known = selector("BadPayload(uint256,uint16)")
        refused = decode_refusal(known + data)
        assert (refused is None) == (len(data) < 64)

    @pytest.mark.parametrize("detail", [None, 5, "nonsense", {"data": None}, {}, "0x", "0x1234"])
    def test_an_error_that_is_not_the_contract_s(self, detail: object) -> None:
        assert find_refusal(RpcError("eth_call", 3, "reverted", detail)) is None


class TestOnTheChain:
    def test_views(self, deployed: DeployedLedger) -> None:
        contract, custodian = deployed.contract, deployed.custodian.address
        org = deployed.enrol("did:web:maker.example")
        asset = deployed.register(org, b"gearbox")
        before = deployed.rpc.fetch_block_number()
        deployed.append([Entry(asset, org, Kind.OBSERVED, 1, Observed(keccak(b"x")).encode())])
        assert contract.fetch_domain() == deployed.domain
        assert contract.fetch_count(asset) == 2
        assert contract.fetch_count(asset, before) == 1
        assert contract.fetch_head(asset, before) == asset != contract.fetch_head(asset)
        assert contract.fetch_word(asset).to_bytes(32, "big")[12:] == org[12:]
        assert contract.fetch_is_active(org)
        assert contract.fetch_is_account(org, custodian)
        assert not contract.fetch_is_account(org, deployed.governor.address)
        assert contract.fetch_organisation_at(org[12:]) == org
        assert any(contract.fetch_ledger_head())

    def test_a_refusal_names_the_entry_that_fails(self, deployed: DeployedLedger) -> None:
        org = deployed.enrol("did:web:maker.example")
        born = deployed.birth(org)
        late = Entry(born.subject, org, Kind.REVISED, 3, Revised(keccak(b"x")).encode())
        with pytest.raises(Refused) as caught:
            deployed.append([born, late])
        assert (caught.value.name, caught.value.index) == ("WrongPosition", 1)
        assert caught.value.values["expected"] == 1
        assert caught.value.values["given"] == 3

    def test_governance_is_refused_to_others(self, deployed: DeployedLedger) -> None:
        with pytest.raises(Refused, match="AccessManagedUnauthorized"):
            deployed.send(deployed.custodian, encode_enrol("did:web:x", [bytes(19) + b"\1"]))

    def test_a_signed_entry_is_appended_for_its_signer(self, deployed: DeployedLedger) -> None:
        org = deployed.enrol("did:web:maker.example")
        born, deadline = deployed.birth(org), 2**40
        message = entry_message(
            deployed.domain, born.subject, org, born.kind, 0, born.payload, deadline
        )
        leave = Authorisation(
            deployed.custodian.address, deadline, deployed.custodian.sign_message(message).encode()
        )
        sent = deployed.send(deployed.governor, encode_append_signed([born], [leave]))
        assert sent.succeeded
        assert deployed.contract.fetch_count(born.subject) == 1
