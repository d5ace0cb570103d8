"""axe-core in a page: what it finds, and what no width may clip."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from model.browser.site import ROOT

__all__ = ["clipped", "problems"]

_AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")

# Elements of the view that reach beyond the window, outside of what scrolls by itself; and choices
# that are longer than the field that shows them.
_CLIPPED = """() => {
  const found = [];
  const isShown = (element) => element.checkVisibility({visibilityProperty: true});
  const scrolls = (element) => element.closest("pre, [tabindex='0']");
  for (const element of document.body.querySelectorAll("*")) {
    if (!isShown(element) || scrolls(element)) continue;
    const {left, right, width} = element.getBoundingClientRect();
    if (width > 0 && (left < -0.5 || right > innerWidth + 0.5)) found.push(element.outerHTML);
  }
  for (const select of document.querySelectorAll("select")) {
    if (!isShown(select)) continue;
    const style = getComputedStyle(select);
    const ruler = document.createElement("canvas").getContext("2d");
    ruler.font = style.font;
    const arrow = 20;
    const padding = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
    for (const option of select.options) {
      const needed = ruler.measureText(option.text).width + padding + arrow;
      if (needed > select.clientWidth) found.push(`${option.text} in ${select.clientWidth} px`);
    }
  }
  for (const one of document.querySelectorAll("button, h1, h2, h3, label")) {
    // One of a pixel is read aloud, and not seen.
    const width = isShown(one) ? one.clientWidth : 0;
    if (width > 1 && one.scrollWidth > width + 1) found.push(one.outerHTML);
  }
  return found.map((html) => html.slice(0, 200));
}"""


def problems(page: Page, part: str = "html") -> list[Any]:
    """Return what axe finds on the page as it is, or in a part of it, a CSS selector."""
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(f"{_AXE}; void 0")
    found: list[Any] = page.evaluate(
        "async (part) =>"
        " (await axe.run(part)).violations.map(({id, nodes}) => [id, nodes[0].html])",
        part,
    )
    return found


def clipped(page: Page) -> list[str]:
    """Return what reaches beyond the window, or is longer than what shows it."""
    found: list[str] = page.evaluate(_CLIPPED)
    return found
