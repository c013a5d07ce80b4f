"""Many assets in one request."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter

from api.bodies import JSON, require_type
from api.bulk import NDJSON, read_bulk, register_bulk
from api.deps import IdempotencyKey, Member, Served
from api.openapi import WRITING, body_of, problems
from api.schemas.assets import EXAMPLE_DOCUMENT
from api.schemas.bulk import MOST_ITEMS, BulkAnswer, RegisterAssets

PATH: Final = "/v1/assets:batch"

router = APIRouter(tags=["assets"])

_AT_ONCE: Final = CapacityLimiter(2)
_EXAMPLE: Final = [
    {"serial": f"AM-GBX-{number:06d}", "document": EXAMPLE_DOCUMENT} for number in (418, 419)
]


def _bodies() -> dict[str, Any]:
    described = body_of("RegisterAssets", TypeAdapter(RegisterAssets), two={"assets": _EXAMPLE})
    described["requestBody"]["content"][NDJSON] = {
        "schema": {"type": "string", "description": "one RegisterAsset a line"},
        "examples": {"two": {"value": _lines(_EXAMPLE)}},
    }
    return described


def _lines(values: list[dict[str, Any]]) -> str:
    return "\n".join(msgspec.json.encode(value).decode() for value in values)


@router.post(
    PATH,
    status_code=202,
    response_class=Response,
    responses={
        202: {
            "model": BulkAnswer,
            "description": "What became of each; what is accepted is on its way to the ledger",
            "headers": {"Retry-After": {"description": "seconds", "schema": {"type": "string"}}},
        },
        **problems(*WRITING),
    },
    openapi_extra=_bodies(),
    description=f"""Register up to {MOST_ITEMS:,} assets. Each is accepted or refused by itself, as
if it had come alone, in order. Sent again, it has no further effect. The answer is 429 or 503 if
the queue has no room for any that is new.""",
)
async def register_assets(
    request: Request, service: Served, org: Member, key: IdempotencyKey
) -> Response:
    """Register many assets by one request."""
    media_type = require_type(request, JSON, NDJSON)
    raw = await request.body()

    def take() -> bytes:
        return msgspec.json.encode(register_bulk(service, read_bulk(org, key, media_type, raw)))

    answer = await to_thread.run_sync(take, limiter=_AT_ONCE)
    return Response(answer, 202, {"Retry-After": "1"}, media_type=JSON)
