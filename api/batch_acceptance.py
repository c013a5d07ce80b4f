"""Takes batches in: the lines are kept, then one transaction makes the operation lasting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Final

import anyio
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from api import batch_serials, lookup
from api.acceptance import Taken
from api.bodies import to_the_end
from api.deps import Service
from api.errors import Problem, field_error, unavailable
from api.pressure import require_room
from api.receipts import find_receipt, get_notary
from api.validation import find_bad_lines, get_schema
from ledger.database.engine import reading, writing
from ledger.documents.batch_files import About
from ledger.documents.batch_lines import LineFault
from ledger.documents.batch_store import BatchesBusy
from ledger.documents.batch_writer import BadLines, BatchWriter
from ledger.documents.canonical import JsonValue, canonical
from ledger.documents.sealing import seal
from ledger.domain.kinds import Kind
from ledger.domain.payloads import BatchRegistered
from ledger.hashing import sha256, subject_id
from ledger.outbox.batches import SentBatch, accept_batch, is_standing, lock_serials
from ledger.outbox.classes import Label, make_label
from ledger.outbox.once import Accepted, Asked, find_answered
from ledger.outbox.operations import SentDocument
from ledger.types import ZERO_HASH, Hash32, to_hex

FORMAT: Final = "asset-ledger-batch/1"
"""How a batch's manifest calls what it describes: the lines, and how their tree is made."""

_AT_ONCE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asking:
    """A batch that an organisation asks for; `owner` by id or DID, None: itself."""

    org: Hash32
    owner: str | None
    name: str | None
    schema: Hash32 | None
    data_class: str | None
    key: str | None


@dataclass(frozen=True, slots=True)
class TakenBatch:
    """A batch that was taken in."""

    taken: Taken
    root: Hash32
    size: int


@dataclass(frozen=True, slots=True)
class _Resolved:
    """What a request's names stand for."""

    owner: Hash32
    domain: Hash32
    schema: bytes | None  # its text
    label: Label | None


async def take_in(service: Service, asking: Asking, body: AsyncIterator[bytes]) -> TakenBatch:
    """Take in a batch while its lines arrive.

    Raises:
        Problem: lines cannot be accepted (each is named), or a serial is taken.
        IdempotencyConflict: it contradicts an earlier request.
        UnknownThing: the owner is not known.
    """
    async with to_the_end(body):
        return await _take(service, asking, body)


async def _take(service: Service, asking: Asking, body: AsyncIterator[bytes]) -> TakenBatch:
    resolved = await run_in_threadpool(_resolve, service, asking)
    try:
        writer = await run_in_threadpool(service.births.batches.begin, asking.org)
    except BatchesBusy:
        raise unavailable("as many batches as this service takes at once arrive") from None
    try:
        await _feed(writer, body)
        return await run_in_threadpool(_finish, service, asking, resolved, writer)
    except BadLines as bad:
        raise problem_of_lines("invalid_document", bad.faults) from None
    except BrokenProcessPool:
        raise unavailable("a process that worked on the batch ended") from None
    finally:
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(writer.discard)


async def _feed(writer: BatchWriter, body: AsyncIterator[bytes]) -> None:
    waiting = bytearray()
    async for part in body:
        waiting += part
        if len(waiting) >= _AT_ONCE:
            await run_in_threadpool(writer.feed, bytes(waiting))
            waiting.clear()
    await run_in_threadpool(writer.feed, bytes(waiting))


def _resolve(service: Service, asking: Asking) -> _Resolved:
    require_room(service, asking.org)
    with reading(service.engine) as session:
        owner = asking.owner and lookup.get_party(session, asking.owner, "owner")
        domain = lookup.get_domain(session)
        schema = get_schema(service, session, asking.schema or ZERO_HASH)
        label = make_label(session, asking.org, asking.data_class)
        return _Resolved(owner or asking.org, domain, schema, label)


def _finish(
    service: Service, asking: Asking, resolved: _Resolved, writer: BatchWriter
) -> TakenBatch:
    about, batch = writer.finish()
    if bad := find_bad_lines(service, asking.schema or ZERO_HASH, resolved.schema, batch):
        raise problem_of_lines("schema_violation", bad)
    asked = Asked(asking.org, asking.key, _request_digest(asking, about))
    sent = _prepare(service, asking, resolved, about)
    with reading(service.engine) as session:
        if answered := find_answered(session, asked):
            return _tell(session, Accepted(answered, existing=True))
        repeated = is_standing(session, asking.org, sent.digest)
        seen = batch_serials.Seen(0, frozenset())
        if not repeated:
            taken, seen = batch_serials.find_taken(session, service.births, asking.org, batch)
            _refuse(taken)
    if not repeated:
        writer.keep(sent.subject)
    try:
        with writing(service.engine) as session:
            lock_serials(session, asking.org, whole=True)
            accepted = accept_batch(session, sent, asked, get_notary(service, session))
            itself = accepted.operation.subject
            if not accepted.existing:
                late = batch_serials.find_taken_since(
                    session, service.births, asking.org, itself, batch, seen
                )
                _refuse(late)
            told = _tell(session, accepted)
    except Problem:
        raise
    except Exception:
        writer.leave()  # it may be committed; if not, the lines are cleaned at the next start
        raise
    if itself == sent.subject:
        writer.release()
    return told


def _refuse(taken: list[LineFault]) -> None:
    if taken:
        raise problem_of_lines("serial_taken", taken)


def _prepare(service: Service, asking: Asking, resolved: _Resolved, about: About) -> SentBatch:
    manifest = seal(canonical(_manifest(asking, about)))
    [place] = service.documents.save([manifest], [asking.org])
    payload = BatchRegistered(
        resolved.owner,
        asking.schema or ZERO_HASH,
        about.root,
        about.size,
        manifest.content_hash,
    ).encode()
    return SentBatch(
        subject=subject_id(resolved.domain, Kind.BATCH_REGISTERED, asking.org, payload),
        payload=payload,
        size=about.size,
        digest=_digest(asking, resolved, about),
        name=asking.name,
        manifest=SentDocument(
            manifest.content_hash, len(manifest.raw), place, label=resolved.label
        ),
        label=resolved.label,
    )


def _manifest(asking: Asking, about: About) -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = {
        "format": FORMAT,
        "root": to_hex(about.root),
        "size": about.size,
        "lines": {"sha256": to_hex(about.digest), "length": about.length},
    }
    return told if asking.name is None else told | {"name": asking.name}


def _request_digest(asking: Asking, about: About) -> Hash32:
    told: dict[str, JsonValue] = {"path": "batches", "lines": to_hex(about.digest)}
    return sha256(canonical(told | _later(asking) | {"owner": asking.owner, "name": asking.name}))


def _digest(asking: Asking, resolved: _Resolved, about: About) -> Hash32:
    """Over lines and attributes, without anything random: equal batches have equal digests."""
    told: dict[str, JsonValue] = {"owner": to_hex(resolved.owner), "lines": to_hex(about.digest)}
    return sha256(canonical(told | _later(asking) | {"name": asking.name}))


def _later(asking: Asking) -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = {"schema": to_hex(asking.schema)} if asking.schema else {}
    return told | ({"data_class": asking.data_class} if asking.data_class else {})


def _tell(session: Session, accepted: Accepted) -> TakenBatch:
    operation = accepted.operation
    payload = BatchRegistered.decode(operation.payload)
    taken = Taken(
        operation=operation.id,
        subject=operation.subject,
        position=operation.position,
        content_hash=payload.content_hash,
        repeated=accepted.existing,
        receipt=find_receipt(session, operation.id),
    )
    return TakenBatch(taken, payload.root, payload.size)


def problem_of_lines(code: str, faults: list[LineFault]) -> Problem:
    """The problem of lines that cannot be accepted, each named."""
    told = [field_error(f"line {one.line}{one.path}", one.value, one.reason) for one in faults]
    detail = "; ".join(f"{each['field']}: {each['reason']}" for each in told[:3])
    return Problem(code, detail, errors=told)
