"""Where schedules are played, and what plays them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

_SHARED: Final = Path("/dev/shm")  # noqa: S108 - everybody makes a folder of his own there
MEMORY: Final = _SHARED if _SHARED.is_dir() else None
"""A folder in memory, where there is any."""

Play: TypeAlias = Callable[[int], dict[str, Any]]
"""Plays the schedule of a seed, and says what came of it, fit for JSON."""
