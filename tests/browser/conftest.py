"""A browser, and a ledger with something to show."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.api.running import Member, Running, running
from tests.browser.shown import fill

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass(frozen=True, slots=True)
class Shown:
    """The ledger behind the pages, and the asset with the longest history."""

    service: Running
    aurora: Member
    boreas: Member
    gearbox: str

    @property
    def url(self) -> str:
        return self.service.url


# Not for the session: playwright's loop runs as long, and no other test could run one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-headless-shell")
    if found is None and not os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        pytest.skip("no Chromium is installed: the explorer's pages are not looked at")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with running(tmp_path_factory.mktemp("shown")) as service:
        yield Shown(service, *fill(service))


@pytest.fixture
def page(browser: Browser, shown: Shown) -> Iterator[Page]:
    """A fresh page that fails the test when a page breaks its own policy or throws."""
    context = browser.new_context(base_url=shown.url, locale="en-GB")
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if "Policy" in said.text else None)
    yield opened
    context.close()
    assert not wrong
