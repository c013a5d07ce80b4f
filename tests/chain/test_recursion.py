"""What nests too deep is refused, whatever other packages think of how deep is too deep."""

from __future__ import annotations

import subprocess
import sys

_DECODES = """
import json, sys
from ledger.chain.signers.keystore import KeystoreSigner
from eth_account import Account
from web3 import Web3
import msgspec
deep = b"[" * 99_000 + b"]" * 99_000
for decode in (json.loads, msgspec.json.decode):
    try:
        decode(deep)
    except RecursionError:
        print("refused")
"""


def test_deep_json_does_not_end_a_process_that_has_web3() -> None:
    done = subprocess.run([sys.executable, "-c", _DECODES], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, ["refused", "refused"]), done.stderr
