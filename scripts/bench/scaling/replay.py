"""The replay node as a process: a node that serves a generated ledger, made first if it must be.

    python -m scripts.bench.scaling.replay --keep FOLDER [--entries N] [--assets M] [--port P]

It writes FOLDER/manifest.json, prints one JSON object when it is ready, and ends with SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import uvloop

from ledger.deployment.manifest import DeployedContract, Manifest, save_manifest
from ledger.hashing import keccak
from scripts.bench.scaling.making import provide
from scripts.bench.scaling.node import WORDINGS, Node
from scripts.bench.scaling.serving import serve
from scripts.bench.scaling.shape import Place, Shape

MANIFEST = "manifest.json"


def main() -> None:
    """Make the chain unless the folder holds it, and serve it."""
    asked = read_arguments()
    shape = Shape(entries=asked.entries, assets=asked.assets, organisations=asked.organisations)
    chain = provide(
        asked.keep, shape, Place(), lambda made: print(f"{made:,} entries made", file=sys.stderr)
    )
    node = Node(chain, asked.most, WORDINGS.get(asked.refuse))
    save_manifest(asked.keep / MANIFEST, manifest_of(node))

    def ready(port: int) -> None:
        told = {
            "rpc_url": f"http://127.0.0.1:{port}",
            "manifest": str(asked.keep / MANIFEST),
            "block": chain.newest,
            "entries": chain.blocks[-1].sequence,
            "final": chain.blocks[node.final].sequence,
            "ledger_head": "0x" + chain.blocks[-1].ledger_head.hex(),
        }
        print(json.dumps(told), flush=True)

    try:
        uvloop.run(serve(node.answer, asked.port, ready))
    except KeyboardInterrupt:
        return


def read_arguments() -> argparse.Namespace:
    """The options."""
    full = Shape()
    parser = argparse.ArgumentParser(prog="scripts.bench.scaling.replay", description=__doc__)
    parser.add_argument("--keep", type=Path, required=True, help="folder of the generated chain")
    parser.add_argument("--entries", type=int, default=full.entries)
    parser.add_argument("--assets", type=int, default=full.assets)
    parser.add_argument("--organisations", type=int, default=full.organisations)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--most", type=int, default=10_000, help="logs in one answer")
    parser.add_argument(
        "--refuse", choices=[*WORDINGS, "never"], default="results", help="how more are refused"
    )
    return parser.parse_args()


def manifest_of(node: Node) -> Manifest:
    """What is deployed on the node's chain."""
    chain = node.chain
    contract = DeployedContract(
        address=node.contract,
        block=1,
        block_hash=chain.block_hash(1),
        transaction=chain.transaction_hash(1, 0),
        code_hash=keccak(node.code),
        compiler=None,
        source_hash="",
        arguments=(),
    )
    return Manifest(
        chain_id=chain.place.chain_id,
        genesis_hash=chain.block_hash(0),
        domain=chain.place.domain,
        contracts={"AssetLedger": contract},
    )


if __name__ == "__main__":
    main()
