"""The browser's verifier, run by Node: it is given bundles, and answers with its verdicts."""

from __future__ import annotations

import json
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

RUNNER: Final = Path(__file__).with_name("runner.mjs")


class JavaScriptVerifier:
    """A process that verifies one bundle after another."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def verdict(self, raw: bytes, block_hash: bytes, contract: bytes) -> dict[str, Any]:
        """What it finds, in the words of the vectors, and a reason if that is a failure."""
        return self._ask(raw, contract, block_hash=f"0x{block_hash.hex()}")

    def trust_verdict(self, raw: bytes, contract: bytes, trust: dict[str, Any]) -> dict[str, Any]:
        """The same for whoever trusts witnesses, in the words of the vectors of trust."""
        return self._ask(raw, contract, **trust)

    def code_verdict(
        self, raw: bytes, block_hash: bytes, contract: bytes, artifact: bytes
    ) -> dict[str, Any]:
        """Whether the code is the artifact's, of a bundle that is proven."""
        told = b64encode(artifact).decode()
        return self._ask(raw, contract, block_hash=f"0x{block_hash.hex()}", artifact=told)

    def _ask(self, raw: bytes, contract: bytes, **more: Any) -> dict[str, Any]:
        asked = {
            "bundle": b64encode(raw).decode(),
            "contract": f"0x{contract.hex()}",
            **more,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


def node() -> str:
    """Where Node.js is."""
    found = shutil.which("node")
    if found is None:
        pytest.fail("node is missing: scripts/test brings it")
    return found


@contextmanager
def javascript_verifier() -> Iterator[JavaScriptVerifier]:
    """The verifier, until the block ends."""
    command = [node(), str(RUNNER)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield JavaScriptVerifier(process)
        assert process.stdin is not None
        process.stdin.close()
