"""Reads of one asset: what is asked most goes by a way of its own, in front of the routes.

It answers `GET /v1/assets/{id}` as the route does, of the asset as it stands now and without a
query, from one statement that finds key and asset together: a key that is revoked opens nothing
from then on. Whatever is not plain goes on to the application, which says the rest: no key or a
bad one, a wallet's key, a quota that has to be asked for, an asset that is not there, a database
that is busy.
"""

from __future__ import annotations

import re
from typing import Any, Final, cast

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from api.answers import tell_asset
from api.conditions import is_known, tag_of
from api.deps import Service
from api.quick.found import Asked, Found, Lookup
from ledger.outbox.keys import Credential, split_token
from ledger.types import to_hex

_PATH: Final = re.compile(r"/v1/assets/0x([0-9a-fA-F]{64})")
_BEARER: Final = b"bearer "
_encode: Final = msgspec.json.Encoder().encode


class _Route:
    """Under whose name requests are counted."""

    path = "/v1/assets/{asset_id}"


class Quick:
    """ASGI layer in front of the application's routes."""

    def __init__(self, app: ASGIApp, service: Service, lookup: Lookup) -> None:
        self._app, self._service, self._lookup = app, service, lookup

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _read(scope)
        found = None if asked is None else await self._lookup.find(asked)
        if asked is None or found is None or not self._let_in(scope, found.who):
            await self._app(scope, receive, send)
            return
        etag = tag_of(found.asset.count - 1)
        headers = [(b"etag", etag.encode())]
        status, body = 304, b""
        if not is_known(etag, asked.if_none_match):
            status, body = 200, self._body(found)
            headers.append((b"content-type", b"application/json"))
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _let_in(self, scope: Scope, who: Credential) -> bool:
        """Take what the request costs; not, where the database would have to be asked for that."""
        toll = self._service.quotas.try_admit(who, 0)
        if toll is None:
            return False
        scope["caller"], scope["toll"], scope["route"] = who.prefix, toll, _Route
        self._service.diary.note_use(who)
        return True

    def _body(self, found: Found) -> bytes:
        """As the route's model writes it."""
        who, row, serial = found.who, found.asset, found.serial
        if row.birth_content_hash is None and (birth := self._service.births.find_birth(row.id)):
            content_hash = row.content_hash or birth[0]
            row = row._replace(birth_content_hash=birth[0], content_hash=content_hash)
            serial = serial or birth[1]
        may_name = who.reads is None or who.reads in (row.org, row.owner)
        told: dict[str, Any] = tell_asset(cast(Any, row), serial if may_name else None)
        told["frozen"] = bool(row.frozen)  # SQLite has numbers
        told["as_of"] = {
            "block": found.block,
            "hash": to_hex(found.block_hash),
            "finality": "final" if found.block <= found.final_block else "latest",
        }
        return _encode(told)


def _read(scope: Scope) -> Asked | None:
    """What is asked, if it is asked plainly."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["query_string"]:
        return None
    path = _PATH.fullmatch(scope["path"])
    if path is None:
        return None
    token, known = None, None
    for name, value in scope["headers"]:
        if name == b"authorization":
            if token is not None or value[:7].lower() != _BEARER:
                return None
            token = value[7:].decode("latin-1")
        elif name == b"if-none-match":
            if known is not None:
                return None
            known = value.decode("latin-1")
    return None if token is None else Asked(*split_token(token), bytes.fromhex(path[1]), known)
