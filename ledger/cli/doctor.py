"""The verb `doctor`: which tools this machine has, where, and what is missing for what."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import typer

from ledger.cli.options import AsJson
from ledger.cli.output import say

_MODULES: Final = Path(__file__).resolve().parents[2] / "contracts" / "node_modules"

_GLTF: Final = (
    Path(__file__).resolve().parents[1] / "standards/gltf/node_modules/gltf-validator/package.json"
)


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, what it is needed for, and where it was found."""

    name: str
    needed_for: str
    path: str | None
    version: str | None


def doctor(
    as_json: AsJson = False,
) -> None:
    """Say where each tool was found, and which version it is.

    Exits with 1 if something is missing that running the ledger needs.
    """
    tools = find_tools()
    if as_json:
        say(json.dumps({tool.name: asdict(tool) for tool in tools}))
    else:
        _print(tools)
    if any(tool.path is None for tool in tools if tool.needed_for == "running"):
        raise typer.Exit(1)


def find_tools() -> list[Tool]:
    """Every tool the ledger uses, found or not."""
    return [
        Tool("python", "running", sys.executable, platform.python_version()),
        _tool("anvil", "running", _packaged("anvil")),
        _tool("node", "compiling, glTF"),
        _validator(),
        _tool("solc", "compiling", _existing(_MODULES.parent / "solc")),
        _tool("forge", "testing", _packaged("forge")),
        _tool("chromium", "browser tests"),
        _tool("npm", "set-up"),
        _tool("uv", "set-up (else pip)"),
    ]


def _tool(name: str, needed_for: str, path: str | None = None) -> Tool:
    found = path or shutil.which(name)
    return Tool(name, needed_for, found, found and _version(found))


def _validator() -> Tool:
    """The Khronos validator, which is no program of its own: node runs it."""
    path = _existing(_GLTF)
    version = None if path is None else json.loads(_GLTF.read_bytes())["version"]
    return Tool("gltf-validator", "glTF", path, version)


def _packaged(name: str) -> str | None:
    """The binary that npm's package carries for this machine."""
    for path in sorted(_MODULES.glob(f"@foundry-rs/{name}-*/bin/{name}*")):
        return str(path)
    return None


def _existing(path: Path) -> str | None:
    return str(path) if path.exists() else None


def _version(path: str) -> str | None:
    try:
        told = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\d+\.\d[\w.+-]*", told)
    return found and found[0]


def _print(tools: list[Tool]) -> None:
    for tool in tools:
        where = "missing" if tool.path is None else f"{tool.version or '?':<30} {tool.path}"
        say(f"{tool.name:<15} {tool.needed_for:<20} {where}")
