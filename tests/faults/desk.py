"""Requests as clients make them, right and wrong ones, and what has to become of each."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from sqlalchemy import Engine
from sqlmodel import Session

from ledger.database.engine import writing
from ledger.documents.packs import Place
from ledger.documents.sealing import Sealed, seal
from ledger.domain.payloads import (
    Dismounted,
    Enrolled,
    Frozen,
    Mounted,
    Observed,
    Payload,
    Registered,
    Revised,
    Transferred,
    Unfrozen,
)
from ledger.errors import Conflict
from ledger.hashing import sha256, subject_id
from ledger.mirror.subject_rows import fetch_subjects
from ledger.outbox.appending import accept_entry
from ledger.outbox.interventions import cancel, retry
from ledger.outbox.keys import Credential
from ledger.outbox.known import AcceptedAsset
from ledger.outbox.operations import (
    Accepted,
    Asked,
    SentDocument,
    accept_enrolment,
    find_operation,
)
from ledger.outbox.positions import next_on_its_way
from ledger.outbox.registering import Registering, accept_registrations
from ledger.outbox.tables import Operation, State
from ledger.types import ZERO_HASH, AssetKind, Hash32


class Fate(Enum):
    """What has to become of an operation; `EITHER` where that depends on who comes first."""

    FINAL = "final"
    REJECTED = "rejected"
    EITHER = "either"


@dataclass(eq=False)
class Fortune:
    """What assets share that were parts of one another: `open` once all hangs on an order.

    Two lanes keep no order after a reorganisation, and a cancelled request takes those with it
    that built on it.
    """

    open: bool = False


@dataclass(eq=False)
class Asset:
    """An asset as its accepted requests leave it.

    `moved` means that positions told beforehand may not come true.
    """

    id: Hash32
    owner: Hash32
    parent: Asset | None = None
    frozen: bool = False
    moved: bool = False
    fortune: Fortune = field(default_factory=Fortune)


@dataclass(frozen=True)
class Expected:
    """An accepted operation: what it is about, and what it is to come to."""

    id: str
    about: tuple[Asset, ...]
    fate: Fate


@dataclass
class Desk:
    """Asks at random; what it asked, and has to see, stands in `asked`."""

    engine: Engine
    domain: Hash32
    random: random.Random
    orgs: list[Hash32] = field(default_factory=list)
    assets: list[Asset] = field(default_factory=list)
    asked: dict[str, Expected] = field(default_factory=dict)
    doubled: list[str] = field(default_factory=list)

    def fate_of(self, operation: str) -> Fate:
        asked = self.asked[operation]
        return Fate.EITHER if any(one.fortune.open for one in asked.about) else asked.fate

    def ask(self) -> None:
        """Make one request. Raises DatabaseBusy: then it was not accepted."""
        if not self.orgs or (len(self.orgs) < 4 and self.random.random() < 0.15):
            return self.enrol()
        if not self.assets or self.random.random() < 0.35:
            return self.register()
        common = [self.observe] * 5 + [self.transfer] * 2 + [self.mount, self.mount, self.dismount]
        rare = [self.wrong, self.wrong, self.freeze, self.cancel, self.retry, self.repeat]
        return self.random.choice([*common, *rare])()

    # -- what is right ---------------------------------------------------------------------

    def enrol(self) -> None:
        did = f"did:web:{len(self.orgs)}.example"
        org = subject_id(self.domain, Enrolled.KIND, ZERO_HASH, Enrolled(did).encode())
        self._commit(
            (),
            Fate.FINAL,
            lambda session: accept_enrolment(
                session,
                did=did,
                name=did,
                subject=org,
                idempotency_key=None,
                request_digest=sha256(did.encode()),
            ),
        )
        self.orgs.append(org)

    def register(self) -> None:
        """A new asset; now and then twice by the same key and serial, which makes one."""
        org, serial = self.random.choice(self.orgs), f"S-{len(self.assets)}"
        owner = self.random.choice(self.orgs) if self.random.random() < 0.2 else org
        document = seal(b"{}", serial)
        payload = Registered(owner, ZERO_HASH, document.content_hash, AssetKind.INSTANCE).encode()
        asset = Asset(subject_id(self.domain, Registered.KIND, org, payload), owner)
        wanted = Registering(
            serial=serial,
            digest=document.digest,
            subject=asset.id,
            payload=payload,
            document=document,
            asked=Asked(org, serial, sha256(serial.encode())),
        )

        def accept(session: Session) -> Accepted:
            [outcome] = accept_registrations(session, [wanted], _has_room, _keep_nowhere)
            assert isinstance(outcome, AcceptedAsset)
            return Accepted(_get(session, outcome.operation), outcome.existing)

        self._commit((asset,), Fate.FINAL, accept)
        self.assets.append(asset)
        if self.random.random() < 0.2:
            with writing(self.engine) as session:
                again = accept(session)
                assert again.existing
                assert again.operation.id in self.asked

    def observe(self) -> None:
        asset = self.random.choice(self.assets)
        content = self.random.randbytes(32)
        payload = self.random.choice([Observed, Revised])(content)
        self._enter(asset, asset.owner, payload, fixed=self.random.random() < 0.2)

    def transfer(self) -> None:
        asset, to = self.random.choice(self.assets), self.random.choice(self.orgs)
        if to != asset.owner:
            self._enter(asset, asset.owner, Transferred(to))
            if not asset.frozen:
                asset.owner = to

    def mount(self) -> None:
        part, parent = self.random.choice(self.assets), self.random.choice(self.assets)
        fits = part.owner == parent.owner and not part.frozen and not parent.frozen
        above = parent
        while above is not part and above.parent is not None:
            above = above.parent
        if fits and part.parent is None and above is not part:
            self._enter(part, part.owner, Mounted(parent.id), also=parent)
            part.parent = parent
            self._tie(part, parent)

    def dismount(self) -> None:
        mounted = [one for one in self.assets if one.parent and not one.frozen]
        if mounted:
            part = self.random.choice(mounted)
            assert part.parent is not None
            if not part.parent.frozen:
                self._enter(part, part.owner, Dismounted(part.parent.id), also=part.parent)
                part.parent = None

    # -- what is wrong, or odd -------------------------------------------------------------

    def wrong(self) -> None:
        """Somebody else's asset: to be rejected, while what comes after goes on."""
        asset = self.random.choice(self.assets)
        others = [org for org in self.orgs if org != asset.owner]
        if others:
            asset.moved = True
            payload = Observed(self.random.randbytes(32))
            self._enter(asset, self.random.choice(others), payload, fate=Fate.REJECTED)

    def freeze(self) -> None:
        asset = self.random.choice(self.assets)
        asset.fortune.open = True
        kind = Unfrozen if asset.frozen else Frozen
        self._enter(asset, None, kind(self.random.randbytes(32)))
        asset.frozen = not asset.frozen

    def cancel(self) -> None:
        asked = self.random.choice(list(self.asked.values()))
        if not asked.about:
            return
        try:
            with writing(self.engine) as session:
                cancel(session, _get(session, asked.id), _OPERATOR)
        except Conflict:
            return
        for asset in asked.about:
            asset.fortune.open = True

    def retry(self) -> None:
        asked = self.random.choice(list(self.asked.values()))
        if not asked.about:
            return
        try:
            with writing(self.engine) as session:
                before = _get(session, asked.id).state
                retry(session, _get(session, asked.id), None)
        except Conflict:
            return
        if before == State.REJECTED:
            for asset in asked.about:
                asset.fortune.open = True

    def repeat(self) -> None:
        """An entry by an Idempotency-Key, three times over."""
        asset = self.random.choice(self.assets)
        before = len(self.asked)
        key, payload = f"K-{before}", Observed(self.random.randbytes(32))
        for _ in range(3):
            self._enter(asset, asset.owner, payload, key=key)
        if len(self.asked) > before + 1:
            self.doubled.append(f"{key} made {len(self.asked) - before} operations")

    # -- how -------------------------------------------------------------------------------

    def _enter(
        self,
        asset: Asset,
        org: Hash32 | None,
        payload: Payload,
        *,
        also: Asset | None = None,
        fixed: bool = False,
        fate: Fate = Fate.FINAL,
        key: str | None = None,
    ) -> None:
        if org is not None and asset.frozen:
            asset.moved, fate = True, Fate.REJECTED
        if fixed and asset.moved and fate is Fate.FINAL:
            fate = Fate.EITHER
        content = getattr(payload, "content_hash", None)

        def accept(session: Session) -> Accepted:
            mirrored = fetch_subjects(session, [asset.id]).get(asset.id)
            following = mirrored.count if mirrored else None
            expected = max(following or 0, next_on_its_way(session, asset.id))
            return accept_entry(
                session,
                org=org,
                subject=asset.id,
                kind=payload.KIND,
                payload=payload.encode(),
                position=expected if fixed else None,
                next_position=following,
                document=SentDocument(content, 9, _NOWHERE) if content else None,
                idempotency_key=key,
                request_digest=sha256(payload.encode()),
            )

        self._commit((asset, also) if also else (asset,), fate, accept)

    def _commit(
        self, about: tuple[Asset, ...], fate: Fate, accept: Callable[[Session], Accepted]
    ) -> None:
        with writing(self.engine) as session:
            accepted = accept(session)
            operation, existing = accepted.operation.id, accepted.existing
        if not existing:
            self.asked[operation] = Expected(operation, about, fate)

    def _tie(self, part: Asset, parent: Asset) -> None:
        """From now on the two share their fate, as far as order goes."""
        parent.moved = part.moved = True
        part.fortune.open |= parent.fortune.open
        before = parent.fortune
        for asset in self.assets:
            if asset.fortune is before:
                asset.fortune = part.fortune


_OPERATOR = Credential(None, "operator")
_NOWHERE = Place("", 0, 0)


def _has_room(_: Hash32, __: int) -> None:
    """There is always room."""


def _keep_nowhere(documents: Sequence[Sealed], _: Sequence[Hash32]) -> list[Place]:
    """Documents that nobody reads."""
    return [_NOWHERE for _ in documents]


def _get(session: Session, operation: str) -> Operation:
    found = find_operation(session, operation)
    assert found is not None
    return found
