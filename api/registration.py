"""Takes registrations in, any number at a time: one alone goes the same way as ten thousand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter
from sqlmodel import Session

from api import lookup
from api.acceptance import Taken, digest
from api.batch_serials import find_born
from api.bodies import decode_body
from api.deps import Service
from api.described import load_file, tell_request
from api.errors import Problem
from api.pressure import require_room
from api.receipts import collect_receipts, get_notary
from api.schemas.assets import RegisterAsset
from api.steps import go_on
from api.validation import find_violations, get_schema, no_files
from ledger.database.engine import reading, writing
from ledger.documents.commitment import Commitment
from ledger.documents.sealing import Sealed, seal
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Registered
from ledger.errors import DocumentError, LedgerError, UnknownThing
from ledger.hashing import subject_id
from ledger.outbox.classes import Label, make_label
from ledger.outbox.failpoints import reach
from ledger.outbox.files import FileTaken, lock_file, unknown_file
from ledger.outbox.known import AcceptedAsset, find_known
from ledger.outbox.once import Asked
from ledger.outbox.registering import Registering, accept_registrations
from ledger.outbox.registrations import find_registrations
from ledger.outbox.tables import Registration
from ledger.proofs.receipt_tree import Given
from ledger.types import ZERO_HASH, AssetKind, Hash32, to_hex

REGISTER: Final[TypeAdapter[RegisterAsset]] = TypeAdapter(RegisterAsset)

_NO_DIGEST: Final = ZERO_HASH


@dataclass(frozen=True, slots=True)
class Sent:
    """A registration as it was sent: who sent it, its body, its Idempotency-Key."""

    org: Hash32
    body: bytes
    key: str | None


@dataclass(frozen=True, slots=True)
class _Read:
    """A registration that is right by itself."""

    sent: Sent
    told: RegisterAsset
    document: Sealed | None  # None: a file is named in its place


def register_apart(service: Service, sent: Sent) -> Taken:
    """As `register`, for one whose schema may take long, which others should not wait for."""
    [outcome] = register(service, [sent])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def may_name_schema(body: bytes) -> bool:
    """Whether a body may have a schema; escaped, any name may be that one."""
    return b'"schema"' in body or b"\\" in body


def register(
    service: Service, all_sent: Sequence[Sent], whole: Asked | None = None
) -> list[Taken | Exception]:
    """Take registrations in, in one transaction; tells of each what became of it, in order.

    What is wrong with one hinders no other. `whole` is the request that all of them came with,
    if that has an Idempotency-Key of its own.

    Raises:
        IdempotencyConflict: the key of `whole` stands for another request.
        Problem: the mirror has not begun.
    """
    read = [_read(sent) for sent in all_sent]
    fitting = go_on(read, lambda these: _hold_against_schemas(service, these))
    wanted = go_on(fitting, lambda these: _resolve(service, these))
    outcomes = go_on(wanted, lambda these: _accept(service, these, whole))
    return [one if isinstance(one, Exception) else _taken(*one) for one in outcomes]


def _read(sent: Sent) -> _Read | Exception:
    try:
        told = decode_body(REGISTER, sent.body)
        return _Read(sent, told, None if told.file else seal(told.document, told.serial))
    except (Problem, DocumentError) as error:
        return error


def _hold_against_schemas(service: Service, these: Sequence[_Read]) -> list[_Read | Exception]:
    """Those that fit the schemas that they name; what names none fits."""
    outcomes: list[_Read | Exception] = list(these)
    named = {one.told.schema_ for one in these if one.told.schema_}
    for schema in sorted(named):
        places = [place for place, one in enumerate(these) if one.told.schema_ == schema]
        documents = [these[place].document for place in places]
        for place, problem in zip(places, _judge(service, schema, documents), strict=True):
            outcomes[place] = problem or outcomes[place]
    return outcomes


def _judge(
    service: Service, schema: Hash32, documents: Sequence[Sealed | None]
) -> Sequence[Exception | None]:
    """What speaks against each document by a schema; against a file: that it is none."""
    try:
        with reading(service.engine) as session:
            text = get_schema(service, session, schema)
        raw = [one.raw for one in documents if one is not None]
        found = iter(find_violations(service, schema, text or b"", raw) if raw else ())
    except (Problem, LedgerError) as error:
        return [error] * len(documents)
    return [no_files(schema) if one is None else next(found) for one in documents]


def _resolve(service: Service, these: Sequence[_Read]) -> list[Registering | Exception]:
    named = {one.told.owner for one in these if one.told.owner}
    with reading(service.engine) as session:
        domain = lookup.get_domain(session)
        owners = lookup.find_parties(session, named, "owner") if named else {}
        documents = [_find_document(service, session, one) for one in these]
        labels = [_find_label(session, one) for one in these]
    found = zip(these, documents, labels, strict=True)
    return [_resolve_one(*one, domain, owners) for one in found]


def _find_label(session: Session, one: _Read) -> Label | LedgerError | None:
    try:
        return make_label(session, one.sent.org, one.told.data_class)
    except LedgerError as error:
        return error


def _find_document(
    service: Service, session: Session, one: _Read
) -> Sealed | Registration | LedgerError:
    """The document that came, or the description of the file that is named.

    If that was erased since, the registration that had it: asked for again, it is as it was.
    """
    if one.document is not None:
        return one.document
    file = one.told.file or ZERO_HASH
    try:
        return load_file(service.births, session, one.sent.org, file)
    except LedgerError as error:
        again = find_registrations(session, one.sent.org, [one.told.serial]).get(one.told.serial)
        return again if again is not None and again.content_hash == file else error


def _resolve_one(
    one: _Read,
    document: Sealed | Registration | LedgerError,
    label: Label | LedgerError | None,
    domain: Hash32,
    owners: Mapping[str, Hash32 | LedgerError],
) -> Registering | Exception:
    told, sent = one.told, one.sent
    owner = owners[told.owner] if told.owner else sent.org
    if isinstance(owner, LedgerError):
        return owner
    if isinstance(document, LedgerError):
        return document
    if isinstance(label, LedgerError):
        return label
    kind = AssetKind[told.asset_kind.upper()]
    schema = told.schema_ or ZERO_HASH
    payload = Registered(owner, schema, document.content_hash, kind).encode()
    subject = subject_id(domain, Kind.REGISTERED, sent.org, payload)
    attributes = {"asset_kind": told.asset_kind, "owner": to_hex(owner)}
    if told.schema_:
        attributes["schema"] = to_hex(schema)
    if label:
        attributes["data_class"] = label.data_class
    if isinstance(document, Registration):
        known = document.digest if document.asset == subject else _NO_DIGEST
        document = Sealed(b"", Commitment(document.content_hash, b"", None, ()), known)
    return Registering(
        serial=told.serial,
        digest=digest(attributes, document) if document.raw else document.digest,
        subject=subject,
        payload=payload,
        document=document,
        asked=Asked(sent.org, sent.key, _request_digest(told, one.document, sent.key)),
        is_file=told.file is not None,
        label=label,
    )


def _request_digest(told: RegisterAsset, document: Sealed | None, key: str | None) -> Hash32:
    return digest({"path": "assets", **tell_request(told)}, document) if key else _NO_DIGEST


def _accept(
    service: Service, wanted: Sequence[Registering], whole: Asked | None
) -> list[tuple[AcceptedAsset, Given | None] | Exception]:
    if not wanted and whole is None:
        return []  # the write lock is not for what is wrong

    def admit(org: Hash32, count: int) -> Exception | None:
        try:
            require_room(service, org, count)
        except Problem as problem:
            return problem
        return None

    with writing(service.engine) as session:
        born = find_born(session, service.births, wanted) | _find_taken(session, wanted)
        rest = [one for index, one in enumerate(wanted) if index not in born]
        save, notary = service.documents.save, get_notary(service, session)
        accepted = iter(accept_registrations(session, rest, admit, save, whole, notary))
        outcomes = [born.get(index) or next(accepted) for index in range(len(wanted))]
    reach("acceptance is committed")
    operations = [one.operation for one in outcomes if isinstance(one, AcceptedAsset)]
    receipts = collect_receipts(service, notary, operations)
    return [
        (one, receipts.get(one.operation)) if isinstance(one, AcceptedAsset) else one
        for one in outcomes
    ]


def _find_taken(
    session: Session, wanted: Sequence[Registering]
) -> dict[int, FileTaken | UnknownThing]:
    """Those registrations whose file is another's, or gone, by their places.

    With one file, assets of two serials would have one id: the file is what tells them apart.
    """
    found = dict[int, FileTaken | UnknownThing]()
    claimed = dict[Hash32, tuple[Hash32, str]]()
    for place, one in enumerate(wanted):
        if not one.is_file:
            continue
        file, (org, serial) = one.document.content_hash, one.place
        document = lock_file(session, file)
        if document is None:
            if not _is_answered(session, one):
                found[place] = unknown_file(file)
            continue
        about = document.subject
        known = find_registrations(session, org, [serial]).get(serial) if about else None
        is_own = about is None or (known is not None and known.asset == about)
        if not is_own or claimed.setdefault(file, one.place) != one.place:
            found[place] = FileTaken(file, about or one.subject)
    return found


def _is_answered(session: Session, one: Registering) -> bool:
    """Whether a registration was asked for before: it is answered again, its file gone or not."""
    asked = one.asked
    keys = [(asked.org, asked.key)] if asked.key is not None else []
    known = find_known(session, keys, [one.place])
    given = known.serials.get(one.place)
    return bool(known.keys) or (given is not None and not given.rejected)


def _taken(accepted: AcceptedAsset, receipt: Given | None) -> Taken:
    return Taken(
        operation=accepted.operation,
        subject=accepted.asset,
        position=0,
        content_hash=accepted.content_hash,
        repeated=accepted.existing,
        receipt=receipt,
    )
