"""A report on paper: PDF/A, the same bytes for the same report, Chinese names as they are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.documents.canonical import canonical
from ledger.reports import paper
from ledger.reports.paper import NoTypesetter, print_pages, print_paper
from tests.reports.ledger import Called
from tests.reports.pdf import Thing, assert_pdf_a, characters


@pytest.fixture
def raw(reported: Path) -> bytes:
    return (reported / "report.json").read_bytes()


def titled(raw: bytes, title: str) -> bytes:
    value = json.loads(raw)
    value["report"]["title"] = title
    return canonical(value)


def test_the_same_report_gives_the_same_bytes_in_any_process(raw: bytes, reported: Path) -> None:
    pdf = print_paper(raw)
    program = (
        "import sys, pathlib; from ledger.reports.paper import print_paper;"
        "sys.stdout.buffer.write(print_paper(pathlib.Path(sys.argv[1]).read_bytes()))"
    )
    command = [sys.executable, "-c", program, str(reported / "report.json")]
    again = subprocess.run(command, capture_output=True, check=True, cwd=Path.cwd())
    assert again.stdout == pdf
    assert print_paper(titled(raw, "another")) != pdf


def test_it_is_what_pdf_a_asks_for_and_has_its_fonts_within(raw: bytes) -> None:
    pdf = print_paper(raw)
    found = assert_pdf_a(pdf)
    names = re.findall(r"/FontName ?/[A-Z]{6}\+([\w-]+)", "".join(map(told, found.things.values())))
    assert set(names) == {"NotoSansSC-Regular"}
    assert "年度审计报告".encode() in pdf, "in its metadata"
    assert set("年度审计报告立信会计师事务所") <= characters(found), "what is drawn can be searched"


def told(thing: Thing) -> str:
    return thing.text


@pytest.mark.parametrize("standards", [[], ["1.7"], ["a-2b"], ["a-3u"]])
def test_what_is_no_pdf_a_2u_would_be_found_out(raw: bytes, standards: list[str]) -> None:
    other = paper._compiler(raw).compile(format="pdf", pdf_standards=standards, timestamp=0)
    with pytest.raises((AssertionError, ValueError, KeyError)):
        assert_pdf_a(other)


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (rb"/ToUnicode \d+ 0 R", b""),
        (rb"/FontFile[23] \d+ 0 R", b""),
        (rb"/DestOutputProfile \d+ 0 R", b""),
        (rb"/OutputIntents \d+ 0 R", b""),
        (rb"/ID\[[^\]]*\]", b""),
        (rb"%\x80{4}", b"%abcd"),
        (rb"<pdfaid:part>2", b"<pdfaid:part>1"),
        (rb"/MarkInfo<<.*?>>", b"/AA 1 0 R"),
        (rb"\nxref\n", b"\nxxxx\n"),
        (rb"%%EOF", b"%%EOF\nmore"),
    ],
)
def test_a_pdf_that_was_spoilt_is_found_out(raw: bytes, part: bytes, other: bytes) -> None:
    """What is left out leaves blanks, so that all else stands where it stood."""
    pdf = print_paper(raw)
    spoilt = re.sub(part, lambda found: other.ljust(len(found[0])), pdf, count=1)
    assert spoilt != pdf
    with pytest.raises((AssertionError, ValueError)):
        assert_pdf_a(spoilt)


def test_its_date_is_the_requests_and_not_todays(raw: bytes) -> None:
    value = json.loads(raw)
    value["report"]["asked"]["at"] = 951_782_400
    pdf = print_paper(canonical(value))
    assert b"2000-02-29" in pdf
    assert b"D:20000229" in pdf


def test_chinese_names_are_drawn_and_each_differently(raw: bytes) -> None:
    """What a font lacks is drawn as one and the same box."""
    pages = [print_pages(titled(raw, title))[0] for title in ("机床", "轴承", "机床")]
    assert pages[0] == pages[2] != pages[1]
    assert pages[0].startswith(b"\x89PNG")


@pytest.mark.parametrize("odd", ["😀", "عربي", "\ue000", "#[*x*] $y$ \\ _ @a <b>", "\t\n", "'\"`"])
def test_characters_that_the_font_lacks_are_named(raw: bytes, odd: str) -> None:
    """An emoji in a serial made a report that could not be printed."""
    assert print_paper(titled(raw, odd)).startswith(b"%PDF-1.7")


def test_the_verb_prints_it(
    raw: bytes, reported: Path, tmp_path: Path, verb: Callable[..., Called]
) -> None:
    done = verb("audit", "print", reported, "-o", tmp_path / "report.pdf", "--json")
    assert (done.code, done.value["size"]) == (0, len(print_paper(raw)))
    assert (tmp_path / "report.pdf").read_bytes() == print_paper(raw)


@pytest.fixture
def _nothing_remembered() -> Iterator[None]:
    paper._typesetter.cache_clear()
    yield
    paper._typesetter.cache_clear()


@pytest.mark.usefixtures("_nothing_remembered")
def test_what_is_not_installed_is_named(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(NoTypesetter, match="typst") as missing:
        print_paper(raw)
    assert "report.txt" in str(missing.value.advice)
