"""Takes uploaded files back: whoever sent one has it destroyed, as long as nothing points at it."""

from __future__ import annotations

from sqlmodel import Session

from api.deps import Service
from api.errors import Problem
from ledger.database.engine import reading, writing
from ledger.errors import UnknownThing
from ledger.mirror.queries import EntryFilter, list_entries
from ledger.outbox.failpoints import reach
from ledger.outbox.files import get_own_file
from ledger.outbox.taking_back import FileNamed, TakenBack, take_back
from ledger.types import Hash32, to_hex

_PAGE = 200


def destroy_upload(service: Service, org: Hash32, file: Hash32) -> None:
    """Destroy a file that an organisation uploaded, and its key, as erasing does.

    It is noted, forgotten, then destroyed: what is committed is destroyed, after a crash at the
    next start.

    Raises:
        Problem: the organisation uploaded no such file, or it is gone.
        FileNamed: an entry points at it, or an operation on its way names it.
    """
    try:
        left = _forget(service, org, file)
    except UnknownThing:
        raise Problem("not_found", f"no file {to_hex(file)} was uploaded by you") from None
    reach("a file is forgotten")
    service.births.destroy_left(left.name, left.place)


def _forget(service: Service, org: Hash32, file: Hash32) -> TakenBack:
    with reading(service.engine) as session:
        about = get_own_file(session, org, file).subject
        if about is not None:
            _require_unnamed(session, about, file)
    with writing(service.engine) as session:
        left = take_back(session, org, file)
        service.births.note_leaving(left.name, left.place)
        reach("a file is noted to leave")
    return left


def _require_unnamed(session: Session, subject: Hash32, file: Hash32) -> None:
    """See that no entry names a file; those that did not come by this service among them."""
    page = list_entries(session, EntryFilter(subject=subject), limit=_PAGE)
    while True:
        for entry in page.items:
            if file in entry.payload:
                raise FileNamed(file, subject, f"entry {entry.position}")
        if page.cursor is None:
            return
        page = list_entries(session, EntryFilter(subject=subject), cursor=page.cursor, limit=_PAGE)
