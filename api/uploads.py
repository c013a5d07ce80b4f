"""Takes files in: hashed and encrypted while they arrive, looked into, then remembered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import anyio
from starlette.concurrency import run_in_threadpool

from api.acceptance import digest
from api.bodies import to_the_end
from api.deps import Service
from api.errors import Problem, field_error, unavailable
from ledger.database.engine import writing
from ledger.documents.canonical import JsonValue
from ledger.documents.file_writing import FileWriter
from ledger.documents.files import FileDescription
from ledger.errors import LedgerError
from ledger.outbox.classes import make_label
from ledger.outbox.failpoints import reach
from ledger.outbox.files import accept_file
from ledger.outbox.once import Asked
from ledger.outbox.operations import SentDocument
from ledger.standards.checking import BY_KHRONOS, verify_file
from ledger.standards.files import BrokenFile
from ledger.standards.khronos import ValidatorBusy, ValidatorMissing
from ledger.standards.media_types import BEGINNING, Format, WrongMediaType, verify_beginning
from ledger.types import Hash32, to_hex

_AT_ONCE: Final = 1024 * 1024
_KHRONOS_MOST: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Uploading:
    """A file that an organisation sends: its media type, its name if it has one, its key."""

    org: Hash32
    media_type: str
    name: str | None
    key: str | None
    data_class: str | None = None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that is kept; `format` is the one that it was found to be, if one was looked for.

    `repeated` if the same request had been answered before.
    """

    content_hash: Hash32
    description: FileDescription
    format: str | None
    repeated: bool


async def take_in(service: Service, asked: Uploading, body: AsyncIterator[bytes]) -> Uploaded:
    """Take in a file while it arrives; what is refused, or ends before its end, leaves nothing.

    Raises:
        Problem: it is not what it is declared to be, or is broken.
        IdempotencyConflict: the key stands for another request.
    """
    async with to_the_end(body):
        return await _take(service, asked, body)


async def _take(service: Service, asked: Uploading, body: AsyncIterator[bytes]) -> Uploaded:
    writer = await run_in_threadpool(service.files.begin, asked.org)
    try:
        format = await _feed(writer, asked.media_type, body)
        return await run_in_threadpool(_finish, service, asked, writer, format)
    finally:
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(writer.discard)


async def _feed(writer: FileWriter, media_type: str, body: AsyncIterator[bytes]) -> Format | None:
    """Write what arrives; the first bytes are judged at once, before all others came."""
    waiting, begun, format = bytearray(), False, None
    async for part in body:
        waiting += part
        if not begun and len(waiting) >= BEGINNING:
            begun, format = True, _judge(media_type, waiting)
        if len(waiting) >= _AT_ONCE:
            await run_in_threadpool(writer.feed, bytes(waiting))
            waiting.clear()
    if not begun:
        format = _judge(media_type, waiting)
    await run_in_threadpool(writer.feed, bytes(waiting))
    return format


def _judge(media_type: str, waiting: bytearray) -> Format | None:
    try:
        return verify_beginning(media_type, bytes(waiting[:BEGINNING]))
    except WrongMediaType as error:
        told = field_error("Content-Type", media_type, error.message)
        raise Problem(
            "media_type_mismatch", error.message, errors=[told], members=error.fields
        ) from None


def _finish(
    service: Service, asked: Uploading, writer: FileWriter, format: Format | None
) -> Uploaded:
    sha256 = writer.finish()
    checked = _look_into(service, writer, format)
    described = FileDescription(sha256, writer.size, asked.media_type, asked.name)
    sealed = described.seal(writer.seed)
    [place] = service.documents.save([sealed], [asked.org])
    told = {"path": "documents", **described.tell(), **_tell_class(asked)}
    request = Asked(asked.org, asked.key, digest(told, None))
    reach("a file is stored")
    try:
        with writing(service.engine) as session:
            label = make_label(session, asked.org, asked.data_class)
            sent = SentDocument(sealed.content_hash, writer.size, place, asked.media_type, label)
            accepted = accept_file(session, request, sent, writer.name)
    except LedgerError:
        raise
    except Exception:
        writer.leave()  # it may be committed; if not, the file is destroyed at the next start
        raise
    reach("acceptance is committed")
    if not accepted.existing:
        writer.settle()
    return Uploaded(accepted.content_hash, described, checked, accepted.existing)


def _tell_class(asked: Uploading) -> dict[str, JsonValue]:
    return {"data_class": asked.data_class} if asked.data_class else {}


def _look_into(service: Service, writer: FileWriter, format: Format | None) -> str | None:
    """Look into a file that has arrived; the format that it was found to be. Raises Problem."""
    if format is None:
        return None
    if format.name in BY_KHRONOS:
        if service.settings.gltf_validation == "off":
            return None
        _require_small(format, writer.size)
    try:
        with writer.open() as file:
            verify_file(format, file, writer.size)
    except BrokenFile as error:
        raise _problem_of(format, error) from None
    except ValidatorMissing as error:
        raise Problem("validator_missing", error.message) from None
    except ValidatorBusy as error:
        raise unavailable(error.message) from None
    return format.name


def _require_small(format: Format, size: int) -> None:
    if size > _KHRONOS_MOST:
        raise Problem(
            "body_too_large",
            f"{format.name} is validated up to {_KHRONOS_MOST} bytes, and this has {size}",
            members={"max_body": _KHRONOS_MOST},
        )


def _problem_of(format: Format, error: BrokenFile) -> Problem:
    told = [field_error(f"document{one.path}", None, one.reason) for one in error.faults]
    detail = "; ".join(f"{each['field']}: {each['reason']}" for each in told[:3])
    return Problem("invalid_file", detail, errors=told, members={"format": format.name})


def tell_description(described: FileDescription) -> dict[str, str | int | None]:
    """A file's description, as answers have it."""
    return {
        "media_type": described.media_type,
        "size": described.size,
        "sha256": to_hex(described.sha256),
        "name": described.name,
    }
