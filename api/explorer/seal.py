"""A rosette drawn from a hash, so that the eye knows one asset from another."""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin

from markupsafe import Markup

_HUES = 6
_CURVES = 4


@lru_cache(maxsize=4096)
def draw_seal(of: bytes) -> Markup:
    """A woven ring (guilloche, as on certificates) determined by `of`, at least 8 bytes.

    Decoration only: it says nothing that the hash beside it does not.
    """
    lobes, depth = 5 + of[-1] % 8, 2.4 + of[-2] / 255 * 2.6
    ripples, swell = 3 + of[-3] % 4, of[-4] / 255 * 0.9
    phase, turn = of[-5] / 255 * 2 * pi, 2 * pi / _CURVES
    path = "".join(
        _curve(lobes, depth, ripples, swell, phase + turn * index) for index in range(_CURVES)
    )
    return Markup(
        '<svg class="seal seal-{hue}" viewBox="0 0 32 32" aria-hidden="true" focusable="false">'
        '<path d="{path}"/></svg>'
    ).format(hue=of[-6] % _HUES, path=path)


def _curve(lobes: int, depth: float, ripples: int, swell: float, phase: float) -> str:
    steps = lobes * 12
    points = []
    for step in range(steps):
        angle = 2 * pi * step / steps
        radius = 14.8 - depth - swell
        radius += depth * cos(lobes * angle + phase) + swell * cos(ripples * angle)
        points.append(f"{16 + radius * cos(angle):.1f} {16 + radius * sin(angle):.1f}")
    return "M" + "L".join(points) + "Z"
