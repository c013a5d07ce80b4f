"""Small files of our own, sound ones and broken ones, and what is said of each broken one."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any, Final

GLB: Final = "model/gltf-binary"
GLTF: Final = "model/gltf+json"
STL: Final = "model/stl"
STEP: Final = "model/step"
AASX: Final = "application/asset-administration-shell-package+xml"

_PREFIX: Final = "http://admin-shell.io/aasx/relationships/"
_OPC: Final = "http://schemas.openxmlformats.org/package/2006/"


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that is refused: with which problem, and which words its errors or detail have."""

    media_type: str
    raw: bytes
    code: str
    path: str
    reason: str


def glb(document: dict[str, Any] | None = None, binary: bytes = b"") -> bytes:
    """A GLB of this JSON and these bytes, both padded (glTF 2.0, 4.4)."""
    text = json.dumps(document or {"asset": {"version": "2.0"}}).encode()
    chunks = _chunk(b"JSON", text + b" " * (-len(text) % 4))
    if binary:
        chunks += _chunk(b"BIN\0", binary + b"\0" * (-len(binary) % 4))
    return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks


def _chunk(kind: bytes, raw: bytes) -> bytes:
    return struct.pack("<I", len(raw)) + kind + raw


def triangle() -> bytes:
    """A GLB of one triangle."""
    corners = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)
    return glb(
        {
            "asset": {"version": "2.0"},
            "buffers": [{"byteLength": 36}],
            "bufferViews": [{"buffer": 0, "byteLength": 36, "target": 34962}],
            "accessors": [
                {
                    "bufferView": 0,
                    "componentType": 5126,
                    "count": 3,
                    "type": "VEC3",
                    "min": [0, 0, 0],
                    "max": [1, 1, 0],
                }
            ],
            "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
            "nodes": [{"mesh": 0}],
            "scenes": [{"nodes": [0]}],
            "scene": 0,
        },
        corners,
    )


def binary_stl(count: int = 2, corner: float = 1.0) -> bytes:
    """A binary STL of so many triangles."""
    one = struct.pack("<12f", 0, 0, 1, 0, 0, 0, corner, 0, 0, 0, 1, 0) + b"\0\0"
    return b"made by a test".ljust(80) + struct.pack("<I", count) + one * count


TEXT_STL: Final = (
    b"solid bracket\n facet normal 0 0 1\n  outer loop\n   vertex 0 0 0\n   vertex 1 0 0\n"
    b"   vertex 0 1 0\n  endloop\n endfacet\nendsolid bracket\n"
)

STEP_FILE: Final = b"""ISO-10303-21;
HEADER;
FILE_DESCRIPTION(('a test''s part; ENDSEC;'),'2;1');
FILE_NAME('part.step','2026-03-01T08:00:00',(''),(''),'','','');
FILE_SCHEMA(('AUTOMOTIVE_DESIGN'));
ENDSEC;
DATA;
#1=CARTESIAN_POINT('',(0.,0.,0.));
ENDSEC;
END-ISO-10303-21;
"""


def png() -> bytes:
    """A picture of one dot."""

    def chunk(kind: bytes, raw: bytes) -> bytes:
        return struct.pack(">I", len(raw)) + kind + raw + struct.pack(">I", zlib.crc32(kind + raw))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    dot = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + dot


PDF: Final = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
JPEG: Final = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9"


def rels(*targets: tuple[str, str], mode: str = "Internal") -> bytes:
    """A part of relationships: of each its word and its target."""
    told = "".join(
        f'<Relationship Type="{_PREFIX}{word}" Target="{target}" Id="R{n}" TargetMode="{mode}"/>'
        for n, (word, target) in enumerate(targets)
    )
    return f'<Relationships xmlns="{_OPC}relationships">{told}</Relationships>'.encode()


def package(**changes: bytes | None) -> dict[str, bytes]:
    """The parts of a sound AASX, but for what is changed (None: left out)."""
    parts: dict[str, bytes | None] = {
        "[Content_Types].xml": f'<Types xmlns="{_OPC}content-types"/>'.encode(),
        "_rels/.rels": rels(("aasx-origin", "/aasx/aasx-origin")),
        "aasx/aasx-origin": b"Intentionally empty.",
        "aasx/_rels/aasx-origin.rels": rels(("aas-spec", "/aasx/pump/pump.aas.xml")),
        "aasx/pump/pump.aas.xml": b'<environment xmlns="https://admin-shell.io/aas/3/0"/>',
        "aasx/pump/_rels/pump.aas.xml.rels": rels(("aas-suppl", "../files/pump.png")),
        "aasx/files/pump.png": png(),
    }
    return {name: raw for name, raw in (parts | changes).items() if raw is not None}


def aasx(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)
    return made.getvalue()


def linking() -> bytes:
    """A package with a symbolic link in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, raw in package().items():
            archive.writestr(name, raw)
        link = zipfile.ZipInfo("aasx/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return made.getvalue()


def changed(raw: bytes, old: bytes, new: bytes) -> bytes:
    """The bytes, with every `old` in them replaced."""
    assert old in raw
    return raw.replace(old, new)


ENTITIES: Final = (
    b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]>'
    b'<environment xmlns="https://admin-shell.io/aas/3/0">&y;</environment>'
)
OUTSIDE: Final = (
    b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<environment xmlns="https://admin-shell.io/aas/3/0">&x;</environment>'
)
_SPEC: Final = "aasx/pump/pump.aas.xml"


def sound() -> dict[str, tuple[str, bytes]]:
    """Files that are taken in, by what they are: media type and bytes."""
    json_spec = {
        "aasx/_rels/aasx-origin.rels": rels(("aas-spec", "/aasx/pump.json")),
        "aasx/pump.json": b'{"assetAdministrationShells": []}',
    }
    return {
        "glb": (GLB, glb()),
        "glb with a triangle": (GLB, triangle()),
        "gltf": (GLTF, b'{"asset": {"version": "2.0"}}'),
        "binary stl": (STL, binary_stl()),
        "stl of no triangles": (STL, binary_stl(0)),
        "text stl": (STL, TEXT_STL),
        "step": (STEP, STEP_FILE),
        "step as text": ("text/plain", STEP_FILE),
        "aasx": (AASX, aasx(package())),
        "aasx, stored": (AASX, aasx(package(), zipfile.ZIP_STORED)),
        "aasx with json": (AASX, aasx(package() | json_spec)),
        "pdf": ("application/pdf", PDF),
        "png": ("image/png", png()),
        "jpeg": ("image/jpeg", JPEG),
        "csv": ("text/csv; charset=utf-8", b"a,b\n1,2\n"),
        "nothing": ("application/octet-stream", b""),
    }


def broken() -> dict[str, Broken]:
    """Files that are refused, by what is wrong with them."""

    def of(media_type: str, raw: bytes, path: str, reason: str) -> Broken:
        return Broken(media_type, raw, "invalid_file", path, reason)

    def other(media_type: str, raw: bytes, found: str) -> Broken:
        return Broken(media_type, raw, "media_type_mismatch", media_type, found)

    def parts(path: str, reason: str, **changes: bytes | None) -> Broken:
        return of(AASX, aasx(package(**changes)), path, reason)

    no_mesh = {"asset": {"version": "2.0"}, "nodes": [{"mesh": 3}], "scenes": [{"nodes": [0]}]}
    return {
        "a glb of zeros": other(GLB, bytes(12), "00 00 00"),
        "a glb cut short": of(GLB, glb()[:-4], "document@", "Unexpected end of chunk data"),
        "a glb without its mesh": of(GLB, glb(no_mesh), "/nodes/0/mesh", "Unresolved reference"),
        "a gltf of version 9": of(GLTF, b'{"asset": {"version": "9.0"}}', "/asset/version", "9"),
        "a gltf that is no json": of(GLTF, b'{"asset": ', "document", "Invalid JSON"),
        "an stl cut short": of(STL, binary_stl()[:-7], "/triangles", "2, 184 bytes in all"),
        "an stl with no numbers": of(STL, binary_stl(2, float("nan")), "/triangles/0", "no number"),
        "a text stl cut short": of(STL, TEXT_STL[:-20], "document", "endsolid"),
        "a text stl without facets": of(STL, b"solid x\nhello\nendsolid x", "/facets/0", "facet"),
        "a step file cut short": of(STEP, STEP_FILE[:-20], "/DATA", "cut short"),
        "a step file without schema": of(
            STEP, changed(STEP_FILE, b"FILE_SCHEMA", b"FILE_NOTHING"), "/HEADER", "FILE_SCHEMA"
        ),
        "a step file without data": of(
            STEP, changed(STEP_FILE, b"\nDATA;", b"\n"), "/DATA", "no data section"
        ),
        "a pdf cut short": of("application/pdf", PDF[:-7], "document", "%%EOF"),
        "a png cut short": of("image/png", png()[:-4], "/IEND", "cut short"),
        "a jpeg cut short": of("image/jpeg", JPEG[:-2], "document", "end of image"),
        "a pdf said to be a picture": other("image/png", PDF, "PDF (application/pdf)"),
        "a glb said to be text": other("text/plain", glb(), "GLB (model/gltf-binary)"),
        "a glb said to be anything": other("application/octet-stream", glb(), "GLB"),
        "a step file said to be stl": other(STL, STEP_FILE, "STEP (model/step)"),
        "a picture said to be a package": other(AASX, png(), "PNG (image/png)"),
        "no package": of(AASX, b"PK\x03\x04" + bytes(60), "document", "no archive"),
        "a package cut short": of(AASX, aasx(package())[:-30], "document", "no archive"),
        "a package without origin": parts(
            "/_rels/.rels", "0 relationships aasx-origin", **{"_rels/.rels": rels()}
        ),
        "a package without content types": parts(
            "/[Content_Types].xml", "missing", **{"[Content_Types].xml": None}
        ),
        "a package without its shell": parts(
            "/aasx/_rels/aasx-origin.rels", "which is not there", **{_SPEC: None}
        ),
        "a package whose shell is another": parts(
            f"/{_SPEC}", "not an environment", **{_SPEC: b"<a/>"}
        ),
        "a package with broken xml": parts(
            f"/{_SPEC}", "mismatched tag (line 1, column 9)", **{_SPEC: b"<a><b></a>"}
        ),
        "a package with entities": parts(f"/{_SPEC}", "entities", **{_SPEC: ENTITIES}),
        "a package that reads files": parts(f"/{_SPEC}", "entities", **{_SPEC: OUTSIDE}),
        "a package that leads out": parts(
            "/../../etc/cron.d/x", "leads out", **{"../../etc/cron.d/x": b"x"}
        ),
        "a package with a root path": parts("//etc/x", "leads out", **{"/etc/x": b"x"}),
        "a package related to the outside": parts(
            "/_rels/.rels",
            "leads out of the package",
            **{"_rels/.rels": rels(("aasx-origin", "/../../../etc/passwd"))},
        ),
        "a package related to a host": parts(
            "/_rels/.rels",
            "leads out of the package",
            **{"_rels/.rels": rels(("aasx-origin", "http://example.com/x"))},
        ),
        "a package with a link": of(AASX, linking(), "/aasx/link", "symbolic link"),
        "a package in a package": parts(
            "/aasx/files/more.zip", "an archive itself", **{"aasx/files/more.zip": aasx(package())}
        ),
        "a bomb": parts("/aasx/files/bomb", "unpack to", **{"aasx/files/bomb": bytes(4_000_000)}),
        "two parts of one name": parts(
            "/AASX/aasx-ORIGIN", "another part", **{"AASX/aasx-ORIGIN": b"x"}
        ),
        "a part that lies about its bytes": of(
            AASX,
            changed(aasx(package(), zipfile.ZIP_STORED), b"Intentionally", b"INTENTIONALLY"),
            "/aasx/aasx-origin",
            "cannot be unpacked",
        ),
    }
