"""What schemathesis has to be told of our API, and two checks of our own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from itertools import count
from typing import Any, Final

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

from tests.http_cases.pool import Pool, point

_LINES: Final = "application/x-ndjson"
_USUAL: Final = frozenset(
    {"connection", "content-length", "content-type", "date", "transfer-encoding"}
)
"""Header fields of every answer, which HTTP itself explains (RFC 9110)."""

OF_STATE: Final = frozenset(
    {
        *("unknown_reference", "idempotency_conflict", "precondition_failed", "unknown_account"),
        *("media_type_mismatch", "invalid_file"),
    }
)
"""Problems of what is valid by itself and does not fit what is there, and of what files hold."""

OPAQUE: Final = frozenset(
    {
        *("cursor", "at", "registered_after", "registered_before", "after", "Last-Event-ID"),
        *("message", "signature", "document", "revokes", "If-Match", "url", "documents"),
    }
)
"""Fields whose sense the service alone knows: no description can tell which values it takes.

Of a URL its settings say which addresses may be reached, of documents entries say which there are.
"""

MANY: Final = "/v1/assets:batch"

_STREAM_EVERY: Final = 25
"""A silent stream is read for seconds, so that most requests for events are for pages."""

_asked = count()
_there: Pool = {}

_APART: Final = ("cannot be combined with", "takes no other filter")
"""OpenAPI has no words for parameters that need or exclude one another."""

_BY_STATE: Final = ("the account is of several",)
"""What may be left out as long as what is there leaves no choice."""

_WHOLE: Final = "input should be a valid integer"


def install() -> None:
    """Have schemathesis know lines of JSON, leave the key that it asks with alone, and check."""
    schemathesis.serializer(_LINES)(_encode_lines)
    schemathesis.hook("filter_case")(filter_case)
    schemathesis.hook("before_call")(before_call)
    schemathesis.check(undocumented_header)
    schemathesis.check(unexplained_refusal)
    schemathesis.check(unrefused_item)


def carry_files(described: Mapping[str, Any]) -> None:
    """Have bodies of the media types that schemathesis does not know go out as they are drawn."""
    for methods in described["paths"].values():
        for operation in methods.values():
            for media_type in operation.get("requestBody", {}).get("content", {}):
                if not media_type.startswith("application/"):
                    schemathesis.serializer(media_type)(_encode_file)


def _encode_file(_: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


def _encode_lines(context: Any, value: Any) -> bytes:
    """Lines of assets that say the text that was drawn; where all is to be refused, itself."""
    text = value if isinstance(value, str) else json.dumps(value)
    if is_valid(context.case):
        names = text.splitlines()[:5] or [""]
        assets = [
            {
                "serial": f"S-{sha256(n.encode(errors='replace')).hexdigest()[:16]}",
                "document": {"says": n},
            }
            for n in names
        ]
        text = "\n".join(map(json.dumps, assets))
    return text.encode(errors="replace")


def is_valid(case: Any) -> bool:
    """Whether the request is meant to be as the description wants it."""
    return case.meta is None or case.meta.generation.mode.is_positive


def filter_case(_: Any, case: Any) -> bool:
    """Leave out lines that are no text: on its way, each is."""
    return case.media_type != _LINES or isinstance(case.body, str)


def _is_body_wrong(case: Any) -> bool:
    body = case.meta.components.get(ParameterLocation.BODY) if case.meta else None
    return body is not None and bool(body.mode.is_negative)


def know(pool: Pool) -> None:
    """Have requests from now on ask for what is in the pool."""
    _there.clear()
    _there.update(pool)


def _expect_nothing(case: Any) -> None:
    """Leave out how far what is there is said to be, which draws never meet."""
    if "If-Match" in (case.headers or {}):
        del case.headers["If-Match"]
    if isinstance(case.body, dict) and isinstance(case.body.get("position"), int):
        case.body["position"] = None


def _is_linked(case: Any) -> bool:
    """Whether an answer before it said what it asks for."""
    return case.meta is None or case.meta.phase.name == TestPhase.STATEFUL


def before_call(_: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Spare the key that is asked with, the ledger's running, and time.

    Once the key is revoked, everything else would be a 401; once the ledger pauses, all would wait.
    """
    if is_valid(case) and not _is_linked(case) and point(case.path_parameters, _there):
        _expect_nothing(case)
    sent = str((kwargs.get("headers") or {}).get("Authorization", ""))
    named = case.path_parameters.get("key")
    if named and f"_{named}_" in sent and case.method.upper() == "POST":
        case.path_parameters["key"] = "a" * len(named)
    said = case.body if case.operation.path == "/v1/ledger/entries" else None
    if isinstance(said, dict) and said.get("kind") == "paused":
        said["kind"] = "resumed"
    if case.operation.path == "/v1/webhooks" and isinstance(case.body, dict):
        _keep_in(case.body)
    # Touched, what was drawn to lack a header field is taken for whole.
    if case.operation.path == "/v1/events" and is_valid(case) and next(_asked) % _STREAM_EVERY:
        case.headers["Accept"] = "application/json"


def _keep_in(webhook: dict[str, Any]) -> None:
    """Have no drawn address be reached: a number, too, is one of somebody's."""
    url = str(webhook.get("url"))
    if re.match("https?://.", url, re.IGNORECASE):
        webhook["url"] = f"https://drawn.invalid/{sha256(url.encode()).hexdigest()}"


def undocumented_header(_: Any, response: Any, case: Any) -> None:
    """See that the description names each header field of an answer."""
    described = case.operation.responses.find_by_status_code(response.status_code)
    if described is None:
        return
    named = {name.lower() for name, _ in described.headers.items()}
    more = sorted(set(response.headers) - named - _USUAL)
    assert not more, f"{case.operation.label} {response.status_code}: {', '.join(more)} undescribed"


def unexplained_refusal(_: Any, response: Any, case: Any) -> None:
    """See that what the description allows is refused for the state of things alone."""
    if response.status_code not in (412, 415, 422) or not is_valid(case):
        return
    told = json.loads(response.content)
    if told["code"] not in OF_STATE and not (
        told["errors"] and all(map(_is_explained, told["errors"]))
    ):
        raise AssertionError(f"{case.operation.label}: {told['code']}: {told['detail']}")


def unrefused_item(_: Any, response: Any, case: Any) -> None:
    """See that of many the wrong ones are refused: by items, as the others are taken in."""
    if case.operation.path != MANY or response.status_code != 202 or not _is_body_wrong(case):
        return
    told = json.loads(response.content)
    assert told["refused"], f"{case.operation.label}: all were accepted, and some were wrong"


def _is_explained(error: dict[str, Any]) -> bool:
    """Whether a field's refusal says what no description can say."""
    # To JSON Schema 7.0 is an integer, to us it is none.
    if error["reason"] == _WHOLE and isinstance(error["value"], float):
        return True
    if any(words in error["reason"] for words in (*_APART, *_BY_STATE)):
        return True
    return re.split(r"[./]", error["field"])[0] in OPAQUE
