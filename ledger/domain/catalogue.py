"""The folds of the catalogue: schemas, and worlds in which assets are shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.domain.entries import Appended
from ledger.domain.heads import head_after, misplaced
from ledger.domain.payloads import SchemaPublished, WorldClosed, WorldOpened, decode_payload
from ledger.types import Hash32


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema that `org` published; `replaces` is the version before it, or zero."""

    id: Hash32
    org: Hash32
    content_hash: Hash32
    replaces: Hash32
    count: int
    head: Hash32
    opened_at: int


@dataclass(frozen=True, slots=True)
class World:
    """A world that `org` opened, after `count` entries.

    It admits organisations with a credential of `schema`, issued by `issuer` if that is not zero;
    all of them if `schema` is zero.
    """

    id: Hash32
    org: Hash32
    content_hash: Hash32
    schema: Hash32
    issuer: Hash32
    open: bool
    count: int
    head: Hash32
    opened_at: int


def fold_schema(schema: Schema | None, entry: Appended) -> Schema:
    """The schema after its first entry, and only: nothing can be said of it any more.

    Raises:
        VerificationError: the entry does not begin a schema.
        BadPayload: its payload is not that of its kind.
    """
    payload = decode_payload(entry.kind, entry.payload)
    if schema is not None or not isinstance(payload, SchemaPublished) or entry.position != 0:
        raise misplaced(entry, "a schema")
    return Schema(
        id=entry.subject,
        org=entry.org,
        content_hash=payload.content_hash,
        replaces=payload.replaces,
        count=1,
        head=entry.subject,
        opened_at=entry.timestamp,
    )


def fold_world(world: World | None, entry: Appended) -> World:
    """The world after one more entry (None before the first).

    Raises:
        VerificationError: the entry is not its next, or no entry of a world.
        BadPayload: its payload is not that of its kind.
    """
    payload = decode_payload(entry.kind, entry.payload)
    if world is not None:
        head = head_after(world, entry)
        if not isinstance(payload, WorldClosed):
            raise misplaced(entry, "a world")
        return replace(world, count=world.count + 1, head=head, open=False)
    if not isinstance(payload, WorldOpened) or entry.position != 0:
        raise misplaced(entry, "a world")
    return World(
        id=entry.subject,
        org=entry.org,
        content_hash=payload.content_hash,
        schema=payload.schema,
        issuer=payload.issuer,
        open=True,
        count=1,
        head=entry.subject,
        opened_at=entry.timestamp,
    )
