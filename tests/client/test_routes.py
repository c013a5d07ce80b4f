"""Every route that the API describes has a method of the client, which asks as it is described."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import httpx
import pytest

from ledger.client import AsyncClient, Client
from ledger.client.calls import Calls
from ledger.client.events import Following, following
from ledger.client.flows import Listing, listing, method
from ledger.client.transport import Call
from ledger.errors import DocumentError

ANSWERS = {"/v1/sign-in/nonce": {"message": "sign this"}}
"""What is answered to requests that are followed by others."""

ELSEWHERE = {"cursor", "fields"}
"""Parameters that links bring, and no caller; and what would leave out what types promise."""

ACTS = {
    "append_entry": "/v1/assets/{asset_id}/entries",
    "append_to_organisation": "/v1/organisations/{organisation}/entries",
    "append_to_world": "/v1/worlds/{world_id}/entries",
    "append_to_ledger": "/v1/ledger/entries",
}
"""The methods that append to subjects, and where."""


@dataclass(frozen=True)
class Asked:
    """A request that a method of the client makes when all that it takes is given to it."""

    method: str
    call: Call


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    return [Asked(name, call) for name, made in offered() for call in calls(made)]


def offered() -> Iterator[tuple[str, Callable[..., Any]]]:
    """The client's methods, as what makes their requests."""
    for name in dir(Calls):
        found = inspect.getattr_static(Calls, name)
        if isinstance(found, method):
            yield name, found.flow
        elif isinstance(found, listing):
            yield name, found.listed
        elif isinstance(found, following):
            yield name, found.followed


def calls(made: Callable[..., Any]) -> Iterator[Call]:
    """What a method asks, with a value for each of its parameters."""
    hints = get_type_hints(made)
    names = inspect.signature(made).parameters
    flow = made(**{name: sample(name, hints[name]) for name in names})
    if isinstance(flow, Following):
        yield flow.call()
        return
    if isinstance(flow, Listing):
        flow = flow.fetch(flow.params)
    call = next(flow)
    yield call
    while call.path in ANSWERS:
        request = httpx.Request(call.method, f"http://ledger{call.path}")
        call = flow.send(httpx.Response(201, json=ANSWERS[call.path], request=request))
        yield call


def sample(name: str, hint: Any) -> Any:
    """A value that a parameter takes."""
    if name == "bodies":
        return [b"{}"]
    if name == "sign":
        return lambda text: f"signed {text}"
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    kind = get_origin(kinds[0]) or kinds[0]
    values: dict[Any, Any] = {
        bytes: b'{"a":1}',
        bool: True,
        Sequence: ["one"],
        str: f"a-{name}",
        int: 7,
        float: 7.0,
        Callable: lambda: iter([b"{}\n"]),
    }
    return values[kind]


def routes(described: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in described["paths"].items():
        for verb, operation in methods.items():
            yield verb.upper(), path, operation


def route_of(described: Mapping[str, Any], call: Call) -> str | None:
    """The route that a request is for; one without parameters comes first."""
    found = [
        path
        for verb, path, _ in routes(described)
        if verb == call.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), call.path)
    ]
    return min(found, key=lambda path: path.count("{"), default=None)


def test_every_route_has_a_method(described: Mapping[str, Any], asked: list[Asked]) -> None:
    reached = {(each.call.method, route_of(described, each.call)) for each in asked}
    missing = {(verb, path) for verb, path, _ in routes(described)} - reached
    assert not missing, f"the client cannot ask {sorted(missing)}"


def test_every_method_asks_what_there_is(described: Mapping[str, Any], asked: list[Asked]) -> None:
    assert not [each for each in asked if route_of(described, each.call) is None]


def test_every_parameter_of_a_query_can_be_given_and_no_other(
    described: Mapping[str, Any], asked: list[Asked]
) -> None:
    given: dict[tuple[str, str | None], set[str]] = {}
    for each in asked:
        key = each.call.method, route_of(described, each.call)
        given.setdefault(key, set()).update(each.call.params)
    for verb, path, operation in routes(described):
        told = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"}
        assert given[verb, path] == told - ELSEWHERE, f"{verb} {path}"


@pytest.mark.parametrize("name", ACTS)
def test_everything_that_can_be_said_can_be_said_with_the_client(
    described: Mapping[str, Any], name: str
) -> None:
    append = inspect.getattr_static(Calls, name).flow
    told = set(inspect.signature(append).parameters)
    content = described["paths"][ACTS[name]]["post"]["requestBody"]["content"]["application/json"]
    variants = list(_variants(described, content["schema"]["$ref"]))
    kinds = {one["properties"]["kind"]["const"] for one in variants}
    for one in variants:
        assert set(one["properties"]) <= told, one["title"]
    examples = [one["value"] for one in content["examples"].values()]
    assert {one["kind"] for one in examples} == kinds
    subject = [] if name == "append_to_ledger" else ["0x00"]
    for value in examples:
        members = dict(value)
        call = next(append(*subject, members.pop("kind"), **members))
        assert json.loads(call.body) == value


def _variants(described: Mapping[str, Any], reference: str) -> Iterator[Mapping[str, Any]]:
    schema = described["components"]["schemas"][reference.rsplit("/", 1)[1]]
    if "properties" in schema:
        yield schema
        return
    for one in schema["oneOf"]:
        yield from _variants(described, one["$ref"])


def test_both_clients_have_the_same_methods() -> None:
    names = {name for name, _ in offered()}
    assert len(names) > 60
    for client in (Client, AsyncClient):
        assert names <= set(dir(client))
    with Client("http://127.0.0.1:1") as client:
        for name in names:
            assert getattr(client, name).__doc__, name


def test_text_that_is_no_document_never_becomes_a_body() -> None:
    with Client("http://127.0.0.1:1") as client, pytest.raises(DocumentError):
        client.publish_schema(b'{"a":1},"replaces":"0x00"')


def test_the_client_brings_neither_web3_nor_pandas() -> None:
    code = (
        "import ledger.client, ledger.client.frames, sys;"
        " print({'web3', 'pandas', 'sqlmodel', 'fastapi'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"
