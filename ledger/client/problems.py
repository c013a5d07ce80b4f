"""What goes wrong between us and the API: a problem it answered, or no answer at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import msgspec

from ledger.errors import LedgerError


class ApiProblem(LedgerError):
    """The service refused a request (RFC 9457).

    `status` is HTTP's, `code` the service's own word, `errors` the fields at fault, each with
    `field`, `value` and `reason`.
    """

    code: str  # type: ignore[misc]  # the service names it, so it differs by instance

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(_sentence(status, title, detail, errors), status=status, **(extra or {}))
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)


class ApiUnavailable(LedgerError):
    """The service could not be reached, or was too busy, for as long as we were patient.

    Asking again is harmless: every writing request carries an `Idempotency-Key`.
    """

    code = "api_unavailable"
    advice = "run it again: nothing is done twice"


def _sentence(
    status: int, title: str, detail: str | None, errors: Sequence[Mapping[str, Any]]
) -> str:
    told = detail or title
    named = "; ".join(f"{e.get('field')}: {e.get('reason')}" for e in errors if e.get("field"))
    return f"{status} {told}" + (f" ({named})" if named and named not in told else "")


def read_problem(response: httpx.Response) -> ApiProblem:
    """The problem that an answer of status 3xx to 5xx tells, whoever wrote that answer."""
    status, phrase = response.status_code, response.reason_phrase or "no reason given"
    try:
        body = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = None
    if not isinstance(body, dict):  # a proxy's page, or nothing
        return ApiProblem(status, f"http_{status}", phrase)
    known = {"type", "title", "status", "detail", "instance", "code", "errors"}
    errors = body.get("errors")
    return ApiProblem(
        status,
        str(body.get("code") or f"http_{status}"),
        str(body.get("title") or phrase),
        None if body.get("detail") is None else str(body["detail"]),
        [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else (),
        {key: value for key, value in body.items() if key not in known},
    )


class BadAnswer(LedgerError):
    """The service answered what this client does not understand."""

    code = "bad_answer"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}", path=path, reason=reason)
