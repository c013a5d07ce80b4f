"""The explorer as people use it: list, search, asset page, on a desk and in the hand."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from api.app import create_app
from tests.api.running import serving
from tests.browser.conftest import Shown
from tests.browser.shown import NAMES


def test_the_list_shows_assets_with_owners(page: Page, shown: Shown) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Assets")
    row = page.get_by_role("row").filter(has_text="Eight-speed gearbox 8HP51")
    expect(row).to_contain_text("AM-GBX-000417")
    expect(row).to_contain_text("Boreas Rail Systems")
    for serial, name in NAMES:
        expect(page.get_by_role("row").filter(has_text=serial)).to_contain_text(name)
    row.get_by_role("link", name="Eight-speed gearbox 8HP51").click()
    expect(page).to_have_url(f"{shown.url}/assets/{shown.gearbox}")


def test_the_frozen_alone(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Frozen", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("Test cradle")


@pytest.mark.parametrize("words", ["AM-GBX-000417", "  AM-GBX-000417 "])
def test_search_by_serial(page: Page, words: str) -> None:
    page.goto("/")
    page.keyboard.press("/")
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    search.fill(words)
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("Eight-speed gearbox")


def test_search_by_id_opens_the_asset(page: Page, shown: Shown) -> None:
    page.goto("/")
    page.get_by_role("searchbox").fill(shown.gearbox)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{shown.url}/assets/{shown.gearbox}")
    page.goto(f"/?q={shown.gearbox[:18]}")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_search_by_did_lists_what_it_holds(page: Page, shown: Shown) -> None:
    page.goto(f"/?q={shown.boreas.did}")
    expect(page.locator("tbody tr")).to_have_count(1)


@pytest.mark.parametrize(
    "words", ["nothing-of-this-name", "<b>bold</b>", "0x", "0xfffffff", "'; --"]
)
def test_search_without_results(page: Page, words: str) -> None:
    page.goto("/")
    page.get_by_role("searchbox").fill(words)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def test_the_asset_page_tells_passport_and_history(page: Page, shown: Shown) -> None:
    page.goto(f"/assets/{shown.gearbox}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Eight-speed gearbox 8HP51")
    passport = page.locator("section").filter(has=page.locator("#passport"))
    expect(passport).to_contain_text("Rated torque")
    expect(passport).to_contain_text("88.1 kg")
    expect(passport).to_contain_text("TÜV Nord")
    history = page.locator(".timeline > li h3")
    expect(history).to_have_text(
        [
            "Observed",
            "Title passed to Boreas Rail Systems",
            "Corrected entry 1",
            "Revised",
            "Observed",
            "Registered",
        ]
    )
    last = page.locator(".timeline > li").first
    expect(last).to_contain_text("Mounted in railcar 442-118, Görlitz works.")
    expect(last).to_contain_text(re.compile(r"Position 5.*Block \d+", re.DOTALL))
    last.get_by_text("Read more").click()
    expect(last.get_by_text("installing")).to_be_visible()


def test_the_document_is_given_as_it_was_sent(page: Page, shown: Shown) -> None:
    page.goto(f"/assets/{shown.gearbox}")
    path = page.get_by_role("link", name="The document as it was sent").get_attribute("href")
    answer = page.request.get(path or "")
    asset = shown.service.operator.get(f"/v1/assets/{shown.gearbox}").json()
    document = shown.service.operator.get(f"/v1/documents/{asset['content_hash']}")
    assert answer.body() == document.content
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_frozen_asset_says_so_and_why(page: Page) -> None:
    page.goto("/?q=AM-TST-000001")
    page.get_by_role("link", name="Test cradle").click()
    expect(page.locator("h1 .badge")).to_have_text("Frozen")
    expect(page.locator(".timeline")).to_contain_text("Recall 2026-14: weld seam out of tolerance")
    expect(page.locator(".timeline > li").first).to_contain_text("Governance")


def test_the_status_bar_keeps_up(page: Page, shown: Shown) -> None:
    page.goto("/")
    bar = page.locator("footer.status")
    entries = bar.locator("[data-part=entries]")
    before = int(entries.inner_text())
    shown.aurora.register(document={"name": "Late arrival"})
    expect(entries).to_have_text(str(before + 1), timeout=8000)
    status = shown.service.anyone.get("/v1/status").json()
    expect(bar.locator("[data-part=head]")).to_have_attribute("title", status["ledger_head"])
    expect(bar.locator("[data-part=state]")).to_have_text("In step")


def test_organisations_and_entries(page: Page) -> None:
    page.goto("/organisations")
    page.get_by_role("link", name="Aurora Motors").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Aurora Motors")
    told = page.locator(".timeline h3")  # Other tests may have added accounts, too.
    expect(told.first).to_have_text("Account added")
    expect(told.last).to_have_text("Enrolled")
    page.get_by_role("link", name="All that it made").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Aurora Motors")
    page.get_by_role("link", name="Entries", exact=True).click()
    numbers = [int(text) for text in page.locator("tbody .order").all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True)


def test_pages_lead_on_and_back(page: Page, shown: Shown) -> None:
    for number in range(26):
        shown.aurora.http.post(
            "/v1/assets", json={"serial": f"AM-BLT-{number:06}", "document": {"name": "Bolt"}}
        )
    shown.aurora.register("AM-BLT-999999", {"name": "Last bolt"})
    page.goto("/")
    expect(page.locator("tbody tr")).to_have_count(25)
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("tbody")).to_contain_text("Eight-speed gearbox")
    page.get_by_role("link", name="First page").click()
    expect(page.locator("tbody")).to_contain_text("Last bolt")


@pytest.mark.parametrize("path", ["/assets/0x00", "/nothing"])
def test_what_is_not_there(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 404
    expect(page.locator(".eyebrow")).to_have_text("404")
    page.get_by_role("link", name="To the assets").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Assets")


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_sticks_out(page: Page, shown: Shown, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    for path in ("/", f"/assets/{shown.gearbox}", "/organisations", "/entries", "/nothing"):
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{path} is {wide} wide"


def test_the_keyboard_leads_through_and_is_seen(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Tab")
    brand = page.get_by_role("link", name="Asset Ledger")
    expect(brand).to_be_focused()
    assert brand.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"


def test_hostile_names_and_documents_stay_text(page: Page, shown: Shown) -> None:
    hostile = '<img src=x onerror="document.title=1">'
    asset = shown.aurora.register(hostile, {"name": hostile, hostile: [hostile, {"a": hostile}]})
    page.goto(f"/assets/{asset}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(hostile)
    assert page.title() != "1"
    assert page.locator("main img").count() == 0


def test_documents_kept_private_are_not_shown(browser: Browser, shown: Shown) -> None:
    settings = shown.service.settings.model_copy(update={"explorer_documents": False})
    with serving(create_app(settings)) as url:
        page = browser.new_page(base_url=url)
        page.goto(f"/assets/{shown.gearbox}")
        expect(page.locator(".private")).to_contain_text("The passport is kept private")
        for path in (f"/assets/{shown.gearbox}", "/", "/entries", "/?q=AM-GBX-000417"):
            page.goto(path)
            text = page.locator("main").inner_text().replace("“AM-GBX-000417”", "")
            assert "Eight-speed" not in text
            assert "AM-GBX-000417" not in text
        expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
        asset = shown.service.operator.get(f"/v1/assets/{shown.gearbox}").json()
        answer = page.request.get(f"/documents/{asset['content_hash']}")
        assert answer.status == 404
        page.close()
