"""Whatever an entry says comes out of Parquet as it went in."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.telling import tell_entry
from ledger.mirror.export.columns import ENTRY, tell_entry_row
from tests.domain.examples import addresses, hashes, payloads_of


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as a mirror keeps it."""

    payload: bytes
    kind: int
    sequence: int
    block_number: int
    log_index: int
    transaction_hash: bytes
    subject: bytes
    org: bytes
    position: int
    actor: bytes
    timestamp: int
    head: bytes


numbers = st.integers(0, 2**63 - 1)
kept = st.builds(
    lambda payload, **others: Kept(payload.encode(), payload.KIND, **others),
    payloads_of(),
    sequence=numbers,
    block_number=numbers,
    log_index=numbers,
    transaction_hash=hashes,
    subject=hashes,
    org=hashes,
    position=numbers,
    actor=addresses,
    timestamp=st.integers(0, 2**33),
    head=hashes,
)


@given(entries=st.lists(kept, max_size=5))
def test_entries_of_any_kind_are_read_back(entries: list[Kept]) -> None:
    batch = pa.RecordBatch.from_pylist([tell_entry_row(entry) for entry in entries], ENTRY)
    file = io.BytesIO()
    pq.write_table(pa.Table.from_batches([batch]), file)
    for entry, row in zip(entries, pq.read_table(file).to_pylist(), strict=True):
        assert row.pop("timestamp").timestamp() == entry.timestamp
        assert row.pop("payload_bytes") == entry.payload
        assert row.pop("log_index") == entry.log_index
        payload = row.pop("payload")
        told = tell_entry(entry)
        assert told.pop("at")
        assert {name: one for name, one in payload.items() if one is not None} == told.pop(
            "payload"
        )
        assert row == told
