"""What is to be watched, for Prometheus: this process's requests, the queue, the mirror, lanes."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from api.deps import CHALLENGE, Bearer, Served, Service
from api.errors import Problem
from api.measures import gathering
from api.openapi import problems
from ledger.database.engine import reading
from ledger.outbox.keys import BadKey, authenticate

router = APIRouter(tags=["status"])

_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def verify_watcher(request: Request, service: Served, bearer: Bearer) -> None:
    """Let in who may watch: the holder of the settings' token, or else this machine; the operator.

    Raises:
        Problem: it is somebody else.
    """
    wanted = service.settings.metrics_token.get_secret_value()
    given = "" if bearer is None else bearer.credentials
    if wanted and hmac.compare_digest(given.encode(), wanted.encode()):
        return
    if not wanted and bearer is None and _is_near(request):
        return
    if not given or not _is_operator(service, given):
        raise Problem(
            "unauthenticated",
            "measures are told to this machine or to ASSET_LEDGER_METRICS_TOKEN, if that is set,"
            " and to the operator's key",
            headers={"WWW-Authenticate": CHALLENGE},
        )


def _is_near(request: Request) -> bool:
    """Whether this machine itself asks, and not somebody else through a proxy on it."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _is_operator(service: Service, token: str) -> bool:
    try:
        with reading(service.engine) as session:
            return authenticate(session, token).org is None
    except BadKey:
        return False


_TEXT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Measures in Prometheus' text format",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}


@router.get("/metrics", responses=_TEXT | problems("unauthenticated"), response_class=Response)
def get_metrics(request: Request, _: Annotated[None, Depends(verify_watcher)]) -> Response:
    """What is to be watched, in Prometheus' text format; read anew at most once a second."""
    told = generate_latest(gathering() or request.app.state.measures.registry)
    told += generate_latest(request.app.state.standing)
    return Response(told, media_type=CONTENT_TYPE_PLAIN_0_0_4)
