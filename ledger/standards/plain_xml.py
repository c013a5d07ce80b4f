"""Reads XML that strangers wrote: no document type, so no entities, and nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from xml.parsers import expat

from ledger.standards.files import BrokenFile, broken

_DEEPEST: Final = 256
_SEPARATOR: Final = "}"


class Element(NamedTuple):
    """An element that began: its namespace, its local name, its attributes, and how deep it is."""

    namespace: str
    name: str
    attributes: Mapping[str, str]
    depth: int


class _Stop(Exception):
    """What ends the parser from inside; says why."""


def read_elements(raw: bytes, part: str, *, most: int) -> Iterator[Element]:
    """The first `most` elements of an XML document, which is parsed to its end all the same.

    Raises:
        BrokenFile: it is not well formed, has a document type, or nests too deeply; names line
            and column.
    """
    found: list[Element] = []
    depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise _Stop(f"it is nested deeper than {_DEEPEST} levels")
        if len(found) < most:
            namespace, _, local = name.rpartition(_SEPARATOR)
            found.append(Element(namespace, local, attributes, depth))

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    def forbid(*_: object) -> None:
        raise _Stop("it has a document type, by which entities come in")

    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = forbid
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(raw, True)
    except _Stop as stop:
        place = f"line {parser.CurrentLineNumber}, column {parser.CurrentColumnNumber + 1}"
        raise _at(part, f"{stop} ({place})") from None
    except expat.ExpatError as error:
        told = expat.errors.messages.get(error.code, "unknown fault")
        place = f"line {error.lineno}, column {error.offset + 1}"
        raise _at(part, f"it is not well formed: {told} ({place})") from None
    except (ValueError, LookupError) as error:  # of its encoding
        raise _at(part, f"its encoding cannot be read: {error}") from None
    return iter(found)


def _at(part: str, reason: str) -> BrokenFile:
    return broken(f"/{part}", reason)
