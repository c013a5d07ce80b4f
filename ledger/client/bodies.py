"""Documents in the bodies of requests: JSON text goes out as it is, values as their text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from ledger.errors import DocumentError

JsonDocument: TypeAlias = bytes | Mapping[str, Any]
"""JSON text, which the ledger keeps byte for byte; or an object, which is written as such text."""


def registration(
    serial: str,
    document: JsonDocument | None,
    *,
    file: str | None = None,
    asset_kind: str | None = None,
    owner: str | None = None,
    schema: str | None = None,
    data_class: str | None = None,
) -> bytes:
    """The body that registers an asset, with the text of its document as it is, or with a file.

    Raises:
        DocumentError: `document` is not one JSON value.
    """
    return body_of(
        document,
        serial=serial,
        file=file,
        asset_kind=asset_kind,
        owner=owner,
        schema=schema,
        data_class=data_class,
    )


def raw_of(document: JsonDocument) -> msgspec.Raw:
    """A document's text, to be put into a body. Raises DocumentError if it is not one value."""
    if not isinstance(document, bytes):
        return msgspec.Raw(msgspec.json.encode(dict(document)))
    # Unchecked text could close its place in the body and add fields of its own.
    try:
        msgspec.json.decode(document, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DocumentError(f"not JSON: {error}") from None
    except RecursionError:
        raise DocumentError("nested too deeply") from None
    return msgspec.Raw(document.strip(b" \t\r\n"))


def body_of(document: JsonDocument | None, **told: object) -> bytes:
    """A body of the members that are given (not None), with a document's text as it is.

    An underscore at the end of a name is dropped.
    """
    parts = {name.rstrip("_"): value for name, value in told.items() if value is not None}
    if document is not None:
        parts["document"] = raw_of(document)
    return msgspec.json.encode(parts)
