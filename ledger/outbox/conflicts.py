"""What can stand against accepting a request, beyond its form."""

from __future__ import annotations

from ledger.errors import Conflict, InputError
from ledger.types import Hash32


class IdempotencyConflict(InputError):
    """An Idempotency-Key was used before, for another request."""

    code = "idempotency_conflict"

    def __init__(self, key: str, operation: str) -> None:
        super().__init__(
            f"Idempotency-Key {key!r} was used for another request", key=key, operation=operation
        )


class SerialTaken(Conflict):
    """The organisation gave the serial to another document; `asset` has it."""

    code = "serial_taken"

    def __init__(self, serial: str, asset: Hash32) -> None:
        shown = f"0x{asset.hex()}"
        super().__init__(
            f"serial {serial!r} is registered with another document or other attributes,"
            f" as asset {shown}",
            serial=serial,
            asset=shown,
        )


class AlreadyEnrolled(Conflict):
    """An organisation of that DID is enrolled, or about to be."""

    code = "already_enrolled"

    def __init__(self, did: str, org: Hash32) -> None:
        shown = f"0x{org.hex()}"
        super().__init__(f"{did} is enrolled already, as {shown}", did=did, organisation=shown)


class WrittenByTheLedger(InputError):
    """The ledger writes entries of the kind itself, beside others; nobody can ask for one."""

    code = "written_by_the_ledger"

    def __init__(self, kind: str) -> None:
        super().__init__(f"the ledger writes {kind} itself, beside another entry", kind=kind)


class WrongPosition(Conflict):
    """The entry was asked to stand at a position that is not the subject's next."""

    code = "wrong_position"

    def __init__(self, subject: Hash32, *, expected: int, given: int) -> None:
        super().__init__(
            f"position {given} is not the next of 0x{subject.hex()}: {expected} is",
            subject=f"0x{subject.hex()}",
            expected=expected,
            given=given,
        )
