"""Turns templates into answers, under a policy that lets nothing else run or load."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from api.explorer.lines import shorten
from api.explorer.seal import draw_seal

_FOLDER: Final = Path(__file__).parent

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-cache",
}

_environment = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["short"] = shorten
_environment.filters["seal"] = draw_seal


def render(request: Request, template: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A page; what every page shows is added by the caller as `values`."""
    values = {"section": None, "q": request.query_params.get("q"), **values}
    text = _environment.get_template(template).render(values)
    return HTMLResponse(text, status_code, _HEADERS)
