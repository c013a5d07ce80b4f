"""Files are looked into by their format; what is broken is refused with its place, and fast."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import MalformedValue
from ledger.standards import khronos
from ledger.standards.aasx import verify_aasx
from ledger.standards.checking import verify_file
from ledger.standards.files import BrokenFile
from ledger.standards.khronos import ValidatorBounds, ValidatorMissing, verify_gltf
from ledger.standards.media_types import (
    BEGINNING,
    FORMATS,
    WrongMediaType,
    find_format,
    parse_media_type,
    verify_beginning,
)
from ledger.standards.packages import Bounds, Package
from ledger.standards.plain_xml import read_elements
from ledger.standards.step import verify_step
from ledger.standards.stl import verify_stl
from tests import files

SOUND, BROKEN = files.sound(), files.broken()
_ZIP: Final = files.aasx(files.package())


def verify(media_type: str, raw: bytes) -> str | None:
    """What a file is found to be, when it is looked into as an upload is."""
    format = verify_beginning(parse_media_type(media_type), raw[:BEGINNING])
    if format is not None:
        verify_file(format, io.BytesIO(raw), len(raw))
    return format.name if format else None


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_is_taken(name: str) -> None:
    media_type, raw = SOUND[name]
    wanted = find_format(parse_media_type(media_type))
    assert verify(media_type, raw) == (wanted.name if wanted else None)


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_refused_with_its_place(name: str) -> None:
    one = BROKEN[name]
    with pytest.raises((BrokenFile, WrongMediaType)) as refused:
        verify(one.media_type, one.raw)
    error = refused.value
    told = str(error)
    if isinstance(error, BrokenFile):
        told = "; ".join(f"document{path}: {reason}" for path, reason in error.faults)
    assert one.path in told, told
    assert one.reason in told


@pytest.mark.parametrize("given", ["", "model", "model/", "a b/c", "model/stl/x", "ä/b", "/"])
def test_what_is_no_media_type_is_refused(given: str) -> None:
    with pytest.raises(MalformedValue):
        parse_media_type(given)


@settings(max_examples=300)
@given(media_type=st.sampled_from([one.media_types[0] for one in FORMATS]), raw=st.binary())
def test_any_bytes_are_judged(media_type: str, raw: bytes) -> None:
    with suppress(WrongMediaType):  # and nothing else is raised
        found = verify_beginning(media_type, raw)
        assert found is not None
        assert media_type in found.media_types


def _mutations(raw: bytes, seed: int) -> list[bytes]:
    draw = random.Random(seed)  # noqa: S311 - to be drawn again
    found = []
    for _ in range(150):
        copy = bytearray(raw)
        for _ in range(draw.randint(1, 8)):
            at = draw.randrange(len(copy))
            match draw.randrange(3):
                case 0:
                    copy[at] ^= 1 << draw.randrange(8)
                case 1:
                    del copy[at : at + draw.randint(1, 20)]
                case _:
                    copy[at:at] = draw.randbytes(draw.randint(1, 20))
            if not copy:
                break
        found.append(bytes(copy))
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("check", "raw"),
    [
        (verify_aasx, _ZIP),
        (verify_aasx, files.aasx(files.package(), zipfile.ZIP_STORED)),
        (verify_step, files.STEP_FILE),
        (verify_stl, files.TEXT_STL),
        (verify_stl, files.binary_stl()),
    ],
)
def test_whatever_was_done_to_a_file_it_is_taken_or_refused(
    check: Callable[[io.BytesIO, int], None], raw: bytes, seed: int
) -> None:
    for one in _mutations(raw, seed):
        with suppress(BrokenFile):  # and nothing else is raised
            check(io.BytesIO(one), len(one))


@given(st.binary(max_size=300))
def test_whatever_xml_is_it_is_read_or_refused(raw: bytes) -> None:
    with suppress(BrokenFile):  # and nothing else is raised
        assert list(read_elements(raw, "part.xml", most=10))


@pytest.mark.parametrize(
    ("check", "raw"),
    [
        (verify_step, b"ISO-10303-21;HEADER;" + b"DATA(" * 400_000),
        (verify_step, files.STEP_FILE[:-20] + b"SIGNATURE ENDSEC;" * 100_000),
        (verify_step, b"ISO-10303-21;" + b"'" * 2_000_001),
        (verify_step, b"ISO-10303-21;" + b"/*" * 1_000_000),
        (verify_stl, b"solid" + b" x" * 1_000_000),
        (verify_stl, b"solid \n" + b"facet normal " * 200_000),
        (verify_stl, b"solid \n" + b"endsolid " * 200_000),
    ],
)
def test_no_file_takes_long_to_judge(check: Callable[[io.BytesIO, int], None], raw: bytes) -> None:
    begun = time.process_time()
    with suppress(BrokenFile):
        check(io.BytesIO(raw), len(raw))
    assert time.process_time() - begun < 2


# -- archives --------------------------------------------------------------------------------------


def test_bounds_of_parts_and_bytes_hold() -> None:
    raw = files.aasx(files.package())
    for bounds, reason in (
        (Bounds(parts=3), "it has 7 parts"),
        (Bounds(total=200), "all parts have more than 200 bytes"),
        (Bounds(name=10), "its name has"),
        (Bounds(contents=100), "its table of contents"),
    ):
        with pytest.raises(BrokenFile, match=reason):
            Package(io.BytesIO(raw), len(raw), bounds)


def test_a_bomb_that_hides_its_size_is_found_while_it_is_unpacked() -> None:
    raw = bytearray(files.aasx({"a": bytes(8_000_000)}))
    size = struct.pack("<I", 8_000_000)
    lied = bytes(raw).replace(size, struct.pack("<I", 900_000))
    assert lied != raw
    with pytest.raises(BrokenFile, match=r"unpack|is said to have|cannot"):
        Package(io.BytesIO(lied), len(lied))


def test_a_table_of_contents_of_many_parts_is_not_read_into_memory() -> None:
    raw = files.aasx({f"{n:0400}": b"" for n in range(9000)})
    with pytest.raises(BrokenFile, match="its table of contents"):
        Package(io.BytesIO(raw), len(raw), Bounds(contents=1_000_000))


# -- the Khronos validator ------------------------------------------------------------------------


def test_the_validator_is_stopped_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    command = (sys.executable, "-c")
    monkeypatch.setattr(khronos, "find_validator", lambda: command)
    monkeypatch.setattr(
        khronos.subprocess, "Popen", lambda _, **more: _popen([sys.executable, "-c", _SLOW], **more)
    )
    begun = time.monotonic()
    with pytest.raises(BrokenFile, match=r"did not end within 0\.5 s"):
        verify_gltf([b"x" * 1000], ValidatorBounds(seconds=0.5))
    assert time.monotonic() - begun < 10


_SLOW: Final = "import sys, time; sys.stdin.read(); time.sleep(60)"
_popen = subprocess.Popen


def test_without_the_validator_nothing_is_said_to_be_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(khronos, "find_validator", lambda: None)
    with pytest.raises(ValidatorMissing):
        verify_gltf([files.glb()])


def test_what_the_validator_finds_is_told_up_to_twenty_times() -> None:
    nodes = [{"mesh": n} for n in range(100)]
    raw = files.glb({"asset": {"version": "2.0"}, "nodes": nodes})
    with pytest.raises(BrokenFile) as refused:
        verify_gltf([raw[:10], raw[10:]])
    assert len(refused.value.faults) == 20
    assert refused.value.faults[0].path.startswith("/nodes/")
