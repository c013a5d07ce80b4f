"""JSON Pointer (RFC 6901): picks one value out of a JSON document."""

from __future__ import annotations

import re
from typing import Any, Final

from ledger.errors import DocumentError, MalformedValue

_POINTER: Final = re.compile(r"(/([^~/]|~[01])*)*")
_INDEX: Final = re.compile(r"0|[1-9][0-9]*")


def parse_pointer(text: str, field: str = "pointer") -> tuple[str, ...]:
    """The reference tokens of a pointer (RFC 6901, 3 and 4).

    Raises:
        MalformedValue: `text` is no JSON Pointer.
    """
    if not _POINTER.fullmatch(text):
        raise MalformedValue(field=field, value=text, wanted="a JSON Pointer such as /serial")
    # ~1 first: ~01 means ~1, not a slash (RFC 6901, 4).
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def get_value(document: Any, tokens: tuple[str, ...]) -> Any:
    """The value that the pointer's tokens lead to.

    Raises:
        DocumentError: nothing is there; names how far the way went.
    """
    path = ""
    for token in tokens:
        path += "/" + token
        if isinstance(document, dict) and token in document:
            document = document[token]
        elif isinstance(document, list) and _INDEX.fullmatch(token) and int(token) < len(document):
            document = document[int(token)]
        else:
            raise DocumentError("nothing is there", path=path)
    return document
