"""All views in all states: axe finds nothing, nothing is clipped, the keyboard reaches all."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

from model.browser.site import ROOT
from tests.browser.axe import clipped, problems
from tests.browser.watch import PageWatch

WEBLLM = "?engine=webllm"
WITHOUT_SHARING = "delete globalThis.SharedWorker"
TEXTS = {
    language: json.loads((ROOT / f"app/page/texts/{language}.json").read_text("utf-8"))
    for language in ("en", "de")
}


def views(page: Page) -> list[str]:
    """Return the names of the page's views."""
    links = page.locator(".top nav a").all()
    return [(link.get_attribute("href") or "").removeprefix("#/") for link in links]


def show(page: Page, view: str) -> None:
    page.evaluate(f"location.hash = '#/{view}'")
    expect(page.locator(f"#{view}")).to_be_visible()


def check(page: Page, where: str) -> None:
    assert problems(page) == [], where
    assert clipped(page) == [], where


def check_all(page: Page, where: str) -> None:
    for view in views(page):
        show(page, view)
        check(page, f"{view} {where}")


def test_every_view_is_accessible_and_whole_in_every_state(page: Page, site: str) -> None:
    page.add_init_script(WITHOUT_SHARING)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/vendor/pyodide/pyodide.asm.wasm", hold)
    page.route("**/params_shard_*", lambda route: route.abort())
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(site + WEBLLM, wait_until="commit")
    expect(page.locator("body")).to_have_attribute("data-state", "starting")
    check_all(page, "while Python starts")
    page.unroute("**/vendor/pyodide/pyodide.asm.wasm")
    for route in held:
        route.continue_()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    check_all(page, "with a problem")
    page.unroute("**/params_shard_*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("body")).to_have_attribute("data-state", "ready")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        check_all(page, f"when ready, {scheme}")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    for view in views(page):
        show(page, view)
        assert clipped(page) == [], f"{view} when ready, wide, forced colors"
    # Nothing moves for those who do not want it.
    running = "document.getAnimations().filter((it) => it.playState === 'running').length"
    assert page.evaluate(running) == 0
    check_tab_order(page)


def check_tab_order(page: Page) -> None:
    """Tab reaches every control in the order of the page."""
    show(page, "persona")
    # From the beginning: Tab goes on where the focus was last.
    page.evaluate("document.querySelector('.top a').focus()")
    page.evaluate("document.activeElement.blur()")
    reached: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "[document.activeElement.id || document.activeElement.textContent.trim(),"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        if reached and found[0] == reached[0]:
            break
        assert found[1] != "none", f"{found[0]} does not show that it has the focus"
        reached.append(found[0])
        if found[0] == "English":
            break
    fields = ["name", "age", "occupation", "tone", "interests", "notes", "generate"]
    begin = reached.index("name")
    assert reached[begin : begin + len(fields)] == fields
    assert {"Persona", "Models", "Documentation"} <= set(reached)


@pytest.mark.usefixtures("visited")
def test_page_speaks_german(page: Page, site: str, watch: PageWatch) -> None:
    german, english = TEXTS["de"], TEXTS["en"]
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site}{WEBLLM}#/persona")
    page.get_by_role("link", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page).to_have_title(german["page"]["title"])
    # It shows the same, with the same engine.
    expect(page).to_have_url(re.compile(r"index\.de\.html\?engine=webllm#/persona$"))
    expect(page.locator("#status")).to_have_text(
        german["setup"]["ready"].format(model=german["setup"]["builtin"])
    )
    for view in views(page):
        show(page, view)
        # The markup is as in English, and its texts are longer.
        assert clipped(page) == [], f"{view} in German"
        expect(page.locator(f"#{view} h1")).to_have_text(german[view]["title"])
    show(page, "persona")
    page.get_by_role("button", name=german["persona"]["generate"], exact=True).click()
    expect(page.locator("#persona-status")).to_have_text(german["persona"]["finished"])
    expect(page.locator("#speed")).to_have_text(re.compile(r"Token/s · erstes Token nach"))
    show(page, "models")
    expect(page.locator("#models-list .badge").first).to_have_text(german["models"]["usage.used"])
    page.get_by_role("link", name=english["page"]["language"]).click()
    expect(page).to_have_title(english["page"]["title"])
    assert watch.errors == []
