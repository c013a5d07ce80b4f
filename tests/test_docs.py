"""The README names every verb and every setting, and what it shows can be called."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from ledger.cli import VERBS, load_verb
from ledger.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
CALLS = [
    line.strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if line.strip().startswith("asset-ledger ")
]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_stands_in_the_table(verb: str) -> None:
    assert re.search(rf"^\| `{verb}\b", README, re.MULTILINE), f"the README lacks {verb}"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_there_and_has_help_and_json(verb: str) -> None:
    command = load_verb(verb)
    assert command.help
    of_its_own = getattr(command, "commands", {verb: command})
    for each in of_its_own.values():
        options = {option for param in each.params for option in param.opts}
        assert "--json" in options, f"{verb} {each.name} lacks --json"


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_every_setting_stands_in_the_table(setting: str) -> None:
    assert f"| `ASSET_LEDGER_{setting.upper()}` |" in README


@pytest.mark.parametrize("call", CALLS)
def test_every_call_shown_uses_options_that_exist(call: str) -> None:
    words = shlex.split(call.split("|")[0].split(">")[0], comments=True)[1:]
    command = load_verb(words[0])
    for word in words[1:]:
        if word in getattr(command, "commands", {}):
            command = command.commands[word]
    options = {option for param in command.params for option in param.opts}
    used = {word.split("=")[0] for word in words if word.startswith("-") and word != "-"}
    assert used <= options, f"{call}: {used - options} are no options"


def test_the_readme_begins_with_the_two_commands() -> None:
    first = README.split("```")[1]
    assert first.index("scripts/up") < first.index("scripts/test")


def test_scripts_that_the_readme_names_exist_and_can_be_run() -> None:
    for name in set(re.findall(r"\bscripts/[a-z_]+(?:\.py)?\b(?!/)", README)):
        path = ROOT / name
        assert path.is_file(), name
        assert path.stat().st_mode & 0o111 or path.suffix == ".py", name
