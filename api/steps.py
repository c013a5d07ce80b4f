"""Takes many requests further, a step at a time: what is wrong with one hinders no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

_One = TypeVar("_One")
_Other = TypeVar("_Other")


def go_on(
    found: Sequence[_One | Exception], step: Callable[[list[_One]], list[_Other]]
) -> list[_Other | Exception]:
    """Take those that nothing is wrong with a step further, all at once; it may be wrong there."""
    further = iter(step([one for one in found if not isinstance(one, Exception)]))
    return [one if isinstance(one, Exception) else next(further) for one in found]
