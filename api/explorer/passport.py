"""A document as people read it: labels, values, groups within groups."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

_TITLES: Final = (
    "name",
    "title",
    "productName",
    "nameAtManufacturer",
    "manufacturerPartName",
    "modelName",
    "partName",
    "nameOfProduct",
    "nameAtCustomer",
)
_SUMMARIES: Final = ("summary", "title", "description", "event", "reason", "note", "bizStep")
_LONGEST_TITLE: Final = 120
_LONGEST_SUMMARY: Final = 280


@dataclass(frozen=True, slots=True)
class Node:
    """A named part of a document: `text`, or `children`, or neither where it is empty.

    `name` is the document's own word, `label` the same for reading; an `item` is one of a list
    and has its number for a name.
    """

    name: str
    label: str
    text: str | None = None
    children: tuple[Node, ...] = ()
    quiet: bool = False
    item: bool = False

    @property
    def size(self) -> int:
        """How many lines it takes to show."""
        return 1 + sum(child.size for child in self.children)


class _Number(str):
    """A number as the document writes it."""

    __slots__ = ()


def read_document(raw: bytes) -> Any:
    """A stored document's value, its numbers as they were written."""
    return json.loads(raw, parse_int=_Number, parse_float=_Number)


def lay_out(document: dict[str, Any]) -> tuple[Node, ...]:
    """The document's fields, in its own order."""
    return tuple(_node(name, value) for name, value in document.items())


def find_title(document: Any) -> str | None:
    """What the document calls its asset, if it says so near its top."""
    return _find_text(document, _TITLES, depth=3, longest=_LONGEST_TITLE)


def find_summary(document: Any) -> str | None:
    """What the document says in a line, if it does."""
    return _find_text(document, _SUMMARIES, depth=2, longest=_LONGEST_SUMMARY)


def humanise(name: str) -> str:
    """A field's name as words: `manufacturerPartId` becomes `Manufacturer part id`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_\-]+", " ", name)
    words = [word if word.isupper() else word.lower() for word in spaced.split()]
    text = " ".join(words) or name
    return text[:1].upper() + text[1:]


def _node(name: str, value: Any) -> Node:
    label = humanise(name)
    match value:
        case dict() if value and set(value) <= {"value", "unit"} and "value" in value:
            if not isinstance(value["value"], dict | list):
                return Node(name, label, _measure(value))
            return _group(name, label, value)
        case dict():
            return _group(name, label, value)
        case list() if value and not any(isinstance(each, dict | list) for each in value):
            return Node(name, label, " · ".join(_text(each) for each in value))
        case list():
            return _items(name, label, value)
        case _:
            return Node(name, label, _text(value), quiet=value is None)


def _group(name: str, label: str, value: dict[str, Any]) -> Node:
    if not value:
        return Node(name, label, "empty", quiet=True)
    return Node(name, label, children=lay_out(value))


def _items(name: str, label: str, value: list[Any]) -> Node:
    if not value:
        return Node(name, label, "none", quiet=True)
    nodes = [_node(str(at), each) for at, each in enumerate(value, 1)]
    if len(nodes) == 1 and nodes[0].children:
        return Node(name, label, children=nodes[0].children)
    return Node(name, label, children=tuple(replace(node, item=True) for node in nodes))


def _measure(value: dict[str, Any]) -> str:
    return " ".join(_text(value[part]) for part in ("value", "unit") if value.get(part) is not None)


def _text(value: object) -> str:
    match value:
        case None:
            return "not given"
        case bool():
            return "yes" if value else "no"
    return str(value)


def _find_text(value: Any, names: tuple[str, ...], *, depth: int, longest: int) -> str | None:
    for level in _levels(value, depth):
        for name in names:
            found = level.get(name)
            if isinstance(found, str) and not isinstance(found, _Number) and found.strip():
                text = found.strip()
                return text if len(text) <= longest else text[: longest - 1] + "…"
    return None


def _levels(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    """Objects within `value`, the outer ones first, through objects only."""
    waiting = [(value, depth)]
    while waiting:
        found, left = waiting.pop(0)
        if isinstance(found, dict):
            yield found
            if left > 1:
                waiting += [(child, left - 1) for child in found.values()]
