"""Turns everything that can go wrong into a problem answer (RFC 9457)."""

from __future__ import annotations

import errno
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match

from api.problems import KINDS
from ledger.database.engine import DatabaseBusy
from ledger.documents.master import BadMasterKey
from ledger.documents.packs import CorruptDocument, ErasedDocument
from ledger.errors import (
    Conflict,
    DocumentError,
    InputError,
    LedgerError,
    MalformedValue,
    NodeUnavailable,
    Refused,
    UnknownThing,
)
from ledger.standards.schema_workers import ValidatorsBusy
from ledger.types import to_hex

_log = logging.getLogger("asset_ledger.api")
_RETRY_SECONDS = "2"
_ROOM_SECONDS = "30"  # somebody has to make room
_PG_DISK_FULL = "53100"
_LONGEST_SHOWN = 100
_BY_STATUS = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    503: "unavailable",
}


class Problem(Exception):
    """An answer that says what is wrong; `members` extend it (RFC 9457, 3.2)."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = KINDS[code]
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})
        self.members = dict(members or {})

    def tell(self) -> dict[str, Any]:
        """What is wrong, whatever request it was wrong with."""
        return {
            "type": self.kind.uri,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "code": self.kind.code,
            **self.members,
            "errors": list(self.errors),
        }

    def render(self, instance: str, request_id: str) -> Response:
        """The answer, for the request to the path `instance`."""
        body = {**self.tell(), "instance": instance, "request_id": request_id}
        return Response(
            msgspec.json.encode(body),
            self.kind.status,
            {**self.headers, "Cache-Control": "no-store"},
            media_type="application/problem+json",
        )


def field_error(field: str, value: object, reason: str) -> dict[str, Any]:
    """One member of a problem's `errors`; long or secret-looking values are cut."""
    return {"field": field, "value": _shown(value), "reason": reason}


def _shown(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def invalid(field: str, value: object, reason: str, code: str = "invalid_request") -> Problem:
    """The problem of one field."""
    return Problem(code, f"{field}: {reason}", errors=[field_error(field, value, reason)])


def unavailable(what: str) -> Problem:
    """The problem of something that we need and that is down or busy."""
    return Problem("unavailable", f"{what}; try again", headers={"Retry-After": _RETRY_SECONDS})


def _full_storage() -> Problem:
    return Problem(
        "storage_full",
        "there is no room left to keep the request; nothing was accepted; try again",
        headers={"Retry-After": _ROOM_SECONDS},
    )


def problem_of(error: Exception) -> Problem | None:
    """What to answer to `error`; None where it is a fault of ours."""
    match error:
        case Problem():
            return error
        case MalformedValue():
            field, value = str(error.fields["field"]), error.fields["value"]
            return invalid(field, value, f"must be {error.fields['wanted']}")
        case UnknownThing():
            reason = f"no {error.fields['what']} of that name is known"
            field, value = str(error.fields["field"]), error.fields["value"]
            return invalid(field, value, reason, "unknown_reference")
        case DocumentError():
            path, reason = str(error.fields["path"]), str(error.fields["reason"])
            return invalid(f"document{path}", None, reason, "invalid_document")
        case Refused():
            return Problem(
                "refused",
                error.message,
                members={"name": error.name, "values": _all_json(error.values)},
            )
        case Conflict():
            code = error.code if error.code in KINDS else "conflict"
            return Problem(code, error.message, members=_all_json(error.fields))
        case InputError():
            code = error.code if error.code in KINDS else "invalid_request"
            return Problem(code, error.message)
        case DatabaseBusy():
            return unavailable("the database is busy")
        case ClientDisconnect():
            return Problem("bad_request", "the connection ended before the body did")
        case ValidatorsBusy():
            return unavailable(error.message)
        case NodeUnavailable():
            return unavailable("the chain's node does not answer")
        case ErasedDocument():
            return Problem("not_found", error.message)
        case CorruptDocument():
            code = error.code if error.code in KINDS else "corrupt_document"
            return Problem(code, error.message, members=_all_json(error.fields))
        case BadMasterKey():
            return unavailable("the key that documents are kept under cannot be read")
        case OSError() | OperationalError() if _is_full(error):
            return _full_storage()
        case SQLAlchemyError() if _is_outage(error):
            return unavailable("the database does not answer")
    return None


def _all_json(values: Mapping[str, object]) -> dict[str, object]:
    return {
        name: to_hex(value) if isinstance(value, bytes) else value for name, value in values.items()
    }


def _is_full(error: OSError | OperationalError) -> bool:
    """Whether a disk has no room left: that of the documents, or the database's."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    if isinstance(error.orig, sqlite3.Error):
        return error.orig.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL
    return getattr(error.orig, "sqlstate", None) == _PG_DISK_FULL


def _is_outage(error: SQLAlchemyError) -> bool:
    """Whether the database failed us, as opposed to a wrong statement of ours."""
    return isinstance(error, OperationalError | InterfaceError | PoolExhausted)


def problem_of_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem of values that pydantic refused, each named."""
    told = [field_error(_field(error), _input(error), _reason(error)) for error in errors]
    detail = "; ".join(f"{each['field']}: {each['reason']}" for each in told[:5])
    return Problem("invalid_request", detail, errors=told)


def _field(error: Mapping[str, Any]) -> str:
    place = _path(error["loc"])
    if error["type"] == "misplaced":  # of two fields, the one that should not, or should be there
        field = str(error["ctx"]["field"])
        return field if place == "body" else f"{place}.{field}"
    if not error["type"].startswith("union_tag"):
        return place
    # What is wrong is the member that tells which kind of body it is, not the whole of it.
    tag = str(error["ctx"]["discriminator"]).strip("'")
    return tag if place == "body" else f"{place}.{tag}"


def _path(location: Sequence[str | int]) -> str:
    inside = location[1:] if location[:1] in [(x,) for x in _PLACES] else location
    return ".".join(str(part) for part in inside) or "body"


_PLACES = ("path", "query", "header", "body")


def _input(error: Mapping[str, Any]) -> object:
    # The input of a missing field is the object around it, which tells nobody anything.
    if error["type"] in {"missing", "misplaced", "union_tag_not_found"}:
        return None
    return error["ctx"]["tag"] if error["type"] == "union_tag_invalid" else error.get("input")


def _reason(error: Mapping[str, Any]) -> str:
    match error["type"]:
        case "missing" | "union_tag_not_found":
            return "is missing"
        case "union_tag_invalid":
            return f"must be one of {error['ctx']['expected_tags']}"
        case "extra_forbidden":
            return "is not a field of this request"
        case "value_error":
            return str(error["ctx"]["error"])
    text = str(error["msg"])
    return text[:1].lower() + text[1:]


def install(app: FastAPI) -> None:
    """Have `app` answer every exception with a problem."""
    for raised in (Problem, LedgerError, SQLAlchemyError, OSError):
        app.add_exception_handler(raised, _answer)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_http)


def render(request: Request, problem: Problem) -> Response:
    """The problem as the answer to `request`: a page for people who browse, else JSON."""
    request.scope["problem"] = problem.kind.code  # the edge counts them
    page = getattr(request.app.state, "problem_page", None)
    if page is not None and _browses(request):
        answer: Response = page(request, problem)
        return answer
    return problem.render(request.url.path, request.scope.get("request_id", ""))


def _browses(request: Request) -> bool:
    accepts = request.headers.get("accept", "")
    return "text/html" in accepts and not request.url.path.startswith("/v1/")


async def _answer(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem is None:
        raise error
    if problem is not error and problem.kind.status >= 500:
        _log.warning("%s", problem.detail, exc_info=error)
    return render(request, problem)


async def _answer_validation(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return render(request, problem_of_validation(error.errors()))


async def _answer_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = _BY_STATUS.get(error.status_code, "bad_request")
    headers = dict(error.headers or {})
    detail = str(error.detail)
    if code == "not_found":
        detail = f"nothing is at {request.url.path}"
    if code == "method_not_allowed":
        headers["Allow"] = ", ".join(_methods(request))
        detail = f"{request.url.path} answers to {headers['Allow']}, not to {request.method}"
    return render(request, Problem(code, detail, headers=headers))


def _methods(request: Request) -> list[str]:
    """The methods that the path has; HEAD is answered wherever GET is."""
    found = {
        method
        for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
        for route in request.app.routes
        if route.matches({**request.scope, "method": method})[0] is Match.FULL
    }
    return sorted(found | {"HEAD"} if "GET" in found else found)
