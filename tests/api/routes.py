"""Every route that the API describes, and requests to each that are about somebody's things."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_HEX: Final = re.compile(r"0x([0-9a-fA-F]{40}|[0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: its method, its route as it is described, and what is asked."""

    method: str
    route: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def said(self) -> str:
        """All that whoever asks knows already."""
        return f"{self.path} {' '.join(self.query.values())} {self.body}"


class NoValue(AssertionError):
    """The victim has nothing for a path's parameter: give it one of these things."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Requests to all routes of `described` (OpenAPI 3.1), about the things in `pool`.

    Each parameter takes all values of the pool that its schema takes, so that a new route is
    walked without being named here.
    """

    described: Mapping[str, Any]
    pool: Sequence[str]

    def reads(self) -> Iterator[Ask]:
        """Each GET about each of the things, without a query."""
        for route, operation in self._operations("get"):
            for path in self._paths(route, operation):
                yield Ask("get", route, path)

    def queries(self, ask: Ask) -> Iterator[Ask]:
        """The same read with each parameter of its query, one at a time."""
        operation = self.described["paths"][ask.route]["get"]
        for one in _parameters(operation, "query"):
            if one["name"] == "cursor":
                continue
            for value in self._values(one["schema"]):
                yield Ask("get", ask.route, ask.path, {one["name"]: value})

    def writes(self) -> Iterator[Ask]:
        """Each other method about each of the things, with each example as its body.

        Whatever in an example names a thing names one of the pool's instead.
        """
        for method in _METHODS[1:]:
            for route, operation in self._operations(method):
                for path in self._paths(route, operation):
                    for body in self._bodies(operation):
                        yield Ask(method, route, path, body=body)

    def _operations(self, method: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for route, methods in self.described["paths"].items():
            if method in methods:
                yield route, methods[method]

    def _paths(self, route: str, operation: Mapping[str, Any]) -> Iterator[str]:
        found = []
        for one in _parameters(operation, "path"):
            values = self._values(one["schema"])
            if not values:
                raise NoValue(f"{route}: nothing in the pool can be its {one['name']}")
            found.append([(one["name"], value) for value in values])
        for chosen in product(*found):
            path = route
            for name, value in chosen:
                path = path.replace(f"{{{name}}}", value)
            yield path

    def _values(self, schema: Mapping[str, Any]) -> list[str]:
        if "anyOf" in schema:
            return [value for one in schema["anyOf"] for value in self._values(one)]
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return self._values(self.described["components"]["schemas"][name])
        if "enum" in schema:
            return [str(value) for value in schema["enum"]]
        match schema.get("type"):
            case "boolean":
                return ["true", "false"]
            case "integer":
                return [value for value in self.pool if value.isdigit()]
            case "array":
                return self._values(schema["items"])
            case "string":
                pattern, most = schema.get("pattern", ""), schema.get("maxLength", 10**6)
                return [one for one in self.pool if re.search(pattern, one) and len(one) <= most]
        return []

    def _bodies(self, operation: Mapping[str, Any]) -> Iterator[Any]:
        if "requestBody" not in operation:
            yield None
            return
        for content in operation["requestBody"]["content"].values():
            for example in content["examples"].values():
                yield example["value"]
                for name in self.pool:
                    if (changed := _name(example["value"], name)) != example["value"]:
                        yield changed


def _parameters(operation: Mapping[str, Any], place: str) -> list[Mapping[str, Any]]:
    return [one for one in operation.get("parameters", ()) if one["in"] == place]


def _name(value: Any, name: str) -> Any:
    """The value, with `name` in place of whatever names a thing of its sort."""
    match value:
        case dict():
            return {key: _name(one, name) for key, one in value.items()}
        case list():
            return [_name(one, name) for one in value]
        case str() if _HEX.fullmatch(value) and _HEX.fullmatch(name) and len(value) == len(name):
            return name
        case str() if value.startswith("did:") and name.startswith("did:"):
            return name
    return value
