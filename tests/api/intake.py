"""Brings a folder of documents in as an enterprise would, and tells what became of each.

    python -m tests.api.intake FOLDER…     starts a ledger of its own

`X.schema.json` is published, and `X.example.json` beside it registered under it; so is each copy of
the example that lacks one of its fields, which is to be refused if the schema asks for that field.
Other files are uploaded by the media types of their suffixes, and named by an entry of an asset.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from tests import files
from tests.api.running import WAIT, Member, running

TYPES: Final = {
    ".glb": files.GLB,
    ".gltf": files.GLTF,
    ".stl": files.STL,
    ".step": files.STEP,
    ".aasx": files.AASX,
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a document: taken in, or refused for a reason at a place."""

    name: str
    taken: bool
    code: str = ""
    place: str = ""
    reason: str = ""


def bring_in(member: Member, folder: Path) -> Iterator[Outcome]:
    """Bring all of a folder in, in the order of names."""
    for path in sorted(folder.iterdir()):
        if path.name.endswith(".schema.json"):
            yield from _bring_aspect(member, path)
        elif path.suffix.lower() in TYPES:
            yield _bring_file(member, path)


def _bring_aspect(member: Member, path: Path) -> Iterator[Outcome]:
    body = b'{"document":' + path.read_bytes() + b"}"
    published = member.http.post("/v1/schemas", content=body, headers={**WAIT, **_JSON})
    yield _tell(path.name, published)
    example = path.with_name(path.name.replace(".schema.", ".example."))
    document = json.loads(example.read_bytes())
    id = published.json().get("id")
    yield _register(member, example.name, id, document)
    for field in document:
        without = {name: value for name, value in document.items() if name != field}
        yield _register(member, f"{example.name} without {field}", id, without)


def _register(member: Member, name: str, schema: str, document: Any) -> Outcome:
    body = {"serial": name, "schema": schema, "document": document}
    return _tell(name, member.http.post("/v1/assets", json=body))


def _bring_file(member: Member, path: Path) -> Outcome:
    headers = {"Content-Type": TYPES[path.suffix.lower()]}
    raw = path.read_bytes()
    answer = member.http.post(
        "/v1/documents", content=raw, params={"name": path.name}, headers=headers
    )
    outcome = _tell(path.name, answer)
    if outcome.taken:
        body = {"serial": path.name, "file": answer.json()["content_hash"], "asset_kind": "type"}
        outcome = _tell(path.name, member.http.post("/v1/assets", json=body, headers=WAIT))
        assert member.http.get(answer.json()["url"]).content == raw
    return outcome


def _tell(name: str, answer: httpx.Response) -> Outcome:
    told = answer.json()
    if answer.is_success:
        return Outcome(name, taken=True)
    [error, *_] = told["errors"] or [{"field": "", "reason": told["detail"]}]
    return Outcome(name, False, told["code"], error["field"], error["reason"])


_JSON: Final = {"Content-Type": "application/json"}


def main() -> None:
    """Bring folders in, and print a line of each document."""
    with tempfile.TemporaryDirectory() as data, running(Path(data)) as service:
        member = service.enrol("Intake GmbH")
        for folder in map(Path, sys.argv[1:]):
            for one in bring_in(member, folder):
                verdict = "in" if one.taken else f"{one.code} at {one.place!r}: {one.reason[:110]}"
                print(f"{folder.name}/{one.name}: {verdict}")


if __name__ == "__main__":
    main()
