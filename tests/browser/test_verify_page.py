"""The page that verifies bundles: what it shows, what it never sends, and that it stays quick."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from ledger.domain.payloads import Observed
from ledger.hashing import keccak
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.steps import STEPS
from tests.browser.conftest import Shown
from tests.proofs.paper import ORG, Paper, an_asset, block_hash
from tests.proofs.test_vectors import edited
from tests.vectors import archives, trusting
from tests.vectors.making import FOLDER, INDEX

VECTORS: Final[dict[str, dict[str, Any]]] = {
    vector["name"]: vector for vector in json.loads((FOLDER / INDEX).read_bytes())
}
TRUST: Final[dict[str, dict[str, Any]]] = {
    vector["name"]: vector for vector in json.loads((trusting.FOLDER / INDEX).read_bytes())
}
ARTIFACTS: Final = Path(__file__).parents[2] / "contracts/artifacts"
ZERO: Final = f"0x{'0' * 64}"


def choose(page: Page, raw: bytes, name: str = "bundle.json") -> None:
    file: Any = {"name": name, "mimeType": "application/json", "buffer": raw}
    page.locator("#file").set_input_files(file)


def drop(page: Page, raw: bytes) -> None:
    """Drop a file onto the page, as a mouse would."""
    carried = page.evaluate_handle(
        """(text) => {
          const carried = new DataTransfer();
          carried.items.add(new File([text], "dropped.json", { type: "application/json" }));
          return carried;
        }""",
        raw.decode(),
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("#drop", event, {"dataTransfer": carried})


def enter(page: Page, block: str, contract: str) -> None:
    page.get_by_label("Hash of a block that you trust").fill(block)
    verify_of(page, contract)


def verify_of(page: Page, contract: str) -> None:
    page.get_by_label("Address of the ledger").fill(contract)
    page.get_by_role("button", name="Verify").click()


def verify(page: Page, name: str) -> None:
    vector = VECTORS[name]
    page.goto("/verify")
    choose(page, (FOLDER / vector["bundle"]).read_bytes())
    enter(page, vector["block_hash"], vector["contract"])


def trust(page: Page, name: str) -> dict[str, Any]:
    """Have a vector of trust verified, by what its auditor brings."""
    vector = TRUST[name]
    told = vector["trust"]
    page.goto("/verify")
    choose(page, edited(vector, trusting.FOLDER))
    page.get_by_text("By another chain" if "anchor_log" in told else "By witnesses").click()
    page.get_by_label("Addresses of witnesses that you trust").fill("\n".join(told["witnesses"]))
    page.get_by_label("How many of them must have signed").fill(str(told["threshold"]))
    if "anchor_log" in told:
        page.get_by_label("Address of the log on the other chain").fill(told["anchor_log"])
        page.get_by_label("Hash of a block of the other chain").fill(told["anchor_hash"])
    if "checkpoint" in told:
        give_checkpoint(page, json.dumps(told["checkpoint"]).encode())
    verify_of(page, vector["contract"])
    return vector


def give_checkpoint(page: Page, raw: bytes) -> None:
    page.get_by_text("The checkpoint is in a file of its own").click()
    file: Any = {"name": "checkpoint.json", "mimeType": "application/json", "buffer": raw}
    page.locator("#checkpoint").set_input_files(file)


def states(page: Page) -> list[str | None]:
    return [step.get_attribute("data-state") for step in page.locator("#steps li").all()]


def test_a_bundle_that_is_dropped_is_proven_step_by_step(page: Page) -> None:
    vector = VECTORS["asset-lively"]
    page.goto("/verify")
    expect(page.locator("#steps h3")).to_have_text([step.step.capitalize() for step in STEPS])
    drop(page, (FOLDER / "asset-lively.json").read_bytes())
    number = vector["verdict"]["block"]
    expect(page.locator("#claims")).to_contain_text(f"block {number} ({number:#x}) of chain 31337")
    # Addresses are pasted with upper-case checksums, and with blanks around them.
    enter(page, f" {vector['block_hash']} ", vector["contract"].upper().replace("0X", "0x"))
    expect(page.locator("#verdict h2")).to_have_text("Proven")
    assert states(page) == ["passed"] * 14
    head = page.locator("#steps li").nth(5).locator("p")
    expect(head).to_have_text(vector["verdict"]["subjects"][0]["head"])
    entries = page.locator(".history > li")
    expect(entries).to_have_count(14)
    expect(entries.first).to_contain_text("Registered")
    expect(entries.last).to_contain_text("Erased")
    expect(page.locator(".unproven")).to_contain_text("its hash was taken on trust")
    expect(page.locator(".facts")).to_contain_text("Lien holder")


def test_a_tampered_bundle_fails_at_its_step_with_both_values(page: Page) -> None:
    vector = VECTORS["asset"]
    raw = (FOLDER / "asset.json").read_bytes()
    value = json.loads(raw)
    actor = value["subjects"][0]["entries"][1]["actor"]
    page.goto("/verify")
    drop(page, raw.replace(actor.encode(), b"0x" + b"7" * 40))
    enter(page, vector["block_hash"], vector["contract"])
    verdict = page.locator("#verdict")
    expect(verdict.get_by_role("heading")).to_have_text("Not proven: step 8, history")
    expect(verdict).to_contain_text("wrong_history")
    expect(verdict.locator("dd").first).to_have_text(vector["verdict"]["subjects"][0]["head"])
    expect(verdict.locator("dd").last).to_have_text(re.compile("^0x[0-9a-f]{64}$"))
    assert states(page) == ["passed"] * 7 + ["failed"] + ["unreached"] * 6
    expect(page.locator("#result")).to_be_empty()


def test_witnesses_vouch_for_a_block_whose_hash_nobody_brings(page: Page) -> None:
    vector = trust(page, "signed: two of three")
    verdict = page.locator("#verdict")
    expect(verdict.get_by_role("heading")).to_have_text("Proven")
    expect(verdict).to_contain_text("2 witnesses that you trust signed a checkpoint of block 10")
    expect(verdict.locator(".names li")).to_have_text(vector["verdict"]["witnesses"])
    assert states(page) == ["passed"] * 14
    expect(page.locator("#steps li").nth(1)).to_contain_text("block 10, by 2 witnesses, 0x")
    expect(page.locator(".unproven")).not_to_contain_text("taken on trust")


def test_a_log_on_another_chain_vouches_for_a_block(page: Page) -> None:
    vector = trust(page, "anchored: both of two")
    verdict = page.locator("#verdict")
    expect(verdict.get_by_role("heading")).to_have_text("Proven")
    block = vector["verdict"]["anchor_block"]
    expect(verdict).to_contain_text(
        f"the word of 2 witnesses that you trust, as of its block {block}"
    )
    expect(page.locator("#claims")).to_contain_text(
        "1 checkpoint is in it, with a proof of another"
    )


def test_a_checkpoint_in_a_file_of_its_own_vouches_too(page: Page) -> None:
    trust(page, "both: a file")
    expect(page.locator("#verdict h2")).to_have_text("Proven")
    trust(page, "both: a file with another ledger head")
    expect(page.locator("#verdict h2")).to_have_text("Not proven: step 4, ledger head")
    assert states(page)[3] == "failed"
    page.locator("#checkpoint").set_input_files([])
    file: Any = {"name": "letter.json", "mimeType": "application/json", "buffer": b'{"format":1}'}
    page.locator("#checkpoint").set_input_files(file)
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#checkpoint-wrong")).to_contain_text("letter.json will not do: domain has")
    assert states(page) == ["waiting"] * 14


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("signed: the same witness twice", "Too few of the witnesses"),
        ("signed: nobody that is trusted", "None of the witnesses that you trust signed"),
        ("signed: a signature whose s is high", "Signatures[1]: s is zero or high"),
        ("signed: another chain's", "A checkpoint's domain is another"),
        ("anchored: a contradiction", "signed another checkpoint of block 10"),
        ("anchored: no anchor", "No proof of the other chain"),
    ],
)
def test_too_little_to_believe_a_block_fails_at_its_header(
    page: Page, name: str, told: str
) -> None:
    vector = trust(page, name)
    verdict = page.locator("#verdict")
    expect(verdict.get_by_role("heading")).to_have_text("Not proven: step 2, header")
    expect(verdict).to_contain_text(told)
    expect(verdict).to_contain_text(f"not_witnessed, {vector['verdict']['cause']}")
    assert states(page) == ["passed", "failed", *["unreached"] * 12]


def test_what_cannot_be_a_witness_is_said_beside_its_field(page: Page) -> None:
    page.goto("/verify")
    choose(page, (FOLDER / "asset.json").read_bytes())
    expect(page.get_by_label("Addresses of witnesses that you trust")).to_be_hidden()
    page.get_by_text("By witnesses").click()
    expect(page.get_by_label("Hash of a block that you trust")).to_be_hidden()
    verify_of(page, ZERO[:42])
    expect(page.locator("#witnesses-wrong")).to_have_text("Name one witness at least.")
    witnesses = page.get_by_label("Addresses of witnesses that you trust")
    expect(witnesses).to_be_focused()
    witnesses.fill(f"{ZERO[:42]}, 0x12")
    verify_of(page, ZERO[:42])
    expect(page.locator("#witnesses-wrong")).to_contain_text("0x12 is none")
    # Named twice, in whatever spelling, it is one.
    witnesses.fill(f"{ZERO[:41]}A; {ZERO[:41]}a")
    page.get_by_label("How many of them must have signed").fill("2")
    verify_of(page, ZERO[:42])
    expect(page.locator("#threshold-wrong")).to_have_text("There is one witness, so this is 1.")
    assert states(page) == ["waiting"] * 14
    page.get_by_label("How many of them must have signed").fill("")
    verify_of(page, TRUST["signed: both of two"]["contract"])
    expect(page.locator("#verdict")).to_contain_text("no_checkpoint")


@pytest.mark.parametrize(
    ("bundle", "artifact", "heading", "told"),
    [
        ("ledger", "AssetLedger", "Proven", "code is that of the compiled contract"),
        ("asset", "AssetLedger", "Not proven: the contract\u2019s code", "prove it --with ledger"),
        (
            "ledger",
            "CheckpointLog",
            "Not proven: the contract\u2019s code",
            "no compiled contract of",
        ),
    ],
)
def test_the_contracts_code_is_compared(
    page: Page, bundle: str, artifact: str, heading: str, told: str
) -> None:
    page.goto("/verify")
    page.get_by_text("Compare the contract\u2019s code").click()
    page.get_by_label("The contract as you compiled it").set_input_files(
        ARTIFACTS / f"{artifact}.json"
    )
    choose(page, (FOLDER / f"{bundle}.json").read_bytes())
    enter(page, VECTORS[bundle]["block_hash"], VECTORS[bundle]["contract"])
    expect(page.locator("#verdict h2")).to_have_text(heading)
    expect(page.locator("#verdict")).to_contain_text(told)
    assert states(page) == ["passed"] * 14
    asked = page.locator(".unproven").filter(has_text="compare its code")
    expect(asked).to_have_count(0)


def test_another_block_is_refused_and_its_own_then_taken(page: Page) -> None:
    vector = VECTORS["asset"]
    page.goto("/verify")
    choose(page, (FOLDER / "asset.json").read_bytes())
    enter(page, ZERO, vector["contract"])
    verdict = page.locator("#verdict")
    expect(verdict.get_by_role("heading")).to_have_text("Not proven: step 2, header")
    expect(verdict.locator("dd")).to_have_text([ZERO, vector["block_hash"]])
    enter(page, vector["block_hash"], vector["contract"])
    expect(verdict.get_by_role("heading")).to_have_text("Proven")


@pytest.mark.parametrize(
    ("name", "heading", "told"),
    [
        ("holdings", "Holdings", "owns 2 assets, and these are all"),
        ("tree", "The whole tree: 4 assets", "0x99b53a5b"),
        ("fields", "Fields of documents", "Getriebe Ω"),
        ("related", "Proven with it", "Organisation, 2 entries"),
        ("manifest", "Said by the operator, and not proven", "0.8.37+commit"),
        ("member", "Its complete history", "Nothing was written to it"),
    ],
)
def test_what_else_a_bundle_proves_is_shown(page: Page, name: str, heading: str, told: str) -> None:
    verify(page, name)
    expect(page.locator("#verdict h2")).to_have_text("Proven")
    section = page.locator("#result > section").filter(
        has=page.get_by_role("heading", name=re.compile(f"^{heading}"))
    )
    expect(section).to_contain_text(told)


def test_documents_in_a_zip_are_shown(page: Page) -> None:
    [vector, *_] = json.loads((archives.FOLDER / INDEX).read_bytes())
    page.goto("/verify")
    choose(page, (archives.FOLDER / vector["bundle"]).read_bytes(), "bundle.zip")
    expect(page.locator("#claims")).to_contain_text("1 subject as of block")
    enter(page, vector["block_hash"], vector["contract"])
    expect(page.locator("#verdict h2")).to_have_text("Proven")
    page.get_by_text("AM-GBX-000417").click()
    expect(page.locator("#result pre")).to_contain_text("重庆")


def test_nothing_leaves_the_page_but_requests_for_itself(browser: Browser, shown: Shown) -> None:
    context = browser.new_context(base_url=shown.url)
    page = context.new_page()
    asked: list[tuple[str, str, str | None]] = []
    context.on("request", lambda one: asked.append((one.method, one.url, one.post_data)))
    verify(page, "related")
    expect(page.locator("#verdict h2")).to_have_text("Proven")
    page.wait_for_load_state("networkidle")
    assert all(method == "GET" and body is None for method, _, body in asked)
    paths = {url.removeprefix(shown.url) for _, url, _ in asked}
    assert {"/verify", "/static/verify/worker.js"} <= paths
    files = re.compile(r"/static/(explorer\.css|icon\.svg|verify/[a-z@/_0-9-]+\.(js|css))")
    assert all(path == "/verify" or files.fullmatch(path) for path in paths), paths
    context.close()


def test_the_policy_lets_no_script_connect(browser: Browser, shown: Shown) -> None:
    page = browser.new_page(base_url=shown.url)
    page.goto("/verify")
    tried = page.evaluate("fetch('/v1/status').then(() => 'sent', () => 'refused')")
    assert tried == "refused"
    worker = page.request.get("/static/verify/worker.js").headers["content-security-policy"]
    assert worker == "default-src 'none'; script-src 'self'"
    page.close()


def test_without_its_npm_package_the_page_says_what_is_missing(
    browser: Browser, shown: Shown
) -> None:
    page = browser.new_page(base_url=shown.url)
    missing = lambda route: route.fulfill(status=404)  # noqa: E731
    page.route("**/node_modules/**", missing)
    page.goto("/verify")
    expect(page.get_by_role("alert").first).to_contain_text("@noble/hashes")
    expect(page.get_by_role("button", name="Verify")).to_be_disabled()
    page.close()


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"{}", "does not look like a bundle"),
        (b"\xff\xfe", "does not look like a bundle"),
        (b"", "does not look like a bundle"),
    ],
)
def test_what_is_no_bundle_is_said_to_be_none(page: Page, raw: bytes, told: str) -> None:
    page.goto("/verify")
    choose(page, raw, "letter.txt")
    expect(page.locator("#claims")).to_contain_text(told)
    enter(page, ZERO, ZERO[:42])
    expect(page.locator("#verdict h2")).to_have_text("Not proven: step 1, form")


def test_a_file_that_is_too_large_is_refused_unread(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "large.json"
    with file.open("wb") as large:
        large.truncate(64 * 2**20 + 1)
    page.goto("/verify")
    page.locator("#file").set_input_files(file)
    expect(page.locator("#claims")).to_contain_text("takes up to 64.0 MiB")
    enter(page, ZERO, ZERO[:42])
    expect(page.locator("#ask-wrong")).to_have_text("Choose a bundle first.")


def test_what_cannot_be_a_hash_is_said_beside_its_field(page: Page) -> None:
    page.goto("/verify")
    choose(page, (FOLDER / "asset.json").read_bytes())
    enter(page, "0x12", "")
    expect(page.locator("#hash-wrong")).to_have_text(
        re.compile("0x and 64 hex digits; this has 4 characters.$")
    )
    expect(page.locator("#contract-wrong")).to_contain_text("0x and 40 hex digits")
    expect(page.get_by_label("Hash of a block that you trust")).to_be_focused()
    assert states(page) == ["waiting"] * 14


def test_ten_thousand_entries_are_verified_beside_a_page_that_stays_alive(page: Page) -> None:
    paper = Paper()
    asset = an_asset(paper)
    for number in range(9_999):
        paper.append(asset, Observed(keccak(b"%d" % number)), ORG)
    bundle = paper.bundle(asset)
    page.goto("/verify")
    page.evaluate(
        """() => {
          window.frames_ = 0;
          const count = () => { window.frames_ += 1; requestAnimationFrame(count); };
          requestAnimationFrame(count);
        }"""
    )
    choose(page, encode_bundle(bundle))
    expect(page.locator("#claims")).to_contain_text("1 subject as of block 7")
    before = page.evaluate("window.frames_")
    enter(page, f"0x{block_hash(bundle).hex()}", f"0x{bundle.contract.hex()}")
    expect(page.locator("#verdict")).to_contain_text("10,000 entries of 1 subject")
    assert page.evaluate("window.frames_") > before + 2
    expect(page.locator(".history > li")).to_have_count(100)
    page.get_by_role("button", name="Show 100 more of 9,900").click()
    expect(page.locator(".history > li")).to_have_count(200)
    expect(page.locator(".history > li").nth(100)).to_be_focused()


def test_texts_of_a_bundle_stay_text(page: Page) -> None:
    hostile = '<img src=x onerror="document.title=1">'
    vector = VECTORS["manifest"]
    raw = (FOLDER / "manifest.json").read_bytes()
    compiler = json.loads(raw)["manifest"]["compiler"].encode()
    page.goto("/verify")
    choose(page, raw.replace(compiler, json.dumps(hostile)[1:-1].encode()), f"{hostile}.json")
    enter(page, vector["block_hash"], vector["contract"])
    expect(page.locator("#result")).to_contain_text(hostile)
    assert page.title() != "1"
    assert page.locator("main img").count() == 0


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_sticks_out_and_nothing_moves(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.add_init_script(
        """window.moved = 0;
        new PerformanceObserver((list) => {
          for (const one of list.getEntries()) if (!one.hadRecentInput) window.moved += one.value;
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    for name in ("related", "asset: another block is trusted"):
        verify(page, name)
        expect(page.locator("#claims")).to_contain_text("as of block")
        expect(page.locator("#verdict h2")).not_to_be_empty()
        assert_fits(page, name)
        assert page.evaluate("window.moved") < 0.02
    for name in ("anchored: both of two", "anchored: a contradiction"):
        trust(page, name)
        expect(page.locator("#verdict h2")).not_to_be_empty()
        assert_fits(page, name)


def assert_fits(page: Page, name: str) -> None:
    wide, width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= width, f"{name} is {wide} wide"


def test_the_keyboard_is_enough(page: Page) -> None:
    vector = VECTORS["asset"]
    page.goto("/verify")
    file = page.locator("#file")
    file.focus()
    ring = page.locator("#drop").evaluate("each => getComputedStyle(each).outlineStyle")
    assert ring == "solid"
    choose(page, (FOLDER / "asset.json").read_bytes())
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Addresses of witnesses that you trust")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(vector["block_hash"])
    page.keyboard.press("Tab")
    page.keyboard.insert_text(vector["contract"])
    page.keyboard.press("Enter")
    expect(page.locator("#verdict h2")).to_have_text("Proven")
    expect(page.locator("#verdict")).to_be_focused()


def test_the_passport_leads_to_the_verifier(page: Page, shown: Shown) -> None:
    page.goto(f"/assets/{shown.gearbox}")
    page.get_by_role("link", name="Verify a bundle of it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Verify a bundle")
