#!/usr/bin/env python3
"""Deploy the ledger as a developer would: a plan, a node, keys; web3.py does the rest.

    scripts/deploy.py --rpc-url http://127.0.0.1:8545 --data .asset-ledger [PLAN.toml]

Makes the keys it needs in DATA/keys and writes DATA/manifest.json. On a chain of Anvil's it also
gives the keys money. Run again, it changes nothing; killed, it goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ledger.chain.node import fund  # noqa: E402
from ledger.chain.rpc import RpcClient  # noqa: E402
from ledger.cli.signers import open_signers  # noqa: E402
from ledger.deployment.apply import apply, open_deployment  # noqa: E402
from ledger.deployment.plan import load_plan  # noqa: E402
from ledger.deployment.verify import verify_deployment  # noqa: E402
from ledger.errors import LedgerError  # noqa: E402
from ledger.settings import Settings  # noqa: E402
from ledger.types import to_hex  # noqa: E402


def main() -> int:
    """Deploy; 0 if the chain is as the plan says, 1 if it is not."""
    asked = _arguments().parse_args()
    try:
        _deploy(asked)
    except LedgerError as error:
        print(f"deploy.py: {error}", file=sys.stderr)
        return 1
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    settings = Settings()
    parser.add_argument("plan", nargs="?", type=Path, default=ROOT / "scripts/plans/local.toml")
    parser.add_argument("--rpc-url", default=settings.rpc_url)
    parser.add_argument("--data", type=Path, default=settings.data)
    parser.add_argument("--set", action="append", default=[], type=_pair, metavar="NAME=VALUE")
    parser.add_argument("--dry-run", action="store_true", help="only say what there is to do")
    return parser


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text} is not NAME=VALUE")
    return name, value


def _deploy(asked: argparse.Namespace) -> None:
    plan = load_plan(asked.plan, dict(asked.set))
    signers = open_signers(asked.data / "keys", plan.keys)
    addresses = {name: signer.address for name, signer in signers.items()}
    path = asked.data / "manifest.json"
    with RpcClient(asked.rpc_url) as rpc:
        if asked.dry_run:
            for todo in open_deployment(rpc, plan, addresses, path).outstanding():
                print(f"to do: {todo.label}")
            return
        for address in addresses.values():
            fund(rpc, address)
        manifest = apply(rpc, plan, signers, path, tell=lambda done: print(f"done: {done}"))
        for line in verify_deployment(open_deployment(rpc, plan, addresses, path)):
            print(f"verified: {line}")
    for name, contract in manifest.contracts.items():
        print(f"{name} {to_hex(contract.address)}")


if __name__ == "__main__":
    sys.exit(main())
