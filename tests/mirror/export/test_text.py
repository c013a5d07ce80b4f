"""JSON Lines are the API's own entries; EPCIS documents are what GS1's schema asks for."""

from __future__ import annotations

import io
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import fastjsonschema
import httpx
import pytest
from sqlalchemy import Engine

from api.app import create_app
from ledger.database.engine import writing
from ledger.domain.kinds import Kind
from ledger.domain.telling import tell_entry
from ledger.errors import UnknownThing
from ledger.mirror.export.forms import Format
from ledger.mirror.export.run import Export, Progress, Wanted
from ledger.outbox.keys import issue_key
from ledger.settings import Settings
from ledger.types import parse_hash, to_hex
from tests.api.running import serving
from tests.epcis import validator
from tests.mirror.export.conftest import Lived
from tests.mirror.export.exporting import entries, export_to, manifest_of


def piped(engine: Engine, format: Format, **wanted: Any) -> bytes:
    stream = io.BytesIO()
    Export.plan(engine, Wanted(format, **wanted)).to_stream(stream)
    return stream.getvalue()


def lines(engine: Engine, **wanted: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in piped(engine, "jsonl", **wanted).splitlines()]


# -- JSON Lines ----------------------------------------------------------------------------------


def test_json_lines_are_what_the_api_tells(mirror: Engine, tmp_path: Path) -> None:
    """But for `document`, which depends on who asks."""
    url = mirror.url.render_as_string(hide_password=False)
    with writing(mirror) as session:
        key = issue_key(session, None)
    with (
        serving(create_app(Settings(data=tmp_path, database_url=url))) as api,
        httpx.Client(headers={"Authorization": f"Bearer {key}"}, trust_env=False) as client,
    ):
        told = client.get(f"{api}/v1/entries", params={"limit": 200}).json()["items"]
    assert [list(one) for one in lines(mirror)] == [
        [name for name in one if name != "document"] for one in told
    ]
    assert [one | {"document": None} for one in lines(mirror)] == told
    assert {one["kind"] for one in told} == {kind.label for kind in Kind}


def test_blocks_and_subject_choose_what_is_told(lived: Lived, mirror: Engine) -> None:
    told, middle = lines(mirror), lived.first + 12
    assert lines(mirror, to_block=middle) == [one for one in told if one["block"] <= middle]
    assert lines(mirror, from_block=middle) == [one for one in told if one["block"] >= middle]
    for subject in {one["subject"] for one in told}:
        own = [one for one in told if one["subject"] == subject]
        if own[0]["position"] == 0:
            assert lines(mirror, subject=parse_hash(subject)) == own


def test_an_asset_of_a_batch_begins_with_the_batchs_entry(mirror: Engine) -> None:
    told = lines(mirror)
    born = next(one for one in told if one["kind"] == "batch_registered")
    first = (int(born["subject"], 16) + 1).to_bytes(32)
    own = [one for one in told if one["subject"] == to_hex(first)]
    assert [one["position"] for one in own] == [1, 2]
    assert lines(mirror, subject=first) == [born, *own]
    unwritten = (int(born["subject"], 16) + 999).to_bytes(32)
    assert lines(mirror, subject=unwritten) == [born]
    assert lines(mirror, subject=first, from_block=own[0]["block"]) == own
    beyond = (int(born["subject"], 16) + born["payload"]["size"] + 1).to_bytes(32)
    with pytest.raises(UnknownThing):
        lines(mirror, subject=beyond)


def test_pages_join_and_are_told_of(mirror: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = piped(mirror, "jsonl")
    monkeypatch.setattr("ledger.mirror.export.reading.PAGE", 7)
    told: list[tuple[int, int]] = []

    def hear(progress: Progress) -> None:
        told.append((progress.entries, progress.total))

    stream = io.BytesIO()
    Export.plan(mirror, Wanted("jsonl"), hear).to_stream(stream)
    count = len(entries(mirror))
    assert stream.getvalue() == whole
    assert told == [(min(7 * at, count), count) for at in range(1, -(-count // 7) + 1)]


# -- EPCIS ---------------------------------------------------------------------------------------


@pytest.fixture
def document(mirror: Engine) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(piped(mirror, "epcis"))
    return told


def test_a_document_of_every_kind_is_valid_by_the_official_schema(
    mirror: Engine, document: dict[str, Any]
) -> None:
    validator()(document)
    events = document["epcisBody"]["eventList"]
    assert {event["ledger:kind"] for event in events} == {kind.label for kind in Kind}
    assert len({event["eventID"] for event in events}) == len(entries(mirror))


def events_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """One for each entry: those that are told again as mistaken are left out."""
    events: list[dict[str, Any]] = document["epcisBody"]["eventList"]
    return [event for event in events if "errorDeclaration" not in event]


def test_what_is_corrected_is_declared_to_be_mistaken(document: dict[str, Any]) -> None:
    [declared] = [
        event for event in document["epcisBody"]["eventList"] if "errorDeclaration" in event
    ]
    [correction] = [one for one in events_of(document) if one["ledger:kind"] == "corrected"]
    [mistaken] = [one for one in events_of(document) if one["eventID"] == declared["eventID"]]
    assert correction["ledger:corrected_event"] == mistaken["eventID"]
    assert declared.pop("errorDeclaration") == {
        "declarationTime": correction["eventTime"],
        "reason": "incorrect_data",
        "correctiveEventIDs": [correction["eventID"]],
    }
    assert declared == mistaken


def test_a_document_says_which_ledger_and_where_it_stands(
    lived: Lived, document: dict[str, Any]
) -> None:
    assert document["ledger:domain"] == to_hex(lived.chain.domain)
    assert document["ledger:to_block"] == lived.last
    assert document["ledger:ledger_head"] == to_hex(lived.chain.contract.fetch_ledger_head())
    assert document["creationDate"] == document["epcisBody"]["eventList"][-1]["eventTime"]


def test_nothing_that_an_entry_says_is_lost(mirror: Engine, document: dict[str, Any]) -> None:
    for row, event in zip(entries(mirror), events_of(document), strict=True):
        told = {"organisation": None, "content_hash": None, "at": event["eventTime"]}
        told |= without_prefix(event)
        told.pop("corrected_event", None)
        assert told == tell_entry(row)


def without_prefix(told: dict[str, Any]) -> dict[str, Any]:
    """What stands under our prefix."""
    return {
        name.removeprefix("ledger:"): without_prefix(one) if isinstance(one, dict) else one
        for name, one in told.items()
        if name.startswith("ledger:")
    }


@pytest.mark.parametrize(
    "spoil",
    [
        {"surprise": 1},
        {"bizStep": "flying"},
        {"disposition": "happy"},
        {"eventTime": "yesterday"},
        {"eventTimeZoneOffset": "UTC"},
        {"action": "CHANGE"},
        {"epcList": ["no uri"]},
        {"eventID": "no uri"},
    ],
    ids=str,
)
def test_the_schema_refuses_what_is_no_event(
    document: dict[str, Any], spoil: dict[str, Any]
) -> None:
    spoiled = deepcopy(document)
    events = spoiled["epcisBody"]["eventList"]
    next(event for event in events if event["type"] == "ObjectEvent").update(spoil)
    with pytest.raises(fastjsonschema.JsonSchemaException):
        validator()(spoiled)


def test_documents_in_a_folder_are_valid_and_join(
    lived: Lived, mirror: Engine, tmp_path: Path
) -> None:
    for block in (lived.first + 9, lived.last):
        export_to(mirror, tmp_path, "epcis", to_block=block)
    events = []
    for file in manifest_of(tmp_path)["files"]:
        told = json.loads((tmp_path / file["path"]).read_bytes())
        validator()(told)
        events += told["epcisBody"]["eventList"]
    assert events == json.loads(piped(mirror, "epcis"))["epcisBody"]["eventList"]


def test_a_document_without_events_is_one(lived: Lived, mirror: Engine) -> None:
    told = json.loads(piped(mirror, "epcis", subject=lived.orgs[0], from_block=lived.last))
    assert told["epcisBody"]["eventList"] == []
    validator()(told)
