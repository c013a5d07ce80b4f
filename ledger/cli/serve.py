"""`asset-ledger serve`: the HTTP API and the explorer."""

from __future__ import annotations

import json
import os
from typing import Annotated, Any, Final

import typer

from ledger.cli.output import say
from ledger.settings import Settings

_APPLICATION: Final = "api.app:create_app"

# Named, not imported: the application is of a layer above this one.
_LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "api.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {"alembic.runtime.plugins": {"level": "WARNING"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}


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

    from ledger.documents.opening import open_stores

    # By the environment, so that further processes read the same settings.
    for name, value in (("HOST", host), ("PORT", port)):
        if value is not None:
            os.environ[f"ASSET_LEDGER_{name}"] = str(value)
    settings = Settings()
    open_stores(settings.data, settings.document_key).vault.prepare()  # refused before it begins
    if as_json:
        say(json.dumps({"api": settings.api_url(), "explorer": f"{settings.api_url()}/"}))
    uvicorn.run(
        _APPLICATION,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=processes if processes > 1 else None,
        access_log=False,
        server_header=False,
        log_config=_LOGGING,
        timeout_graceful_shutdown=10,
    )
