"""Schemas and worlds are what their few entries say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.domain.catalogue import fold_schema, fold_world
from ledger.domain.kinds import Kind
from ledger.domain.payloads import SchemaPublished, WorldClosed, WorldOpened
from ledger.errors import VerificationError
from tests.domain.examples import OPENED, history

ID, ORG, DOCUMENT, SCHEMA, ISSUER = (bytes([n]) * 32 for n in range(1, 6))


def test_a_schema_is_what_was_published_and_stays_so() -> None:
    birth, again = history(ID, [SchemaPublished(DOCUMENT, SCHEMA)] * 2, ORG)
    schema = fold_schema(None, birth)
    assert (schema.id, schema.org, schema.head) == (ID, ORG, ID)
    assert (schema.content_hash, schema.replaces) == (DOCUMENT, SCHEMA)
    assert (schema.count, schema.opened_at) == (1, OPENED)
    for before, entry in ((schema, again), (None, again), (schema, birth)):
        with pytest.raises(VerificationError, match="cannot stand"):
            fold_schema(before, entry)


def test_a_world_admits_as_it_was_opened_until_it_is_closed() -> None:
    birth, end = history(ID, [WorldOpened(DOCUMENT, SCHEMA, ISSUER), WorldClosed(DOCUMENT)], ORG)
    world = fold_world(None, birth)
    assert (world.id, world.org, world.content_hash) == (ID, ORG, DOCUMENT)
    assert (world.schema, world.issuer, world.open) == (SCHEMA, ISSUER, True)
    closed = fold_world(world, end)
    assert closed == replace(world, open=False, count=2, head=closed.head)
    assert closed.head != world.head


def test_a_world_takes_no_other_entries() -> None:
    birth, end = history(ID, [WorldOpened(DOCUMENT, SCHEMA, ISSUER), WorldClosed(DOCUMENT)], ORG)
    world = fold_world(None, birth)
    with pytest.raises(VerificationError, match="cannot stand"):
        fold_world(None, end)
    with pytest.raises(VerificationError, match="cannot stand"):
        fold_world(world, replace(birth, position=1))
    with pytest.raises(VerificationError, match="cannot stand"):
        fold_world(world, replace(end, kind=Kind.REVISED))
    with pytest.raises(VerificationError, match="not the next"):
        fold_world(world, replace(end, position=2))
