"""The demo's five industries, one module each; the `lives()` of each tells all of its assets."""

from collections.abc import Iterator

from ledger.demo.story import Life
from ledger.demo.worlds import aerospace, automotive, electronics, energy, shipbuilding

WORLDS = (automotive, aerospace, shipbuilding, energy, electronics)


def all_lives() -> Iterator[Life]:
    """Every asset of the demo, world by world."""
    for world in WORLDS:
        yield from world.lives()
