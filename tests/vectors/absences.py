"""Makes the vectors in `absence/`: proofs that a ledger knows no such subject, and tamperings.

`python -m tests.vectors` writes them anew. `vectors.json` is as that of bundles, but that `subject`
says what the auditor asks about, and that a verdict is what is absent, or an error's code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import rlp

from ledger.domain.payloads import BatchRegistered, Observed
from ledger.errors import InputError, VerificationError
from ledger.hashing import keccak, merkle_root
from ledger.proofs.absence import Absence, decode_absence, encode_absence, verify_absence
from ledger.proofs.layout import word_slot
from ledger.types import ZERO_HASH, to_hex
from tests.proofs.paper import CHAIN_ID, CONTRACT, ORG, OTHER, Paper, an_asset, header
from tests.proofs.tries import Trie
from tests.vectors.story import LINES
from tests.vectors.tampering import changes_of, difference

FOLDER: Final = Path(__file__).parent / "absence"


def asset_of(batch: bytes, index: int) -> bytes:
    """The id that a batch's asset of this index has, or would have."""
    return batch[:29] + index.to_bytes(3, "big")


class Silent:
    """A ledger of an asset and a batch of five, and what its state proves of others."""

    def __init__(self) -> None:
        paper = Paper()
        self.asset = an_asset(paper)
        lines = BatchRegistered(ORG, ZERO_HASH, merkle_root(LINES), len(LINES), keccak(b"lines"))
        self.batch = paper.begin(lines, ORG)
        self.written = asset_of(self.batch, 2)
        paper.append(self.written, Observed(keccak(b"seen")), ORG)
        self.storage = paper.storage()
        self.subjects = {
            "nothing": keccak(b"never sent"),
            "no batch": keccak(b"no batch")[:29] + bytes(3),
            "of no batch": asset_of(keccak(b"no batch"), 1),
            "beyond the batch": asset_of(self.batch, len(LINES) + 1),
            "far beyond the batch": asset_of(self.batch, 2**24 - 1),
            "beside an asset": asset_of(self.asset, 7),
        }
        self.known = {
            "an asset": self.asset,
            "a batch": self.batch,
            "the first of the batch": asset_of(self.batch, 1),
            "the last of the batch": asset_of(self.batch, len(LINES)),
            "one of the batch that was written to": self.written,
        }

    def prove(self, subject: bytes, storage: dict[bytes, int] | None = None) -> Absence:
        """What the state says of a subject's word and its batch's; that may be another state's."""
        held = self.storage if storage is None else storage
        slots = Trie({keccak(slot): rlp.encode(value) for slot, value in held.items()})
        account = rlp.encode([1, 0, slots.root, keccak(b"code")])
        others = {keccak(bytes([n]) * 20): rlp.encode([n, n, ZERO_HASH, ZERO_HASH]) for n in b"abc"}
        state = Trie(others | {keccak(CONTRACT): account})
        batch = subject[:29] + bytes(3)
        return Absence(
            CHAIN_ID,
            CONTRACT,
            subject,
            header(state.root),
            state.prove(keccak(CONTRACT)),
            slots.prove(keccak(word_slot(subject))),
            None if subject == batch else slots.prove(keccak(word_slot(batch))),
        )


def absence_verdict(raw: bytes, block: bytes, contract: bytes, subject: bytes) -> dict[str, Any]:
    """What our verifier finds."""
    try:
        found = verify_absence(
            decode_absence(raw), block_hash=block, contract=contract, subject=subject
        )
    except (InputError, VerificationError) as error:
        return {"absent": False, "code": error.code}
    return {"absent": True, "block": found.header.number, "batch_size": found.batch_size}


def files_of() -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """The proofs by name, and the vectors of them."""
    silent, files, vectors = Silent(), {}, []
    for name, subject in (silent.subjects | silent.known).items():
        absence, file = silent.prove(subject), f"{name.replace(' ', '-')}.json"
        raw = files[file] = encode_absence(absence)
        for told, edits, trusted in [
            ("", [], {}),
            ("another block is trusted", [], {"block_hash": keccak(b"another")}),
            ("another contract is trusted", [], {"contract": bytes(20)}),
            ("another subject is asked for", [], {"subject": OTHER}),
            *(_tampered(raw) if name in ("nothing", "beyond the batch") else ()),
        ]:
            believed = {
                "block_hash": keccak(absence.header),
                "contract": CONTRACT,
                "subject": subject,
            } | trusted
            vectors.append(_vector(name, told, file, raw, edits, believed))
    return files, vectors


def _tampered(raw: bytes) -> Iterator[tuple[str, list[Any], dict[str, bytes]]]:
    value = json.loads(raw)
    for name, changed in changes_of(value):
        yield name, [difference(raw, (json.dumps(changed, indent=2) + "\n").encode())], {}


def _vector(
    name: str, told: str, file: str, raw: bytes, edits: list[Any], believed: dict[str, bytes]
) -> dict[str, Any]:
    for edit in edits:
        raw = raw[: edit.at] + edit.insert + raw[edit.at + edit.remove :]
    block, contract, subject = (believed[one] for one in ("block_hash", "contract", "subject"))
    return {
        "name": f"{name}: {told}" if told else name,
        "absence": file,
        "edits": [edit.value() for edit in edits],
        **{name: to_hex(one) for name, one in believed.items()},
        "verdict": absence_verdict(raw, block, contract, subject),
    }
