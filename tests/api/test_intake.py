"""A folder comes in as an enterprise brings it: the sound is taken, the broken is explained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import files
from tests.api.intake import TYPES, bring_in
from tests.api.running import Member

_ASPECT = {
    "$schema": "http://json-schema.org/draft-04/schema",
    "definitions": {"mass": {"type": "number", "minimum": 0}},
    "type": "object",
    "properties": {
        "partNumber": {"type": "string"},
        "mass": {"$ref": "#/definitions/mass"},
        "note": {"type": "string"},
    },
    "required": ["partNumber", "mass"],
}
_SUFFIXES = {media_type: suffix for suffix, media_type in TYPES.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Aspects with their schemas, one of which its example breaks, and files of every format."""
    for name, mass in (("Part", 1.5), ("Odd", -1)):
        document = {"partNumber": "P-1", "mass": mass, "note": "made by a test"}
        (tmp_path / f"{name}.schema.json").write_text(json.dumps(_ASPECT))
        (tmp_path / f"{name}.example.json").write_text(json.dumps(document))
    for name, (media_type, raw) in files.sound().items():
        if media_type in _SUFFIXES:
            (tmp_path / f"sound {name}{_SUFFIXES[media_type]}").write_bytes(raw)
    for name, one in files.broken().items():
        if one.media_type in _SUFFIXES:
            (tmp_path / f"broken {name}{_SUFFIXES[one.media_type]}").write_bytes(one.raw)
    return tmp_path


def test_what_is_sound_comes_in_and_what_is_broken_is_refused_with_its_place(
    aurora: Member, folder: Path
) -> None:
    told = {one.name: one for one in bring_in(aurora, folder)}
    taken = {name for name, one in told.items() if one.taken}
    sound = {path.name for path in folder.iterdir() if path.name.startswith("sound ")}
    example = "Part.example.json"
    assert taken == sound | {
        *("Part.schema.json", "Odd.schema.json"),
        *(example, f"{example} without note"),
    }
    assert len(sound) > 10
    for field in ("partNumber", "mass"):
        one = told[f"{example} without {field}"]
        assert (one.code, one.place) == ("schema_violation", "document")
        assert f"'{field}' is a required property" in one.reason
    odd = told["Odd.example.json"]
    assert (odd.code, odd.place) == ("schema_violation", "document/mass")
    refused = {name: one for name, one in told.items() if name.startswith("broken ")}
    assert len(refused) > 30
    for one in refused.values():
        assert one.code in {"invalid_file", "media_type_mismatch"}
        assert one.place.startswith(("document", "Content-Type"))
        assert one.reason
