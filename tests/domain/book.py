"""A ledger that is written by hand: entries are born, placed and told the time by themselves."""

from __future__ import annotations

from ledger.domain.entries import Appended
from ledger.domain.ledger import Ledger
from ledger.domain.payloads import (
    Dismounted,
    Enrolled,
    Founded,
    Mounted,
    PartAdded,
    PartRemoved,
    Payload,
    Registered,
)
from ledger.hashing import domain_separator, keccak, subject_id
from ledger.types import ZERO_HASH, AssetKind
from tests.domain.examples import ACTOR, OPENED, told

DOMAIN = domain_separator(31337, b"\1" * 20)
ONE, TWO = (
    subject_id(DOMAIN, Enrolled.KIND, ZERO_HASH, Enrolled(did).encode())
    for did in ("did:web:one.example", "did:web:two.example")
)


class Book:
    """A founded ledger of two organisations."""

    def __init__(self) -> None:
        self.ledger = Ledger(DOMAIN)
        self.entries: list[Appended] = []
        self.founding = self.begin(Founded(ACTOR))
        for did in ("did:web:one.example", "did:web:two.example"):
            self.begin(Enrolled(did))

    @property
    def now(self) -> int:
        return OPENED + len(self.entries)

    def begin(self, payload: Payload, org: bytes = ZERO_HASH) -> bytes:
        subject = subject_id(DOMAIN, payload.KIND, org, payload.encode())
        self.write(subject, payload, org)
        return subject

    def register(self, serial: str, org: bytes = ONE) -> bytes:
        birth = Registered(org, ZERO_HASH, keccak(serial.encode()), AssetKind.INSTANCE)
        return self.begin(birth, org)

    def write(self, subject: bytes, payload: Payload, org: bytes = ZERO_HASH) -> None:
        """Append an entry, and what the ledger writes beside it."""
        entry = told(subject, self.ledger.count(subject), payload, org, self.now)
        self.append(entry)
        match payload:
            case Mounted(parent):
                self._beside(parent, PartAdded(subject), entry)
            case Dismounted(parent):
                self._beside(parent, PartRemoved(subject), entry)

    def append(self, entry: Appended) -> None:
        self.ledger.append(entry)
        self.entries.append(entry)

    def _beside(self, parent: bytes, payload: Payload, cause: Appended) -> None:
        position = self.ledger.count(parent)
        self.append(told(parent, position, payload, cause.org, cause.timestamp))
