#!/usr/bin/env bash
# wait_for_function takes the promise of an async predicate for a true value.
#
# Packages: playwright 1.65.2 (PyPI) with /usr/bin/chromium, seen with Debian's Chromium 156.0.8078.114.
# The predicate of a page or a locator is called once, and the wait is over, although its promise becomes
# false. A test that waits so for something asynchronous, such as a record in IndexedDB or a cached
# file, goes on before it is there.
# Expected: a return when the value is true, as both methods are documented; that of locators is also
# documented to wait for a promise before it checks its value.
# Instead: wait in page.evaluate, by a loop in the page.
. "$(dirname "$0")/lib.sh"

pip_install playwright==1.65.2
seen=$(py_run <<'PY'
from playwright.sync_api import sync_playwright

PREDICATE = "async () => { globalThis.calls = (globalThis.calls ?? 0) + 1; return globalThis.calls === 3; }"
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
    with open("browser", "w") as version:
        version.write(browser.version)
    page = browser.new_page()
    for name in ("page", "locator"):
        page.set_content("<p>A page</p>")
        page.evaluate("globalThis.calls = 0")
        place = page if name == "page" else page.locator("p")
        place.wait_for_function(PREDICATE, timeout=10_000)
        print(f"{name}: calls {page.evaluate('calls')}, true from the third on")
    browser.close()
PY
)
finding "playwright 1.65.2, Chromium $(cat "$work/browser")" \
  "wait_for_function does not await an async predicate" "$seen" <<'SEEN'
page: calls 1, true from the third on
locator: calls 1, true from the third on
SEEN
