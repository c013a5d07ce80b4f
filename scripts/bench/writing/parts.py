"""Invents birth records of parts, one a line, for batches of any size."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

_NAMES: Final = ("Planet carrier", "Ring gear", "Wälzlager", "Sun shaft", "行星齿轮")
_PLANTS: Final = ("did:web:plant-1.example", "did:web:plant-2.example", "did:web:plant-3.example")
_PORTION: Final = 10_000


def write_parts(path: Path, count: int, seed: int) -> None:
    """Write `count` lines of 200 to 300 bytes; the same seed writes the same file.

    Serials are `PART-<seed>-<number>`, from 1, so that files of different seeds never share one.
    """
    chance = random.Random(seed)  # noqa: S311 — parts that look alike every time
    with path.open("w", encoding="utf-8") as file:
        for first in range(1, count + 1, _PORTION):
            last = min(first + _PORTION, count + 1)
            file.writelines(_line(chance, seed, number) for number in range(first, last))


def serial_of(number: int, seed: int) -> str:
    """The serial of the part on that line, from 1."""
    return f"PART-{seed}-{number:08}"


def _line(chance: random.Random, seed: int, number: int) -> str:
    draw = chance.random
    mass, hardness, bore = 1840 + draw(), 58 + int(draw() * 5), 40 + draw() / 100
    made = f"2026-0{1 + int(draw() * 9)}-1{int(draw() * 10)}T08:{10 + int(draw() * 50)}:00Z"
    return (
        f'{{"serial":"{serial_of(number, seed)}","document":{{'
        f'"name":"{chance.choice(_NAMES)}","heat":"H{number // 500:06}","mass_g":{mass:.3f},'
        f'"hardness_hrc":{hardness},"plant":"{chance.choice(_PLANTS)}","made":"{made}",'
        f'"bore_mm":[{bore:.4f},{bore + 0.0021:.4f}],"passed":true}}}}\n'
    )
