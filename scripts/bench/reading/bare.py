"""A bare FastAPI application: each path answers the same bytes. Arguments: a port, a file's name.

The file is JSON: paths, and what each answers. The server's settings are those of `serve`; FastAPI
is as it comes, with all its own layers, and there is no log of requests, no count, no quota, no key
to compare and no database.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response


def make(bodies: dict[str, str]) -> FastAPI:
    """The application; its answers are bytes already, so that it does as little as it can."""
    app = FastAPI(openapi_url=None)
    for path, text in bodies.items():
        app.get(path)(_answering(text.encode()))
    return app


def _answering(body: bytes) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        return Response(body, media_type="application/json")

    return answer


if __name__ == "__main__":
    uvicorn.run(
        make(json.loads(Path(sys.argv[2]).read_text())),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        server_header=False,
        log_level="warning",
    )
