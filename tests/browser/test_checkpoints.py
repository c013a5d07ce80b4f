"""The page of checkpoints, as a person sees it: who signed, what contradicts, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from ledger.hashing import sha256
from ledger.outbox.checkpoint_tables import CheckpointSignature
from ledger.proofs.checkpoint import Checkpoint
from tests.api.test_checkpoints import act, add_account, make_checkpoint, sign
from tests.browser.conftest import Shown


@pytest.fixture(scope="module")
def checkpoint(shown: Shown) -> Iterator[Checkpoint]:
    """A checkpoint that a member signed; another of its members saw another chain."""
    made = make_checkpoint(shown.service, shown.aurora)
    for view in (made, replace(made, block_hash=sha256(b"another view"))):
        sign(shown.aurora, add_account(shown.service, shown.aurora), view)
    yield made
    # The ledger is shown by other tests, too, which expect no alarms.
    act(shown.service, lambda session: session.connection().execute(delete(CheckpointSignature)))


def test_it_is_found_from_the_bar_and_says_what_is_wrong(
    page: Page, shown: Shown, checkpoint: Checkpoint
) -> None:
    assert shown.gearbox
    page.goto("/")
    page.get_by_role("link", name="Look at the alarms").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Checkpoints")
    alarm = page.get_by_role("alert").first
    expect(alarm).to_contain_text("Checkpoint conflict")
    expect(alarm).to_contain_text(f"block {checkpoint.block_number}")
    expect(alarm).to_contain_text("What it needs")
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("Aurora Motors")
    expect(row).to_contain_text("Contradicted")


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_sticks_out_of_it(page: Page, checkpoint: Checkpoint, width: int) -> None:
    assert checkpoint.block_number
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/checkpoints")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
