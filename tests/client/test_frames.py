"""Lists as tables: a column a field, times in UTC, hashes as text, and columns without rows."""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path

import pandas

from ledger.client import Client
from ledger.client.catalogue import AdmissionAnswer, WorldAnswer
from ledger.client.frames import make_frame
from tests.api.running import Running


def world(**given: object) -> WorldAnswer:
    usual = {"id": "0x01", "organisation": "0x02", "open": True, "content_hash": "0x03"}
    more = {"position": 0, "head": "0x04", "opened_at": "2026-03-01T08:15:30Z"}
    return WorldAnswer(**{**usual, **more, **given})  # type: ignore[arg-type]


def test_columns_have_the_types_of_the_fields() -> None:
    admitting = AdmissionAnswer("0x05", None)
    later = "2026-03-01T08:15:30.250000Z"
    frame = make_frame([world(), world(admission=admitting, opened_at=later)], WorldAnswer)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "id": "string",
        "organisation": "string",
        "open": "boolean",
        "content_hash": "string",
        "position": "Int64",
        "head": "string",
        "opened_at": "datetime64[us, UTC]",
        "admission.schema": "string",
        "admission.issuer": "string",
        "document": "string",
    }
    first, second = frame["opened_at"]
    assert first == pandas.Timestamp("2026-03-01T08:15:30Z")
    assert (second - first).total_seconds() == 0.25
    assert frame["admission.schema"].isna().tolist() == [True, False]
    assert frame["id"].tolist() == ["0x01", "0x01"]


def test_a_list_of_nothing_has_its_columns() -> None:
    empty, full = make_frame([], WorldAnswer), make_frame([world()], WorldAnswer)
    assert len(empty) == 0
    assert empty.dtypes.equals(full.dtypes)


def test_what_is_listed_is_a_table(service: Running) -> None:
    member = service.enrol("Analyst")
    with Client(service.url, member.key) as client:
        for _ in range(3):
            client.register_asset(secrets.token_hex(6), b"{}", wait=20)
        assets = client.list_assets(organisation=member.did, page=2).to_frame()
        entries = client.list_all_entries(organisation=member.did).to_frame()
        keys = client.list_keys().to_frame()
    assert len(assets) == len(entries) == 3
    assert set(assets["owner"]) == {member.id}
    assert str(assets["registered_at"].dt.tz) == "UTC"
    assert entries["payload"].map(type).eq(dict).all()
    assert entries.groupby("kind").size().to_dict() == {"registered": 3}
    assert keys["roles"].map(len).sum() > 0


def test_without_pandas_it_is_told_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "from ledger.client.frames import MissingExtra, make_frame\n"
        "from ledger.client import AssetAnswer\n"
        "try: make_frame([], AssetAnswer)\n"
        "except MissingExtra as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "scripts/requirements/notebook.txt" in done.stdout
