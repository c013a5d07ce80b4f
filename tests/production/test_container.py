"""The container and compose files name settings, verbs and files that there are, and work."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.node import Anvil
from ledger.cli import load_verb
from ledger.settings import SECRETS, Settings
from tests.api.running import WAIT, until
from tests.postgres import postgres
from tests.production import compose as composing
from tests.production.cluster import Cluster, ask
from tests.production.compose import FOLDER, PREFIX

ROOT = FOLDER.parent
CONTAINERFILE = (FOLDER / "Containerfile").read_text()
KNOWN = {name.upper() for name in Settings.model_fields} | {SECRETS.removeprefix(PREFIX)}
REQUIRED = {"DATA", "RPC_URL", "DATABASE_URL", "PUBLIC_URL", "KEYSTORE_PASSWORD", "SECRETS"}
"""Without these, processes beside each other would not share one ledger."""


@pytest.fixture(scope="module")
def compose() -> Mapping[str, Any]:
    return composing.load()


@pytest.fixture(scope="module")
def services(compose: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return composing.ours(compose)


def test_every_setting_that_is_named_is_one(services: dict[str, Mapping[str, Any]]) -> None:
    named = set(re.findall(rf"{PREFIX}([A-Z_]+)", CONTAINERFILE))
    for service in services.values():
        named |= composing.settings(service).keys() | composing.secrets(service)
    whole = (FOLDER / "compose.yaml").read_text()
    named |= set(re.findall(rf"{PREFIX}([A-Z_]+)", whole))
    assert named <= KNOWN, named - KNOWN
    assert {"METRICS_TOKEN", "LOG"} <= named


def test_every_required_setting_is_given(services: dict[str, Mapping[str, Any]]) -> None:
    for name, service in services.items():
        given = composing.settings(service).keys() | composing.secrets(service)
        assert given >= REQUIRED, f"{name} lacks {REQUIRED - given}"


def test_secrets_are_in_files_and_not_in_the_environment(
    compose: Mapping[str, Any], services: dict[str, Mapping[str, Any]]
) -> None:
    fields = Settings.model_fields.items()
    secret = {name.upper() for name, field in fields if "SecretStr" in str(field.annotation)}
    for service in services.values():
        assert not composing.settings(service).keys() & (secret | {"DATABASE_URL"})
    for name, where in compose["secrets"].items():
        assert where["file"] == f"secrets/{name}"
    assert ".container/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_nothing_runs_as_root_or_writes_to_its_image(
    compose: Mapping[str, Any], services: dict[str, Mapping[str, Any]]
) -> None:
    for name, service in {**services, "chain": compose["services"]["chain"]}.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert int(service["user"].split(":")[0]) > 0
        assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - the container's own
    [user] = re.findall(r"^USER (\d+):\d+$", CONTAINERFILE, re.MULTILINE)
    assert int(user) > 0


def test_there_are_two_apis_and_one_of_each_other(services: dict[str, Mapping[str, Any]]) -> None:
    assert services["api"]["deploy"]["replicas"] == 2
    assert services["api"]["healthcheck"]
    lasting = {name for name in services if name not in composing.steps(services)}
    assert lasting == {"api", "index", "submit"}
    for name in lasting:
        assert services[name]["restart"] == "unless-stopped"
        grace = int(composing.settings(services[name])["GRACE_SECONDS"])
        assert grace < int(services[name]["stop_grace_period"].removesuffix("s"))


def test_images_are_pinned_and_name_no_host(compose: Mapping[str, Any]) -> None:
    [base] = re.findall(r"^ARG PYTHON=(\S+)$", CONTAINERFILE, re.MULTILINE)
    for image in (base, compose["services"]["postgres"]["image"]):
        assert re.fullmatch(r"[a-z]+:\d+(\.\d+)+-[a-z-]+", image), image
    assert set(re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE)) == {"${PYTHON}"}


def test_all_that_is_copied_is_there_and_is_not_left_out() -> None:
    kept = (FOLDER / "Containerfile.dockerignore").read_text().split()
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", CONTAINERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert {"ledger", "api", "scripts/environment"} <= set(copied)
    for source in copied:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in kept
    for name in ("node_modules", "__pycache__"):
        assert any(fnmatch(f"api/{name}", pattern) for pattern in kept if pattern != "**")


def test_commands_are_verbs_with_options_that_exist(
    services: dict[str, Mapping[str, Any]],
) -> None:
    for service in services.values():
        verb, *words = service["command"]
        command = load_verb(verb)
        if words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words[0]]
        options = {option for param in command.params for option in param.opts}
        options |= {option for param in command.params for option in param.secondary_opts}
        assert {word for word in words if word.startswith("--")} <= options


# -- the same commands, on this machine ------------------------------------------------------------


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Cluster]:
    """A chain, an empty PostgreSQL, and secrets in files: nothing else."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    with postgres() as make, Anvil.start(tmp_path / "chain") as anvil:
        url = make()
        (secrets / "asset_ledger_database_url").write_text(f"{url}\n")
        (secrets / "asset_ledger_keystore_password").write_text("of-the-test\n")
        (secrets / "asset_ledger_metrics_token").write_text("of-the-watcher\n")
        ledger = Cluster(tmp_path, anvil, "", "")
        try:
            yield ledger
        finally:
            for each in ledger.started:
                if each.running.poll() is None:
                    each.kill()


def test_its_steps_and_services_make_a_ledger(
    made: Cluster, services: dict[str, Mapping[str, Any]]
) -> None:
    told = _environment(made)
    steps = composing.steps(services)
    assert steps == ["prepare", "deploy", "migrate"]
    for name in steps:
        _run(services[name]["command"], told)
    key = json.loads(_run(["keys", "operator", "--json"], told))["api_key"]
    index = made.start(*services["index"]["command"], **_settings(told))
    submit = made.start(*services["submit"]["command"], **_settings(told))
    api = made.serve(**_settings(told))
    made.await_api(api)
    body = {"did": "did:web:contained.example", "name": "Contained"}
    answer = ask(api.url, "POST", "/v1/organisations", key, json=body, headers=WAIT)
    assert answer.status_code == 201, answer.text
    assert ask(api.url, "GET", "/metrics", "of-the-watcher").status_code == 200
    assert ask(api.url, "GET", "/metrics", answer.json()["api_key"]).status_code == 401
    _run(services["deploy"]["command"], told)  # again, and nothing changes
    fresh = json.loads(_run(["keys", "operator", "--revoke-others", "--json"], told))
    assert fresh["revoked"] == 1
    assert ask(api.url, "GET", "/v1/assets", key).status_code == 401
    assert ask(api.url, "GET", "/v1/assets", fresh["api_key"]).status_code == 200
    assert until(lambda: all(each.running.poll() is None for each in (index, submit)))


def _environment(made: Cluster) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    told = {
        "DATA": str(made.data),
        "RPC_URL": made.anvil.url,
        "SECRETS": str(made.data / "secrets"),
    }
    return kept | {f"{PREFIX}{name}": value for name, value in told.items()}


def _settings(told: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(PREFIX): value for name, value in told.items() if name.startswith(PREFIX)
    }


def _run(command: list[str], told: Mapping[str, str]) -> str:
    words = [re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", word) for word in command]
    done = subprocess.run(
        [sys.executable, "-m", "ledger.cli", *words],
        cwd=ROOT,
        env=dict(told),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
