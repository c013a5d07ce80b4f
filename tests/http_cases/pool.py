"""What is there to be asked for: without it, nearly all that is drawn asks for what is not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, Final, TypeAlias

Ask: TypeAlias = Callable[..., Any]
"""Method, path and body of a request; gives the answer's body."""

Pool: TypeAlias = dict[str, list[Any]]
"""Path parameters, and values that stand for something."""

_MANY: Final = 3
_drawn = count()


def fill(ask: Ask, org: str) -> Pool:
    """Make an organisation a few of everything, and tell what they are called."""
    some = range(_MANY)
    name = org[2:12]
    assets = [
        ask("POST", "/v1/assets", {"serial": f"{name}-{n}", "document": {"number": n}})
        for n in some
    ]
    schemas = [_publish(ask, "schemas", f"{name}-{n}") for n in some]
    worlds = [_publish(ask, "worlds", f"{name}-{n}") for n in some]
    hooks = [
        ask("POST", "/v1/webhooks", {"url": f"https://drawn.invalid/{n}", "after": "0.0"})["id"]
        for n in some
    ]
    issued = {"kind": "credential_issued", "schema": schemas[0], "document": {"site": name}}
    ask("POST", f"/v1/organisations/{org}/entries", issued)
    for hook in hooks:
        ask("POST", f"/v1/webhooks/{hook}/test", None)
    tests = ask("GET", f"/v1/webhooks/{hooks[0]}/deliveries", None)["items"]
    return {
        "asset_id": [one["id"] for one in assets],
        "content_hash": [one["content_hash"] for one in assets],
        "organisation": [org],
        "organisation_id": [org],
        "schema_id": schemas,
        "world_id": worlds,
        "webhook": hooks,
        "delivery": [one["id"] for one in tests],
        "credential": _ids(ask, f"/v1/credentials?holder={org}"),
        "operation_id": _ids(ask, "/v1/operations"),
        "key": [ask("POST", "/v1/keys", {"roles": ["reader"]})["key"] for _ in some],
        "position": [0],
    }


def _publish(ask: Ask, what: str, name: str) -> str:
    return str(ask("POST", f"/v1/{what}", {"document": {"title": name, "name": name}})["id"])


def _ids(ask: Ask, path: str) -> list[str]:
    return [one["id"] for one in ask("GET", path, None)["items"]]


def point(parameters: dict[str, Any], pool: Pool) -> bool:
    """Have every other request be about what is there, and say whether this one is."""
    number = next(_drawn)
    named = [name for name in parameters if pool.get(name)]
    if number % 2 or not named:
        return False
    for name in named:
        parameters[name] = pool[name][number // 2 % len(pool[name])]
    return True
