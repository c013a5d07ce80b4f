"""A rosette drawn from a hash, so that the eye knows one asset from another."""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin

from markupsafe import Markup

_HUES = 6


@lru_cache(maxsize=4096)
def draw_seal(of: bytes, curves: int = 3) -> Markup:
    """An SVG rosette (guilloche) determined by `of`, at least 8 bytes; decoration only.

    `curves` is how many turned copies are laid over each other: more for larger pictures.
    """
    petals, ripples = 5 + of[-1] % 7, 2 + of[-2] % 3
    depth, swell = 2.4 + of[-3] / 255 * 3.2, 0.6 + of[-4] / 255 * 1.4
    phase, turn = of[-5] / 255 * 2 * pi, 2 * pi / (petals * curves)
    paths = [
        _curve(petals, ripples, depth, swell, phase + turn * index * petals)
        for index in range(curves)
    ]
    return Markup(
        '<svg class="seal seal-{hue}" viewBox="0 0 32 32" aria-hidden="true" focusable="false">'
        '<path d="{path}"/></svg>'
    ).format(hue=of[-6] % _HUES, path="".join(paths))


def _curve(petals: int, ripples: int, depth: float, swell: float, phase: float) -> str:
    steps = petals * 8
    points = []
    for step in range(steps):
        angle = 2 * pi * step / steps
        radius = 14.6 - depth - swell
        radius += depth * cos(petals * angle + phase) + swell * cos(ripples * angle)
        points.append(f"{16 + radius * cos(angle):.1f} {16 + radius * sin(angle):.1f}")
    return "M" + "L".join(points) + "Z"
