"""What an exported folder holds: which ledger, which blocks, and each file with its checksum.

With the ledger head after the last block, an auditor can fold the entries again and compare.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import msgspec

from ledger.errors import Conflict
from ledger.mirror.export.writing import write_file

NAME: Final = "_manifest.json"
"""Begins with what makes readers of a folder skip it."""

_SAME: Final = (
    *("version", "format", "chain_id", "genesis_hash", "contract"),
    *("subject", "tables", "from_block"),
)
"""What exports to one folder have in common."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the folder; `path` is relative to it. Of a folded table, it is as of `to_block`."""

    path: str
    table: str
    from_block: int
    to_block: int
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder holds, and how far it goes; hashes and addresses are 0x-hex.

    `ledger_head` is the ledger's after `to_block`, with `entries` in all the chain up to there.
    """

    version: int
    format: str
    chain_id: int
    genesis_hash: str
    contract: str
    domain: str
    subject: str | None
    tables: tuple[str, ...]
    from_block: int
    to_block: int
    entries: int
    ledger_head: str
    files: tuple[File, ...] = ()


def find_manifest(folder: Path) -> Manifest | None:
    """Read a folder's manifest; None if it has none. Raises Conflict if it cannot be read."""
    path = folder / NAME
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.DecodeError as error:
        raise Conflict(f"{path} is no manifest of an export: {error}", path=str(path)) from None


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a folder's manifest in the place of the one before."""
    with write_file(folder / NAME) as file:
        file.write(msgspec.json.format(msgspec.json.encode(asdict(manifest)), indent=1) + b"\n")


def verify_same(folder: Path, found: Manifest, wanted: Manifest) -> None:
    """Raise Conflict if a folder holds another ledger than is wanted, or other parts of it."""
    for name in _SAME:
        has, asked = getattr(found, name), getattr(wanted, name)
        if has != asked:
            raise Conflict(
                f"{folder} was exported with {name} {has}, not {asked}: take another folder",
                path=str(folder),
                field=name,
                found=has,
                wanted=asked,
            )
