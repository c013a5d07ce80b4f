"""The compose file as values: what it starts, with which settings, in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / ".container"
PREFIX = "ASSET_LEDGER_"


def load() -> Mapping[str, Any]:
    """The compose file."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    return found


def ours(compose: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The services that run our image by its own entry point."""
    return {
        name: service
        for name, service in compose["services"].items()
        if "build" in service and "entrypoint" not in service
    }


def steps(services: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The services that end by themselves, in the order in which they wait for each other."""
    waited = {
        other
        for service in services.values()
        for other, how in service["depends_on"].items()
        if how["condition"] == "service_completed_successfully"
    }
    return sorted(waited, key=lambda name: len(list(_before(services, name))))


def _before(services: Mapping[str, Mapping[str, Any]], name: str) -> Iterator[str]:
    for other in services[name]["depends_on"]:
        if other in services:
            yield other
            yield from _before(services, other)


def settings(service: Mapping[str, Any]) -> dict[str, str]:
    """The settings that a service's environment gives, without our prefix."""
    return {
        name.removeprefix(PREFIX): str(value)
        for name, value in service["environment"].items()
        if name.startswith(PREFIX)
    }


def secrets(service: Mapping[str, Any]) -> set[str]:
    """The settings that a service is given in files, without our prefix."""
    return {name.upper().removeprefix(PREFIX) for name in service["secrets"]}
