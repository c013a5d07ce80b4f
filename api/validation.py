"""Holds documents against published schemas before they are taken in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlmodel import Session

from api.deps import Service
from api.errors import Problem, field_error, invalid, unavailable
from api.published import find_schema_document, get_published
from ledger.documents.batch_files import BatchFile
from ledger.documents.batch_lines import LineFault
from ledger.documents.batch_portions import MOST_FAULTS
from ledger.standards.json_schema import SchemaFault, UnusableSchema
from ledger.standards.schema_workers import ValidatorsBusy
from ledger.types import ZERO_HASH, Hash32, to_hex

_AT_ONCE: Final = 1000


def get_schema(service: Service, session: Session, schema: Hash32) -> bytes | None:
    """The text of a published schema; None for zero, which is none.

    Raises:
        UnknownThing: no such schema is on the ledger, or on its way there.
        Problem: its document was not sent to this service.
        CorruptDocument: its document is not what was accepted.
    """
    if schema == ZERO_HASH:
        return None
    get_published(session, schema)
    found = find_schema_document(session, service.births, schema)
    if found is None:
        raise _unusable(schema, "its document is not kept here")
    return found


def find_violations(
    service: Service,
    schema: Hash32,
    text: bytes,
    documents: Sequence[bytes],
    field: str = "document",
) -> list[Problem | None]:
    """The problem of each document that does not fit the schema of that id and text.

    `field` is where the request has it.

    Raises:
        Problem: nothing can be said of any: the schema cannot be used, or there is much to do.
    """
    found = _ask(service, schema, text, documents)
    return [_violated(schema, faults, field) if faults else None for faults in found]


def require_fitting(
    service: Service,
    schema: Hash32,
    text: bytes | None,
    document: bytes | None,
    field: str = "document",
) -> None:
    """See that what an asset of a schema is described by fits it. Raises Problem."""
    if text is None:
        return
    if document is None:
        raise no_files(schema)
    [problem] = find_violations(service, schema, text, [document], field)
    if problem is not None:
        raise problem


def find_bad_lines(
    service: Service, schema: Hash32, text: bytes | None, batch: BatchFile
) -> list[LineFault]:
    """The first lines of a batch whose documents do not fit. Raises as `find_violations`."""
    faults: list[LineFault] = []
    for first in range(1, batch.about.size + 1, _AT_ONCE) if text is not None else ():
        numbers = range(first, min(first + _AT_ONCE, batch.about.size + 1))
        documents = [batch.read(number).document for number in numbers]
        found = _ask(service, schema, text or b"", documents)
        for number, some in zip(numbers, found, strict=True):
            faults += _bad_line(number, some)
        if len(faults) >= MOST_FAULTS:
            break
    return faults[:MOST_FAULTS]


def no_files(schema: Hash32) -> Problem:
    """The refusal of a file where a schema says what a document must be."""
    reason = f"is no document, as the schema {to_hex(schema)} asks for"
    return invalid("file", None, reason)


def _ask(
    service: Service, schema: Hash32, text: bytes, documents: Sequence[bytes]
) -> list[list[SchemaFault]]:
    try:
        return service.validators.find_faults(text, documents)
    except UnusableSchema as error:
        raise _unusable(schema, f"{error.fields['path']} {error.fields['reason']}") from None
    except ValidatorsBusy as error:
        raise unavailable(error.message) from None


def _unusable(schema: Hash32, reason: str) -> Problem:
    detail = f"schema: {to_hex(schema)} cannot be validated by: {reason.strip()}"
    errors = [field_error("schema", to_hex(schema), reason.strip())]
    return Problem("unusable_schema", detail, errors=errors)


def _violated(schema: Hash32, faults: Sequence[SchemaFault], field: str) -> Problem:
    told = [
        field_error(f"{field}{one.path}", one.value, one.reason) | {"rule": one.rule}
        for one in faults
    ]
    detail = "; ".join(f"{each['field']}: {each['rule']}: {each['reason']}" for each in told[:3])
    members = {"schema": to_hex(schema)}
    return Problem("schema_violation", detail, errors=told, members=members)


def _bad_line(number: int, faults: Sequence[SchemaFault]) -> Iterator[LineFault]:
    for one in faults:
        reason = f"{one.rule}: {one.reason}"
        yield LineFault(number, f"/document{one.path}", one.value, reason)
