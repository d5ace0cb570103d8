"""The models view, as a visitor uses it, with the real engine and the real files."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from model.browser.site import ROOT
from tests.browser.watch import PageWatch

MODEL = "pywebllm-persona-q4f32_1"
SHARD = "**/params_shard_*"
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")

DAMAGE = """async () => {
  const cache = await caches.open("webllm/model");
  const url = (await cache.keys()).map(({url}) => url).find(url => url.includes("params_shard"));
  const response = await cache.match(url);
  const bytes = new Uint8Array(await response.arrayBuffer());
  bytes[bytes.length / 2] ^= 255;
  await cache.put(url, new Response(bytes, {headers: response.headers}));
}"""


def row_of(page: Page, model: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=model))


def press(row: Locator, name: str) -> None:
    """Press a button by keyboard."""
    button = row.get_by_role("button", name=name)
    button.focus()
    button.press("Enter")


def problems(page: Page) -> list[Any]:
    """Return what axe finds."""
    page.evaluate(f"{AXE}; void 0")
    found: list[Any] = page.evaluate(
        "async () => (await axe.run()).violations.map(({id, nodes}) => [id, nodes[0].html])"
    )
    return found


def check_filters(page: Page, row: Locator) -> None:
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^\d+ of \d+ models\.$"))
    page.get_by_label("Runs here").uncheck()
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^\d+ models\.$"))
    expect(row_of(page, "Llama-3.2-1B-Instruct-q4f16_1-MLC")).to_contain_text("no 16-bit floats")
    page.get_by_label("Search").fill("llama q4f16")
    expect(row).to_be_hidden()
    page.get_by_label("Search").fill("persona")
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^1 of \d+ models\.$"))


def test_models_are_found_downloaded_paused_checked_and_deleted(
    page: Page, site: str, watch: PageWatch
) -> None:
    page.goto(site)
    expect(page.get_by_role("button", name="Generate")).to_be_enabled()
    # The other view, by its link; the persona view is not in the way.
    page.get_by_role("link", name="Models").click()
    expect(page).to_have_url(re.compile("#/models$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Models on this device")
    expect(page.get_by_role("button", name="Generate")).to_be_hidden()
    row = row_of(page, MODEL)
    expect(row).to_contain_text(re.compile(r"Stored: \d+\.\d MB\."))
    expect(row).to_contain_text("Runs on this machine.")
    expect(page.get_by_role("meter", name="Space used")).to_be_visible()

    check_filters(page, row)

    # Damage is found and repaired, and nothing else is fetched.
    page.evaluate(DAMAGE)
    before = len(watch.requests)
    press(row, "Check and repair")
    expect(row).to_contain_text("1 file was damaged or missing, and downloaded again.")
    fetched = {url.rpartition("/")[2] for url in watch.requests[before:] if "/models/" in url}
    assert fetched == {"params_shard_0.bin"}

    # Deleted only when that is confirmed.
    press(row, "Delete")
    expect(row.get_by_role("button", name="Keep them")).to_be_visible()
    press(row, "Delete its files")
    expect(row.get_by_role("button", name="Download")).to_be_focused()

    # Paused while nothing arrives, and continued.
    def hold(route: Route) -> None:
        del route  # never answered

    page.route(SHARD, hold)
    with page.expect_request(SHARD):
        press(row, "Download")
    press(row, "Pause")
    expect(row).to_contain_text("Incomplete: ")
    page.unroute(SHARD)
    press(row, "Continue")
    expect(row).to_contain_text("Stored: ")

    page.get_by_label("Search").fill("")
    page.get_by_label("Runs here").check()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert problems(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert problems(page) == []
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0

    # And back: the persona page is as it was.
    page.go_back()
    expect(page.get_by_role("button", name="Generate")).to_be_enabled()
    assert problems(page) == []
    assert watch.errors == []
    assert watch.origins() == {site.rstrip("/")}
