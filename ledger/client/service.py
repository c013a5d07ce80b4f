"""The client's methods about the service itself: how it is, and what is to be watched."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.client.answers import StatusAnswer
from ledger.client.flows import Flow, fetch, get, method


@dataclass(frozen=True, slots=True)
class HealthAnswer:
    """Whether the service can do its work."""

    ready: bool
    reasons: list[str]


class ServiceCalls:
    """None needs a key, but the measures a token."""

    @method
    @staticmethod
    def status() -> Flow[StatusAnswer]:
        """How the service is; needs no key."""
        return get("/v1/status", StatusAnswer)

    @method
    @staticmethod
    def health() -> Flow[HealthAnswer]:
        """Whether the process that is asked answers at all."""
        return get("/healthz", HealthAnswer)

    @method
    @staticmethod
    def readiness() -> Flow[HealthAnswer]:
        """Whether the service can do its work; until it can, it is busy. Raises ApiUnavailable."""
        return get("/readyz", HealthAnswer)

    @method
    @staticmethod
    def measures() -> Flow[bytes]:
        """What is to be watched, in Prometheus' text; needs the token that the settings name."""
        return fetch("/metrics")
