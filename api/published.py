"""Finds published schemas, with their documents: those are every member's to read."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from api.births import Births
from ledger.domain.kinds import Kind
from ledger.domain.payloads import SchemaPublished
from ledger.errors import UnknownThing
from ledger.mirror.queries import find_schema
from ledger.outbox.registrations import find_documents
from ledger.outbox.tables import Operation, State
from ledger.types import Hash32, to_hex


@dataclass(frozen=True, slots=True)
class Published:
    """A schema that `org` published, or is about to; it never changes."""

    id: Hash32
    org: Hash32
    content_hash: Hash32


def find_published(session: Session, schema: Hash32) -> Published | None:
    """A schema that is on the ledger, or on its way there."""
    row = find_schema(session, schema)
    if row is not None:
        return Published(schema, row.org, row.content_hash)
    sent = find_birth(session, schema)
    if sent is None or sent.kind != Kind.SCHEMA_PUBLISHED:
        return None
    return Published(schema, sent.org, SchemaPublished.decode(sent.payload).content_hash)


def get_published(session: Session, schema: Hash32, field: str = "schema") -> Published:
    """As `find_published`. Raises UnknownThing, naming the request's field."""
    found = find_published(session, schema)
    if found is None:
        raise UnknownThing("schema", field=field, value=to_hex(schema))
    return found


def find_schema_document(session: Session, births: Births, schema: Hash32) -> bytes | None:
    """The text of a published schema, byte for byte as it was sent.

    None where there is no such schema, or its document was not sent to this service.

    Raises:
        CorruptDocument: it is not what was accepted.
    """
    found = find_published(session, schema)
    return None if found is None else load_schema_document(session, births, found)


def load_schema_document(session: Session, births: Births, schema: Published) -> bytes | None:
    """The text of a schema; None where it was not sent to this service. Raises CorruptDocument."""
    document = find_documents(session, [schema.content_hash]).get(schema.content_hash)
    return None if document is None else births.load(document).raw


def find_birth(session: Session, subject: Hash32) -> Operation | None:
    """The operation that is to begin a subject, or has; None if it was rejected, or is not here."""
    wanted = select(Operation).where(
        Operation.subject == subject, Operation.position == 0, Operation.state != State.REJECTED
    )
    return session.exec(wanted.order_by(col(Operation.sequence)).limit(1)).first()
