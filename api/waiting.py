"""`Prefer: wait`: how long an answer may be held until what was asked stands (RFC 7240, 4.3)."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Depends, Header

LONGEST: Final = 60
"""Seconds that a request may ask us to wait."""

_WAIT: Final = re.compile(
    r'(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9}(?:\.\d{1,3})?)"?\s*(?=[,;]|$)', re.IGNORECASE
)


async def read_wait(
    prefer: Annotated[
        str | None,
        Header(
            description=f"`wait=N`: up to N seconds (at most {LONGEST}) until it is on the ledger",
            examples=["wait=10"],
        ),
    ] = None,
) -> float | None:
    """Seconds that the client prefers to wait; a preference that we do not know is ignored."""
    found = _WAIT.search(prefer or "")
    return min(float(found[1]), LONGEST) if found else None


Wait = Annotated[float | None, Depends(read_wait)]
