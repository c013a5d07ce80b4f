"""What organisations are to do with each other's assets, and what must come out, drawn by a seed.

Organisations and assets are numbers: asset `n` is registered by organisation `n // assets`. The
first few of each organisation are assemblies, which stay with it and have parts mounted on them;
each other asset meets a fate, dealt like cards, so that a small plan has every fate as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

FATES: Final = {
    "kept": 8,
    "mounted": 3,
    "taken off": 1,
    "sold": 2,
    "sold, mounted": 2,
    "lent": 2,
    "lent, mounted": 1,
    "sold twice": 1,
}
"""What becomes of twenty assets."""

NOT_TWICE: Final = "NotOwner"
"""The contract's reason against the one thing that is planned to be refused: the second sale."""

_DECK: Final = [fate for fate, times in FATES.items() for _ in range(times)]
_ASSETS_OF_AN_ASSEMBLY: Final = 20
_ATTESTED: Final = 0.2
_ATTESTED_TWICE: Final = 0.4
_REVOKED: Final = 0.3


@dataclass(frozen=True, slots=True)
class Step:
    """An organisation appends an entry to an asset; `to` is an organisation, `parent` an asset.

    `refused`: it must come to nothing, for this reason of the contract's.
    """

    by: int
    kind: str
    party: str | None = None
    to: int | None = None
    parent: int | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """What an asset's parties do with it, one after another, and who else attests it.

    `attested` tells of each issuer whether it takes its attestation back.
    """

    steps: Sequence[Step] = ()
    attested: Mapping[int, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an asset must stand in the end; `entries` are all of its own, those of its parts too.

    `attested` tells of each issuer whether its attestation is revoked.
    """

    owner: int
    custodian: int | None = None
    parent: int | None = None
    attested: Mapping[int, bool] = field(default_factory=dict)
    entries: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """The lives of all assets, and how each ends, by the asset's number."""

    organisations: int
    assets: int
    seed: int
    lives: Sequence[Life]
    outcomes: Sequence[Outcome]

    def made_by(self, organisation: int) -> range:
        """The assets that an organisation registers."""
        return range(organisation * self.assets, (organisation + 1) * self.assets)

    def maker(self, asset: int) -> int:
        """The organisation that registers an asset."""
        return asset // self.assets

    def owned_by(self, organisation: int) -> list[int]:
        """The assets that an organisation must own in the end."""
        return [n for n, outcome in enumerate(self.outcomes) if outcome.owner == organisation]

    @property
    def entries(self) -> int:
        """How many entries the ledger must have of all assets."""
        return sum(outcome.entries for outcome in self.outcomes)

    @property
    def refused(self) -> int:
        """How many steps must come to nothing."""
        return sum(step.refused is not None for life in self.lives for step in life.steps)

    @property
    def kinds(self) -> Counter[str]:
        """How many entries of each kind organisations append."""
        counted = Counter(
            step.kind for life in self.lives for step in life.steps if not step.refused
        )
        counted["registered"] = len(self.lives)
        counted["attested"] = sum(len(life.attested) for life in self.lives)
        counted["attestation_revoked"] = sum(sum(life.attested.values()) for life in self.lives)
        return counted


def draw(organisations: int, assets: int, seed: int) -> Plan:
    """A plan for so many organisations, three at least, each of so many assets, two at least."""
    chance = Random(seed)  # noqa: S311 - the same again is what is wanted
    drawing = _Drawing(organisations, assets, chance)
    lives = drawing.draw()
    return Plan(organisations, assets, seed, lives, _ends(lives, assets))


@dataclass(frozen=True, slots=True)
class _Drawing:
    organisations: int
    assets: int
    chance: Random

    @property
    def assemblies(self) -> int:
        """How many of an organisation's assets are assemblies."""
        return max(1, self.assets // _ASSETS_OF_AN_ASSEMBLY)

    def draw(self) -> list[Life]:
        """The lives of all assets."""
        every = self.organisations * self.assets
        deck = (_DECK * (every // len(_DECK) + 1))[:every]
        self.chance.shuffle(deck)
        return [self.live(n, deck[n]) for n in range(every)]

    def live(self, asset: int, dealt: str) -> Life:
        """An asset's life, if it meets that fate."""
        maker, number = divmod(asset, self.assets)
        fate = "kept" if number < self.assemblies else dealt
        return Life(self.steps(fate, maker), self.attest(maker, fate))

    def steps(self, fate: str, maker: int) -> list[Step]:
        """What its parties do with an asset of that fate."""
        other, third = self.chance.sample(self.others(maker), 2)
        match fate:
            case "mounted":
                return [self.mount(maker)]
            case "taken off":
                mounted = self.mount(maker)
                return [mounted, replace(mounted, kind="dismounted")]
            case "sold":
                return hand_over("owner", maker, other)
            case "sold, mounted":
                return [*hand_over("owner", maker, other), self.mount(other)]
            case "lent":
                return hand_over("custodian", maker, other)
            case "lent, mounted":
                return [*hand_over("custodian", maker, other), self.mount(other)]
            case "sold twice":
                sold = Step(maker, "transferred", to=other)
                return [sold, replace(sold, to=third, refused=NOT_TWICE)]
            case _:
                return []

    def mount(self, by: int) -> Step:
        """It is mounted on one of the assemblies of whoever mounts it."""
        parent = by * self.assets + self.chance.randrange(self.assemblies)
        return Step(by, "mounted", parent=parent)

    def attest(self, maker: int, fate: str) -> dict[int, bool]:
        """Who attests it, and whether each takes that back.

        Not where something is refused: what is behind it moves up, and a revocation names a place.
        """
        if self.chance.random() >= _ATTESTED:
            return {}
        issuers = self.chance.sample(
            self.others(maker), 1 + (self.chance.random() < _ATTESTED_TWICE)
        )
        drawn = {issuer: self.chance.random() < _REVOKED for issuer in issuers}
        return dict.fromkeys(drawn, False) if fate == "sold twice" else drawn

    def others(self, organisation: int) -> list[int]:
        """All organisations but one."""
        return [one for one in range(self.organisations) if one != organisation]


def hand_over(party: str, giver: int, taker: int) -> list[Step]:
    """What a party stands for is offered, and accepted."""
    offered = Step(giver, "offered", party=party, to=taker)
    return [offered, Step(taker, "accepted", party=party)]


# -- how it ends -----------------------------------------------------------------------------------


def _ends(lives: Sequence[Life], assets: int) -> list[Outcome]:
    """How each asset ends; what is mounted on it and taken off is an entry of its own as well."""
    told = Counter(step.parent for life in lives for step in life.steps if step.parent is not None)
    found = []
    for number, life in enumerate(lives):
        outcome = Outcome(owner=number // assets, attested=life.attested)
        for step in life.steps:
            outcome = _after(outcome, step)
        said = len(life.attested) + sum(life.attested.values()) + told[number]
        found.append(replace(outcome, entries=outcome.entries + said))
    return found


def _after(outcome: Outcome, step: Step) -> Outcome:
    if step.refused is not None:
        return outcome
    changed = replace(outcome, entries=outcome.entries + 1)
    match step:
        case Step(kind="accepted", party="owner"):
            return replace(changed, owner=step.by)
        case Step(kind="accepted"):
            return replace(changed, custodian=step.by)
        case Step(kind="transferred", to=int(to)):
            return replace(changed, owner=to)
        case Step(kind="mounted" | "dismounted"):
            return replace(changed, parent=step.parent if step.kind == "mounted" else None)
        case _:
            return changed
