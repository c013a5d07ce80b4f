"""Named points at which a test may stop the process; in production one comparison each."""

from __future__ import annotations

from collections.abc import Callable

_armed: Callable[[str], None] | None = None


def arm(act: Callable[[str], None] | None) -> None:
    """Have `act` called with the name of each point that is reached (None: no more)."""
    global _armed
    _armed = act


def reach(name: str) -> None:
    """Say that the point `name` is reached."""
    if _armed is not None:
        _armed(name)
