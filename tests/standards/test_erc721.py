"""Wallets and explorers find in the ledger the ERC-721 that they know (EIP-721, 165, 4906, 5646).

Two clients that share no code, web3.py and viem, ask by ABIs that are not ours.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError

from tests.standards.conftest import BASE_URI, CONTRACTS, Ledger, mined

Answer: TypeAlias = tuple[str, Any]
"""("value", what was answered) or ("error", the name of the contract's error)."""
Ask: TypeAlias = Callable[..., list[Answer]]

SCRIPT = Path(__file__).with_name("erc721.cjs")
NOBODY = "0x" + 40 * "0"

# The functions of EIP-721 and EIP-165 that the tests call, in the words of the standards.
ABI = [
    {
        "type": "function",
        "name": name,
        "stateMutability": "view",
        "inputs": [{"name": "", "type": each} for each in takes],
        "outputs": [{"name": "", "type": gives}],
    }
    for name, takes, gives in (
        ("ownerOf", ("uint256",), "address"),
        ("balanceOf", ("address",), "uint256"),
        ("supportsInterface", ("bytes4",), "bool"),
        ("tokenURI", ("uint256",), "string"),
        ("name", (), "string"),
        ("symbol", (), "string"),
        ("getApproved", ("uint256",), "address"),
        ("isApprovedForAll", ("address", "address"), "bool"),
    )
]


def ask_web3(ledger: Ledger, *calls: tuple[Any, ...]) -> list[Answer]:
    contract = ledger.web3.eth.contract(address=ledger.contract.address, abi=ABI)
    answers: list[Answer] = []
    for name, *args in calls:
        try:
            answers.append(("value", contract.functions[name](*args).call()))
        except (ContractLogicError, ContractCustomError):
            answers.append(("error", None))
    return answers


def ask_viem(ledger: Ledger, *calls: tuple[Any, ...]) -> list[Answer]:
    node = shutil.which("node")
    if node is None:
        pytest.fail("node is missing")
    asked = [{"function": name, "args": [str(arg) for arg in args]} for name, *args in calls]
    done = subprocess.run(
        [node, str(SCRIPT), str(CONTRACTS), ledger.url, ledger.contract.address],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [
        ("error", None) if "error" in answer else ("value", _number(answer["value"]))
        for answer in json.loads(done.stdout)
    ]


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


@pytest.fixture(params=[ask_web3, ask_viem], ids=["web3.py", "viem"])
def ask(request: pytest.FixtureRequest, ledger: Ledger) -> Ask:
    """One of the two clients, asking the ledger."""
    asking = request.param

    def ask(*calls: tuple[Any, ...]) -> list[Answer]:
        return asking(ledger, *calls)

    return ask


def token(subject: bytes) -> int:
    return int.from_bytes(subject, "big")


def test_titles_are_held_by_organisations_addresses(ledger: Ledger, ask: Ask) -> None:
    assert ask(
        ("ownerOf", token(ledger.kept)),
        ("ownerOf", token(ledger.sold)),
        ("balanceOf", ledger.address(ledger.maker)),
        ("balanceOf", ledger.address(ledger.buyer)),
        ("balanceOf", ledger.stranger),
    ) == [
        ("value", ledger.address(ledger.maker)),
        ("value", ledger.address(ledger.buyer)),
        ("value", 2),
        ("value", 1),
        ("value", 0),
    ]


def test_a_token_says_where_it_is_described(ledger: Ledger, ask: Ask) -> None:
    assert ask(("tokenURI", token(ledger.kept)), ("name",), ("symbol",)) == [
        ("value", f"{BASE_URI}0x{ledger.kept.hex()}"),
        ("value", "Asset Ledger"),
        ("value", "ASSET"),
    ]


def test_it_says_which_standards_it_speaks(ask: Ask) -> None:
    spoken = {
        "0x01ffc9a7": True,  # ERC-165
        "0x80ac58cd": True,  # ERC-721
        "0x5b5e139f": True,  # ERC-721 Metadata
        "0x49064906": True,  # ERC-4906
        "0xf5112315": True,  # ERC-5646
        "0x780e9d63": False,  # ERC-721 Enumerable: the mirror lists, the chain does not
        "0xd9b67a26": False,  # ERC-1155
        "0xffffffff": False,  # EIP-165: must be false
    }
    answers = ask(*(("supportsInterface", each) for each in spoken))
    assert answers == [("value", each) for each in spoken.values()]


def test_what_is_nobodys_is_refused(ask: Ask) -> None:
    """EIP-721: queries about invalid tokens, and about the zero address, throw."""
    calls = (("ownerOf", 1), ("tokenURI", 1), ("getApproved", 1), ("balanceOf", NOBODY))
    assert ask(*calls) == [("error", None)] * len(calls)


def test_an_organisations_accounts_are_its_operators(ledger: Ledger, ask: Ask) -> None:
    holder = ledger.address(ledger.maker)
    assert ask(
        ("isApprovedForAll", holder, ledger.maker_account),
        ("isApprovedForAll", holder, ledger.buyer_account),
        ("isApprovedForAll", holder, ledger.stranger),
    ) == [("value", True), ("value", False), ("value", False)]


def test_a_transfer_by_the_standard_is_an_entry_and_moves_title(ledger: Ledger, ask: Ask) -> None:
    contract, kept = ledger.contract, token(ledger.kept)
    here, there = ledger.address(ledger.maker), ledger.address(ledger.buyer)
    approving = contract.functions.approve(ledger.stranger, kept)
    mined(ledger.web3, approving.transact({"from": ledger.maker_account}))
    assert ask(("getApproved", kept)) == [("value", ledger.stranger)]
    moving = contract.functions.safeTransferFrom(here, there, kept)
    receipt = mined(ledger.web3, moving.transact({"from": ledger.stranger}))
    names = [
        each.event_name
        for log in receipt["logs"]
        for each in contract.events
        if log["topics"][0] == Web3.keccak(text=each.signature)
    ]
    assert sorted(names) == ["Appended", "Transfer"]
    assert contract.functions.count(ledger.kept).call() == 2
    assert ask(("ownerOf", kept), ("balanceOf", there), ("getApproved", kept)) == [
        ("value", there),
        ("value", 2),
        ("value", NOBODY),
    ]


def test_a_fingerprint_changes_with_the_history(ledger: Ledger) -> None:
    """EIP-5646: it must change when the token's state does; here it is the subject's head."""
    prints = [
        ledger.contract.functions.getStateFingerprint(token(each)).call()
        for each in (ledger.kept, ledger.sold)
    ]
    assert prints[0] == ledger.kept
    assert prints[1] not in (ledger.sold, bytes(32))
