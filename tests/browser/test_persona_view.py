"""The persona view, as a visitor uses it, with the real engine."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.axe import clipped, problems
from tests.browser.watch import PageWatch

WEBLLM = "?engine=webllm"
# A dialog of the browser would wait for a person.
NO_DIALOG = "globalThis.printed = 0; globalThis.print = () => { globalThis.printed += 1; };"


def button(page: Page, name: str) -> Locator:
    return page.locator("#persona").get_by_role("button", name=name, exact=True)


def kept(page: Page) -> Locator:
    return page.locator("#persona-kept-list > li")


def written(page: Page, count: int) -> str:
    """Wait until so many personas are kept; return the text of the one that is open."""
    expect(kept(page)).to_have_count(count)
    expect(button(page, "Generate")).to_be_enabled()
    return page.get_by_role("log").inner_text()


def saved(page: Page, name: str) -> tuple[str, str]:
    """Press a button for a file; return its name and content."""
    with page.expect_download() as download:
        button(page, name).click()
    return download.value.suggested_filename, Path(download.value.path()).read_text("utf-8")


def check_files(page: Page, context: BrowserContext, summary: str) -> None:
    name, content = saved(page, "JSON")
    values = json.loads(content)
    assert (name, values["name"], values["age"]) == ("ada.json", "Ada", 36)
    assert values["summary"] == summary
    assert values["inputs"]["interests"] == "chess"
    name, content = saved(page, "Markdown")
    assert name == "ada.md"
    assert content.startswith("# Ada\n\n*marine biologist, 36*\n\n")
    assert "## Interests\n\n- " in content
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    button(page, "Copy").click()
    expect(page.locator("#persona-status")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == content


def check_print(page: Page, press: str, count: int) -> None:
    button(page, press).click()
    page.emulate_media(media="print")
    expect(page.locator("#persona-print > article:visible")).to_have_count(count)
    expect(page.locator("#form")).to_be_hidden()
    expect(page.locator("footer")).to_be_hidden()
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("#persona-print > article")).to_have_count(0)


def check_versions(page: Page, first: str) -> None:
    # Another one from the same form is another text, with a seed of its own.
    button(page, "Another one").click()
    second = written(page, 2)
    assert second != first

    # A version in the visitor's own words.
    page.get_by_label("Or ask for a change of your own").fill("Call her Zuleika instead.")
    page.keyboard.press("Enter")
    written(page, 3)
    expect(page.locator("#persona-about")).to_contain_text("asked for: Call her Zuleika instead.")


def check_edit(page: Page) -> None:
    # Escape leaves it as it was.
    button(page, "Edit").click()
    page.get_by_label("Your text").fill("thrown away")
    page.keyboard.press("Escape")
    button(page, "Edit").click()
    page.get_by_label("Your text").fill("Zuleika <b>reads</b>.")
    button(page, "Keep changes").click()
    expect(page.get_by_role("log")).to_have_text("Zuleika <b>reads</b>.")
    expect(button(page, "Edit")).to_be_focused()
    expect(kept(page).first).to_contain_text("Zuleika <b>reads</b>.")


def check_deletion(page: Page) -> None:
    kept(page).first.get_by_role("button", name="Delete").click()
    expect(kept(page)).to_have_count(3)
    expect(page.get_by_text("It appears here, word by word.")).to_be_visible()
    button(page, "Undo").click()
    expect(kept(page)).to_have_count(4)
    button(page, "Delete all").click()
    expect(page.get_by_text("4 personas deleted.")).to_be_visible()
    button(page, "Undo").press("Enter")
    expect(kept(page)).to_have_count(4)
    kept(page).nth(0).get_by_role("button", name="Delete").click()
    expect(page.locator("#persona-undo-text")).to_have_text(re.compile("^Deleted: Ada"))
    expect(page.locator("#persona-kept-list")).to_have_attribute("aria-busy", "false")


@pytest.mark.usefixtures("visited")
def test_personas_are_written_rewritten_edited_compared_and_kept(
    page: Page, context: BrowserContext, site: str, watch: PageWatch
) -> None:
    page.add_init_script(NO_DIALOG)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site}{WEBLLM}#/persona")
    expect(page.get_by_text("It appears here, word by word.")).to_be_visible()
    form = page.locator("#form")
    form.get_by_label("Name", exact=True).fill("Ada")
    form.get_by_label("Interests").fill("chess")
    expect(button(page, "Generate")).to_be_enabled()
    assert clipped(page) == []
    button(page, "Generate").click()
    expect(page.locator("#persona")).to_have_attribute("data-writing", "true")
    assert problems(page) == []  # also while it writes
    first = written(page, 1)
    assert "Ada" in first

    check_versions(page, first)

    check_edit(page)

    # A card with typed values, given away as files and on paper.
    button(page, "Make a card").click()
    summary = written(page, 4)
    expect(page.locator("#persona-title")).to_have_text("Ada")
    expect(page.locator("#persona-typed .label")).to_have_text(["Interests", "Traits", "Goals"])
    check_files(page, context, summary)
    check_print(page, "Print", 1)

    # Side by side.
    for row in kept(page).all()[:3]:
        row.get_by_label("Compare").check()
    expect(page.locator("#persona-columns > article")).to_have_count(3)
    check_print(page, "Print cards", 3)
    assert clipped(page) == []
    assert problems(page) == []

    # They are there at the next visit, with the form they were written from.
    check_deletion(page)
    page.reload()
    expect(kept(page)).to_have_count(3)
    expect(form.get_by_label("Name", exact=True)).to_have_value("Ada Moreno")
    kept(page).last.get_by_role("button", name="Open").click()
    expect(page.get_by_role("log")).to_have_text(first)
    expect(form.get_by_label("Name", exact=True)).to_have_value("Ada")
    assert watch.errors == []
    assert watch.origins() == {site.rstrip("/")}
