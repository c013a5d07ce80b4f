"""A full disk refuses what is new, accepts nothing by half, and serves on once there is room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.running import Member, Running
from tests.api.still import Still, still

MEBIBYTE = 2**20
SIZE = 16 * MEBIBYTE
PAPER = "x" * 20_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, with little room."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["/bin/mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    yield folder
    subprocess.run(["/bin/umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all the room there is."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (MEBIBYTE, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


def ask(ledger: Still, member: Member, serial: str) -> httpx.Response:
    body = {"serial": serial, "document": {"name": serial, "paper": PAPER}}
    with ledger.client(member.key) as http:
        return http.post("/v1/assets", json=body, headers={"Idempotency-Key": serial})


@pytest.mark.parametrize("full", ["documents", "database"])
def test_what_finds_no_room_is_refused_and_taken_once_there_is_some(
    service: Running, aurora: Member, tmp_path: Path, disk: Path, full: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    data, database = (disk, elsewhere) if full == "documents" else (elsewhere, disk)
    url = f"sqlite:///{database / 'ledger.db'}"
    with still(service, data, database_url=url) as ledger:
        assert ask(ledger, aurora, "FULL-0").status_code == 202
        filler = fill(disk)
        serials = [f"FULL-{number}" for number in range(1, 40)]
        answers = {serial: ask(ledger, aurora, serial) for serial in serials}
        refused = {serial for serial, each in answers.items() if each.status_code != 202}
        assert refused
        for serial in refused:
            assert answers[serial].status_code == 503, answers[serial].text
            assert answers[serial].json()["code"] == "storage_full"
            assert int(answers[serial].headers["Retry-After"]) >= 1
        # What was accepted is kept, and answered again; nothing else is there.
        assert ask(ledger, aurora, "FULL-0").status_code == 200
        assert waiting(ledger, aurora) == 1 + len(serials) - len(refused)
        filler.unlink()
        assert {ask(ledger, aurora, serial).status_code for serial in refused} == {202}
        assert waiting(ledger, aurora) == 1 + len(serials)


def test_an_upload_that_finds_no_room_leaves_none_taken(
    service: Running, aurora: Member, tmp_path: Path, disk: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with still(service, disk, database_url=url) as ledger, ledger.client(aurora.key) as http:
        headers = {"Content-Type": "application/octet-stream"}
        for _ in range(3):  # each finds the room that the one before had
            refused = http.post("/v1/documents", content=os.urandom(SIZE + 1), headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (503, "storage_full")
            found = [*(disk / "documents").rglob("*"), *(disk / "document-keys").rglob("*")]
            assert not [path for path in found if path.is_file()]
        assert http.post("/v1/documents", content=b"x", headers=headers).status_code == 201


def waiting(ledger: Still, member: Member) -> int:
    with ledger.client(member.key) as http:
        page = http.get("/v1/operations", params={"state": "queued", "limit": 200})
    return len(page.json()["items"])
