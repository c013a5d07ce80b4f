"""Alarms about checkpoints: none is made, none is anchored, or two of one block contradict."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from sqlmodel import Session, col, select

from api.deps import Service
from api.schemas.ledger import Alarm
from ledger.mirror.queries import find_checkpoint
from ledger.mirror.tables import EntryRow
from ledger.outbox.witnesses import find_newest_word, find_unanchored, list_conflicts
from ledger.types import to_hex


def list_checkpoint_alarms(service: Service, session: Session) -> list[Alarm]:
    """What a person should look at about checkpoints, as things stand now."""
    now = time.time()
    found = [*_find_conflicts(session)]
    if service.settings.checkpoint_within:
        found += _find_missing(service, session, now)
    if service.settings.anchor_rpc_url and service.settings.anchor_within:
        found += _find_late(service, session, now)
    return found


def _find_conflicts(session: Session) -> Iterator[Alarm]:
    for word in list_conflicts(session):
        yield Alarm(
            code="checkpoint_conflict",
            about=to_hex(word.witness),
            message=f"{to_hex(word.witness)} signed a checkpoint of block {word.block_number}"
            f" ({to_hex(word.block_hash)}) that contradicts another one of that block: one of them"
            " is of a chain that was left, or shown to some alone",
            needs="compare that block on nodes of several members, and find out who was shown what",
        )


def _find_missing(service: Service, session: Session, now: float) -> Iterator[Alarm]:
    """Entries that no checkpoint covers that the service signed."""
    word = find_newest_word(session, service.signer.address)
    kept = None if word is None else find_checkpoint(session, block=word.block_number)
    covered = 0 if kept is None else kept.sequence
    first = select(EntryRow.timestamp).where(col(EntryRow.sequence) > covered)
    since = session.exec(first.order_by(col(EntryRow.sequence)).limit(1)).one_or_none()
    if since is None or now - since < service.settings.checkpoint_within:
        return
    yield Alarm(
        code="checkpoint_missing",
        about=None,
        message=f"entries have been in no signed checkpoint for {_span(now - since)}",
        needs="see that blocks become final and a submitter runs, or: asset-ledger checkpoint",
    )


def _find_late(service: Service, session: Session, now: float) -> Iterator[Alarm]:
    word = find_unanchored(session, service.signer.address)
    if word is None or now - word.created_at / 1000 < service.settings.anchor_within:
        return
    yield Alarm(
        code="checkpoint_late",
        about=None,
        message=f"the checkpoint of block {word.block_number}, signed"
        f" {_span(now - word.created_at / 1000)} ago, is not anchored on the other chain",
        needs="see that its node answers and the key `service` has funds there, or:"
        " asset-ledger checkpoint --to URL",
    )


def _span(seconds: float) -> str:
    return str(timedelta(seconds=int(seconds)))
