"""`asset-ledger serve`: the HTTP API and the explorer."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer

from ledger.cli.output import say
from ledger.settings import Settings

_APPLICATION: Final = "api.app:create_app"

_METRICS: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where processes behind one port keep what they count; the library that counts reads it."""


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", min=0, max=65535)] = None,
    processes: Annotated[int, typer.Option(help="Processes that answer.", min=1)] = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object before beginning.")
    ] = False,
) -> None:
    """Serve the HTTP API and the explorer, until SIGINT or SIGTERM."""
    # Importing the server takes a while that other verbs should not wait for.
    import uvicorn

    from ledger.cli.logs import logging_of
    from ledger.documents.opening import open_stores

    # By the environment, so that further processes read the same settings.
    for name, value in (("HOST", host), ("PORT", port)):
        if value is not None:
            os.environ[f"ASSET_LEDGER_{name}"] = str(value)
    settings = Settings()
    open_stores(settings.data, settings.document_key).vault.prepare()  # refused before it begins
    if as_json:
        say(json.dumps({"api": settings.api_url(), "explorer": f"{settings.api_url()}/"}))
    # The server raises once more what ended it: it has ended well by then.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with _counting_together(processes):
        uvicorn.run(
            _APPLICATION,
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=processes if processes > 1 else None,
            access_log=False,
            server_header=False,
            log_config=logging_of(settings),
            timeout_graceful_shutdown=settings.grace_seconds,
        )


@contextmanager
def _counting_together(processes: int) -> Iterator[None]:
    """A folder in which several processes add up what they count; one alone needs none."""
    if processes == 1:
        yield
        return
    with TemporaryDirectory(prefix="asset-ledger-metrics-") as folder:
        os.environ[_METRICS] = folder
        yield
