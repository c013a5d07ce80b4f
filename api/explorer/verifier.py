"""The page `/verify`, whose scripts check bundles in the browser, and can send them nowhere."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.responses import Response as AnyResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.explorer.render import render

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_OF_FILES: Final = "default-src 'none'; script-src 'self'"

router = APIRouter(include_in_schema=False)


@router.get("/verify")
def show_verifier(request: Request) -> Response:
    """The verifier; it asks nothing of the mirror, and its policy lets no script connect."""
    answer = render(request, "verify.html", section="Verify", status=None, searchable="id")
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


class ScriptFiles(StaticFiles):
    """The explorer's files; a script that runs as a worker is bound by its own file's policy."""

    async def get_response(self, path: str, scope: Scope) -> AnyResponse:
        answer = await super().get_response(path, scope)
        answer.headers["Content-Security-Policy"] = _OF_FILES
        answer.headers["Cache-Control"] = "no-cache"
        return answer
