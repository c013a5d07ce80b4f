"""AASX packages (IDTA-01005, over OPC, ISO/IEC 29500-2): sound archives, related as they say."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from ledger.documents.canonical import load_value
from ledger.errors import DocumentError
from ledger.standards.files import Readable, broken
from ledger.standards.packages import Bounds, Package
from ledger.standards.plain_xml import read_elements

_XML_MOST: Final = 64 * 1024 * 1024
_ELEMENTS: Final = 20_000
_TYPES: Final = "[Content_Types].xml"
_ROOT: Final = "_rels/.rels"
_RELATIONSHIPS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_CONTENT_TYPES: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
_PREFIXES: Final = (
    "http://admin-shell.io/aasx/relationships/",
    "http://www.admin-shell.io/aasx/relationships/",
)
_SHELLS: Final = ("environment", "aasenv")
"""The root elements of version 3, and of those before."""


@dataclass(frozen=True, slots=True)
class _Relationship:
    """What a part is related to, in which way; `target` is None where it is outside."""

    part: str
    id: str
    type: str
    target: str | None

    def means(self, word: str) -> bool:
        return self.type in [prefix + word for prefix in _PREFIXES]


def verify_aasx(file: Readable, size: int, bounds: Bounds | None = None) -> None:
    """See that a package is sound and has a shell.

    1. The archive is within its bounds, and every part can be unpacked.
    2. Content types and relationships are XML without entities; no relationship leads to nowhere.
    3. The root has an origin, the origin specifications, each an environment in XML or JSON.

    Raises:
        BrokenFile: one of these fails; names the part.
    """
    package = Package(file, size, bounds)
    _verify_types(package)
    related = [one for name in package.names for one in _read_relationships(package, name)]
    names = {name.lower(): name for name in package.names}
    for one in related:
        if one.target is not None and one.target.lower() not in names:
            reason = f"the relationship {one.id} leads to /{one.target}, which is not there"
            raise broken(f"/{one.part}", reason)
    origin = _one_target(related, _ROOT, "aasx-origin")
    specifications = _find(related, _rels_of(origin), ("aas-spec", "aas-spec-split"))
    if not specifications:
        raise broken(f"/{_rels_of(origin)}", "the origin has no relationship aas-spec")
    for target in specifications:
        _verify_environment(package, names[target.lower()])


def _verify_types(package: Package) -> None:
    if _TYPES not in package.names:
        raise broken(f"/{_TYPES}", "it is missing")
    elements = list(read_elements(package.read(_TYPES, _XML_MOST), _TYPES, most=_ELEMENTS))
    if (elements[0].namespace, elements[0].name) != (_CONTENT_TYPES, "Types"):
        raise broken(f"/{_TYPES}", f"its root is {elements[0].name}, not Types of OPC")


def _read_relationships(package: Package, name: str) -> Iterator[_Relationship]:
    folder, _, file = name.rpartition("/")
    if not file.endswith(".rels") or posixpath.basename(folder) != "_rels":
        return
    source = posixpath.dirname(folder)
    seen: set[str] = set()
    elements = list(read_elements(package.read(name, _XML_MOST), name, most=_ELEMENTS))
    if (elements[0].namespace, elements[0].name) != (_RELATIONSHIPS, "Relationships"):
        raise broken(f"/{name}", f"its root is {elements[0].name}, not Relationships of OPC")
    for element in elements[1:]:
        told = element.attributes
        id, target = told.get("Id", ""), told.get("Target")
        if element.name != "Relationship" or target is None or not told.get("Type"):
            raise broken(
                f"/{name}", f"{element.name} {id!r} is no relationship with type and target"
            )
        if not id or id in seen:
            raise broken(f"/{name}", f"the Id {id!r} is missing, or stands twice")
        seen.add(id)
        is_inside = told.get("TargetMode", "Internal") == "Internal"
        found = _resolve(name, id, source, target) if is_inside else None
        yield _Relationship(name, id, told["Type"], found)


def _resolve(part: str, id: str, source: str, target: str) -> str:
    """The part that a target names (RFC 3986, 5.2); it may not lead out of the package."""
    try:
        split = urlsplit(target)
    except ValueError:
        raise broken(f"/{part}", f"the relationship {id} has no URI as its target") from None
    if split.scheme or split.netloc:
        raise broken(f"/{part}", f"the relationship {id} leads out of the package: {target[:100]}")
    steps: list[str] = (
        [] if split.path.startswith("/") else [one for one in source.split("/") if one]
    )
    for step in unquote(split.path).split("/"):
        if step == ".." and not steps:
            raise broken(
                f"/{part}", f"the relationship {id} leads out of the package: {target[:100]}"
            )
        if step == "..":
            steps.pop()
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


def _rels_of(part: str) -> str:
    folder, _, file = part.rpartition("/")
    return f"{folder}/_rels/{file}.rels" if folder else f"_rels/{file}.rels"


def _find(related: list[_Relationship], part: str, words: tuple[str, ...]) -> list[str]:
    return [
        one.target
        for one in related
        if one.part.lower() == part.lower()
        and one.target is not None
        and any(one.means(word) for word in words)
    ]


def _one_target(related: list[_Relationship], part: str, word: str) -> str:
    found = _find(related, part, (word,))
    if len(found) != 1:
        raise broken(f"/{part}", f"it has {len(found)} relationships {word}, and must have one")
    return found[0]


def _verify_environment(package: Package, name: str) -> None:
    raw = package.read(name, _XML_MOST)
    if name.lower().endswith(".json"):
        _verify_json(raw, name)
        return
    [root, *_] = read_elements(raw, name, most=1)
    if root.name not in _SHELLS:
        raise broken(f"/{name}", f"its root is {root.name}, not an environment of shells")


def _verify_json(raw: bytes, name: str) -> None:
    try:
        value = load_value(raw, field=name)
    except DocumentError as error:
        raise broken(f"/{name}", str(error.fields["reason"])) from None
    if not isinstance(value, dict):
        raise broken(f"/{name}", "it is no environment of shells: the top must be an object")
