"""Installs what npm brings into a folder of its own, beside a Node.js that is new enough."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import playwright

from scripts.bench.mirroring.chain import BenchError

_HERE: Final = Path(__file__).parent
_OLDEST: Final = 22
_LONGEST: Final = 300
_TOLD: Final = 600


class Unavailable(BenchError):
    """A rival cannot be had here."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A folder with its packages, of which one counts; `path` is the PATH that it runs with."""

    folder: Path
    path: str
    version: str

    def call(self, *command: str, environment: Mapping[str, str] | None = None) -> None:
        """Run one of its tools to the end. Raises Unavailable."""
        _call(self.folder, {"PATH": self.path, **(environment or {})}, *command)


def install(name: str, scratch: Path) -> Installed:
    """Install the package of that name as its folder here pins it. Raises Unavailable."""
    folder, tools = scratch / name, scratch / f"{name}-tools"
    shutil.copytree(_HERE / name, folder)
    tools.mkdir()
    (tools / "node").symlink_to(find_node())
    # Envio asks pnpm for packages that npm has put there already.
    (tools / "pnpm").symlink_to(_find_program("true"))
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    npm = str(_find_program("npm"))
    _call(folder, {"PATH": path}, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    told = json.loads((folder / "node_modules" / name / "package.json").read_bytes())
    return Installed(folder, path, f"{name} {told['version']}")


def find_node() -> Path:
    """A Node.js of version 22 or newer: that on the PATH, or playwright's own.

    Raises Unavailable.
    """
    driver = Path(playwright.__file__).parent / "driver" / "node"
    for program in (shutil.which("node"), driver):
        if program and Path(program).exists():
            version = subprocess.run(
                [program, "--version"], capture_output=True, check=False
            ).stdout
            if int(version.lstrip(b"v").partition(b".")[0] or 0) >= _OLDEST:
                return Path(program)
    raise Unavailable(f"there is no Node.js of version {_OLDEST} or newer")


def _find_program(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"{name} is not on the PATH")
    return Path(found)


def _call(folder: Path, environment: Mapping[str, str], *command: str) -> None:
    try:
        subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_LONGEST,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"`{' '.join(command)}` takes more than {_LONGEST} s") from error
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stdout.decode(errors="replace").split())[:_TOLD]
        raise Unavailable(f"`{' '.join(command)}` failed: {said}") from error
