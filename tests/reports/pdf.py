"""Reads of a PDF what PDF/A-2u asks for: objects, streams, and what they name. No validator.

ISO 19005-2 has some hundred rules; here are those that a typesetter could break without its pages
looking any different.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from xml.etree import ElementTree

FORBIDDEN = ("Encrypt", "JavaScript", "JS", "Launch", "AA", "LZWDecode", "EmbeddedFile", "Movie")
_PDFA = "{http://www.aiim.org/pdfa/ns/id/}"
_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_STREAM = re.compile(rb"(.*?)\nstream\n(.*)\nendstream", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Thing:
    """An object: what its dictionary says, and the bytes of its stream, unpacked."""

    text: str
    stream: bytes | None

    def is_a(self, kind: str) -> bool:
        return re.search(rf"/Type ?/{kind}\b", self.text) is not None

    def reference(self, name: str) -> int | None:
        found = re.search(rf"/{name} ?\[?(\d+) 0 R", self.text)
        return None if found is None else int(found[1])


class Pdf:
    """A PDF whose objects stand one by one, as those that we print do."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.things = {int(one[1]): _read(one[2]) for one in _OBJECT.finditer(raw)}
        self.trailer = raw[raw.rindex(b"trailer") :].decode("latin-1")

    def all_of(self, kind: str) -> list[Thing]:
        return [one for one in self.things.values() if one.is_a(kind)]

    def get(self, thing: Thing, name: str) -> Thing:
        number = thing.reference(name)
        assert number is not None, f"no {name} in {thing.text}"
        return self.things[number]


def _read(body: bytes) -> Thing:
    found = _STREAM.fullmatch(body)
    if found is None:
        return Thing(body.decode("latin-1"), None)
    text = found[1].decode("latin-1")
    is_packed = "/FlateDecode" in text
    return Thing(text, zlib.decompress(found[2]) if is_packed else found[2])


def characters(pdf: Pdf) -> set[str]:
    """All characters that the fonts' glyphs are said to be (ToUnicode)."""
    found = set()
    for font in pdf.all_of("Font"):
        if "/Type0" in font.text:
            told = pdf.get(font, "ToUnicode").stream or b""
            for _, text in re.findall(rb"<([0-9A-Fa-f]+)> *<([0-9A-Fa-f]+)>", told):
                found |= set(bytes.fromhex(text.decode()).decode("utf-16-be"))
    return found


def assert_pdf_a(raw: bytes) -> Pdf:
    """See that it is what PDF/A-2u asks for, as far as is looked at here."""
    pdf = Pdf(raw)
    _assert_file(pdf)
    [catalogue] = pdf.all_of("Catalog")
    _assert_metadata(pdf.get(catalogue, "Metadata"))
    _assert_colours(pdf, catalogue)
    _assert_fonts(pdf)
    for name in FORBIDDEN:
        assert not any(re.search(rf"/{name}\b", one.text) for one in pdf.things.values()), name
    return pdf


def _assert_file(pdf: Pdf) -> None:
    """6.1.2 to 6.1.4: it says that it is binary, names itself, and where its objects stand."""
    assert re.match(rb"%PDF-1\.[0-7]\n%[\x80-\xff]{4}", pdf.raw)
    assert re.search(r"/ID ?\[\s*(\(.*?\)|<.*?>)\s*(\(.*?\)|<.*?>)\s*\]", pdf.trailer)
    assert pdf.raw.rstrip(b"\r\n").endswith(b"%%EOF")
    assert int(pdf.trailer.split("startxref")[1].split()[0]) == pdf.raw.index(b"\nxref") + 1
    places = re.findall(rb"(\d{10}) \d{5} n", pdf.raw)
    assert len(places) == len(pdf.things)
    assert all(re.match(rb"\s*\d+ 0 obj", pdf.raw[int(at) :]) for at in places)


def _assert_metadata(metadata: Thing) -> None:
    """6.6.2 and 6.6.4: XMP that everybody can read says which standard it is."""
    assert "/Filter" not in metadata.text
    assert metadata.stream is not None
    told = ElementTree.fromstring(metadata.stream)  # noqa: S314 - what we printed ourselves
    parts = {one.tag: one.text for one in told.iter() if one.tag.startswith(_PDFA)}
    assert (parts[f"{_PDFA}part"], parts[f"{_PDFA}conformance"]) == ("2", "U")


def _assert_colours(pdf: Pdf, catalogue: Thing) -> None:
    """6.2.3: one output intent, whose colour profile is within."""
    number = catalogue.reference("OutputIntents")
    assert number is not None
    listed = pdf.things[number]
    [intent] = [pdf.things[int(one)] for one in re.findall(r"(\d+) 0 R", listed.text)]
    assert "/GTS_PDFA1" in intent.text
    profile = pdf.get(intent, "DestOutputProfile")
    assert profile.stream is not None
    assert (profile.stream[16:20], profile.stream[36:40]) == (b"RGB ", b"acsp")
    assert "/N 3" in profile.text


def _assert_fonts(pdf: Pdf) -> None:
    """6.2.11.4 and 6.2.11.7.2: every font is within, and says which characters its glyphs are."""
    fonts = pdf.all_of("Font")
    whole = [font for font in fonts if "/Type0" in font.text]
    below = [font for font in fonts if "/CIDFontType" in font.text]
    assert len(whole) == len(below) == len(fonts) / 2 > 0
    for font in whole:
        assert b"begincmap" in (pdf.get(font, "ToUnicode").stream or b"")
    for font in below:
        descriptor = pdf.get(font, "FontDescriptor")
        assert re.search(r"/FontName ?/[A-Z]{6}\+", descriptor.text)
        files = [
            pdf.things[int(one)] for one in re.findall(r"/FontFile[23]? (\d+)", descriptor.text)
        ]
        assert len(files) == 1
        assert files[0].stream
