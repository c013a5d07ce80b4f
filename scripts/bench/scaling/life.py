"""What happens to the generated assets: births and acts, each as the contract's rules allow it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from random import Random
from typing import Final, TypeAlias

from ledger.domain.kinds import Kind
from ledger.hashing import subject_id
from ledger.types import ZERO_HASH, AssetKind, Hash32, Party, Stage
from scripts.bench.scaling.kept import Writer
from scripts.bench.scaling.shape import WEIGHTS, Shape

Due: TypeAlias = tuple[int, int, bytes]
"""An organisation, the kind of entry that it is to write next, and the payload."""

_NEXT_STAGE: Final = (
    Stage.COMMISSIONED,
    Stage.IN_SERVICE,
    Stage.MAINTENANCE,
    Stage.IN_SERVICE,
)
_MOUNTED, _HAS_PARTS = 1, 2
_OFFERED: Final = (Party.OWNER, Party.OWNER, Party.CUSTODIAN, Party.OPERATOR)
_TAKEN: Final = 0.85
_ENDED: Final = 0.5


def word(number: int) -> bytes:
    """A number as a payload has it."""
    return number.to_bytes(32, "big")


class Life:
    """All assets, by the number of their birth, and what may be done with them next.

    `schema`, `world` and `batches` are there already; a batch is its id and its owner.
    """

    def __init__(
        self,
        shape: Shape,
        writer: Writer,
        chance: Random,
        schema: Hash32,
        world: Hash32,
        batches: Sequence[tuple[Hash32, int]],
    ) -> None:
        self.shape = shape
        self.writer = writer
        self.random = chance.random
        self.randbytes = chance.randbytes
        self.schema = schema
        self.world = world
        self.domain = writer.place.domain
        self.ids: list[Hash32] = []
        self.heads: list[Hash32] = []
        self.counts = array("I")
        self.owners = array("H")
        self.stages = bytearray()
        self.flags = bytearray()
        self.due: dict[int, Due] = {}
        self.youngest: dict[int, int] = {}  # by owner
        self.parents: dict[int, int] = {}
        self.batches = batches
        self.members = 0  # of batches, opened so far
        self.acts = self._table()

    def _table(self) -> list[Callable[[int], None]]:
        by_kind: dict[Kind, Callable[[int], None]] = {
            Kind.OBSERVED: self.observe,
            Kind.REVISED: self.revise,
            Kind.STAGED: self.stage,
            Kind.OFFERED: self.offer,
            Kind.ATTESTED: self.attest,
            Kind.TRANSFERRED: self.transfer,
            Kind.CORRECTED: self.correct,
            Kind.MOUNTED: self.mount,
            Kind.LISTED: self.list,
        }
        return [by_kind[kind] for kind, weight in WEIGHTS.items() for _ in range(weight)]

    def go_on(self) -> None:
        """The next thing happens: a birth where one is due, else an act."""
        shape, born = self.shape, len(self.ids)
        if born * shape.entries <= shape.assets * self.writer.sequence and born < shape.assets:
            self.bear()
        else:
            self.act(self.choose(born))

    def choose(self, born: int) -> int:
        """The asset that something happens to."""
        older = max(0, born - self.shape.window)
        if older and self.random() < self.shape.older:
            return int(self.random() * older)
        return older + int(self.random() * (born - older))

    def act(self, asset: int) -> None:
        """What is due happens, or anything."""
        due = self.due.pop(asset, None)
        if due is None:
            self.acts[int(self.random() * len(self.acts))](asset)
            return
        org, kind, payload = due
        if kind == Kind.DISMOUNTED and self.is_last():
            self.observe(asset)
            return
        self.tell(asset, org, kind, payload)
        if kind == Kind.ACCEPTED:
            self.accepted(asset, org, payload[31])
        elif kind == Kind.DISMOUNTED:
            self.dismounted(asset, org)

    def is_last(self) -> bool:
        """Whether only one more entry is wanted."""
        return self.writer.sequence + 1 >= self.shape.entries

    def tell(self, asset: int, org: int, kind: int, payload: bytes) -> None:
        """Write an asset's next entry."""
        position = self.counts[asset]
        self.heads[asset] = self.writer.write(
            self.ids[asset], self.heads[asset], org, kind, position, payload
        )
        self.counts[asset] = position + 1

    # -- births ----------------------------------------------------------------------------

    def bear(self) -> None:
        """One more asset: registered, or of a batch and written of for the first time."""
        if self.random() < self.shape.members:
            self.observe(self.open(*self.next_member()))
            return
        org = self.organisation()
        owner = org if self.random() < 0.9 else self.organisation()
        ids = self.writer.organisations
        payload = ids[owner] + self.schema + self.randbytes(32) + word(AssetKind.INSTANCE)
        subject = subject_id(self.domain, Kind.REGISTERED, ids[org], payload)
        self.writer.write(subject, subject, org, Kind.REGISTERED, 0, payload)
        self.open(subject, owner)

    def next_member(self) -> tuple[Hash32, int]:
        """An asset of a batch of which nothing is written yet, and its owner."""
        batch, owner = self.batches[self.members % len(self.batches)]
        index = 1 + self.members // len(self.batches)
        self.members += 1
        return (int.from_bytes(batch) + index).to_bytes(32), owner

    def open(self, subject: Hash32, owner: int) -> int:
        asset = len(self.ids)
        self.ids.append(subject)
        self.heads.append(subject)
        self.counts.append(1)
        self.owners.append(owner)
        self.stages.append(Stage.PLANNED)
        self.flags.append(0)
        self.youngest[owner] = asset
        return asset

    def organisation(self) -> int:
        """Any of the organisations."""
        return 1 + int(self.random() * (len(self.writer.organisations) - 1))

    def another(self, org: int) -> int:
        """Any of the others."""
        other = 1 + int(self.random() * (len(self.writer.organisations) - 2))
        return other + (other >= org)

    # -- acts ------------------------------------------------------------------------------

    def observe(self, asset: int) -> None:
        self.tell(asset, self.owners[asset], Kind.OBSERVED, self.randbytes(32))

    def revise(self, asset: int) -> None:
        self.tell(asset, self.owners[asset], Kind.REVISED, self.randbytes(32))

    def correct(self, asset: int) -> None:
        corrected = word(int(self.random() * self.counts[asset]))
        self.tell(asset, self.owners[asset], Kind.CORRECTED, corrected + self.randbytes(32))

    def stage(self, asset: int) -> None:
        stage = _NEXT_STAGE[self.stages[asset]]
        self.stages[asset] = stage
        self.tell(asset, self.owners[asset], Kind.STAGED, word(stage))

    def transfer(self, asset: int) -> None:
        owner = self.owners[asset]
        to = self.another(owner)
        self.tell(asset, owner, Kind.TRANSFERRED, self.writer.organisations[to])
        self.owners[asset] = to

    def offer(self, asset: int) -> None:
        owner = self.owners[asset]
        to = self.another(owner)
        party = word(_OFFERED[int(self.random() * len(_OFFERED))])
        payload = party + self.writer.organisations[to] + word(0)
        self.tell(asset, owner, Kind.OFFERED, payload)
        taken = self.random() < _TAKEN
        self.due[asset] = (to, Kind.ACCEPTED, party) if taken else (owner, Kind.WITHDRAWN, party)

    def accepted(self, asset: int, org: int, party: int) -> None:
        if party == Party.OWNER:
            self.owners[asset] = org
        else:
            self.due[asset] = org, Kind.RELEASED, word(party)

    def attest(self, asset: int) -> None:
        issuer, position = self.organisation(), self.counts[asset]
        self.tell(asset, issuer, Kind.ATTESTED, self.schema + self.randbytes(32) + word(0))
        if self.random() < _ENDED:
            self.due[asset] = issuer, Kind.ATTESTATION_REVOKED, word(position) + self.schema

    def list(self, asset: int) -> None:
        owner = self.owners[asset]
        told = self.world + self.randbytes(64) + word(0) + ZERO_HASH + word(0)
        self.tell(asset, owner, Kind.LISTED, told)
        if self.random() < _ENDED:
            self.due[asset] = owner, Kind.DELISTED, self.world

    def mount(self, asset: int) -> None:
        """Onto the youngest asset of the same owner; trees have two levels here."""
        owner = self.owners[asset]
        parent = self.youngest.get(owner, asset)
        if not self.fits(asset, parent) or self.is_last():
            self.observe(asset)
            return
        self.tell(asset, owner, Kind.MOUNTED, self.ids[parent])
        self.tell(parent, owner, Kind.PART_ADDED, self.ids[asset])
        self.flags[asset] = _MOUNTED
        self.flags[parent] = _HAS_PARTS
        if self.random() < _ENDED:
            self.parents[asset] = parent
            self.due[asset] = owner, Kind.DISMOUNTED, self.ids[parent]

    def fits(self, part: int, parent: int) -> bool:
        """Whether one may be mounted on the other."""
        is_other = part != parent and self.owners[part] == self.owners[parent]
        return is_other and not self.flags[part] and self.flags[parent] != _MOUNTED

    def dismounted(self, asset: int, org: int) -> None:
        parent = self.parents.pop(asset)
        self.flags[asset] = 0
        self.tell(parent, org, Kind.PART_REMOVED, self.ids[asset])
