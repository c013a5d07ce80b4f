"""What the tests of the harness share: a ground on which schedules are played one after another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.databases import Databases
from tests.faults.ground import Ground
from tests.faults.runner import opened

Playing = tuple[Ground, Databases]


@pytest.fixture(scope="module")
def sqlite() -> Iterator[Playing]:
    with opened("sqlite") as playing:
        yield playing
