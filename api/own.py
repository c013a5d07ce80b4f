"""The organisation of a path that only its own keys, and the operator's, may ask about."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from sqlmodel import Session

from api.deps import View
from api.errors import Problem
from api.lookup import find_party
from api.schemas.base import EXAMPLE_DID
from ledger.types import Hash32

Named = Annotated[str, Path(max_length=2048, description="id or DID", examples=[EXAMPLE_DID])]


def get_own(view: View, named: str) -> Hash32:
    """The organisation that is named, if the caller is of it or the operator. Raises Problem."""
    org = get_named(view.session, named)
    if not view.may_follow(org):
        raise _unknown(named)
    return org


def get_named(session: Session, named: str) -> Hash32:
    """The organisation that is named, enrolled or about to be. Raises Problem."""
    org = find_party(session, named, "organisation")
    if org is None:
        raise _unknown(named)
    return org


def _unknown(named: str) -> Problem:
    return Problem("not_found", f"no organisation {named[:200]} of yours is known")
