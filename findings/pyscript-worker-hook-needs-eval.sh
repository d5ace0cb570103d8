#!/usr/bin/env bash
# PyScript evaluates JavaScript from strings in a page without workers, so that its policy must allow eval.
#
# Packages: @pyscript/core 0.7.31, pyodide 314.0.7 (npm); playwright 1.65.2 (PyPI) with /usr/bin/chromium,
# seen with Debian's Chromium 156.0.8078.108.
# A Content-Security-Policy with 'wasm-unsafe-eval' and without 'unsafe-eval' is enough for Pyodide. With PyScript, an
# EvalError ends the start before any Python runs: as soon as a hook for workers is set, PyScript compiles what
# is for them from strings, in the page too, and it sets such a hook itself (`hooks.worker.onBeforeRunAsync`).
# Expected: code for workers is needed by pages that have one; this page has none.
# Instead: import `hooks` and clear that set before the page's scripts are run. In a page with workers they need it.
. "$(dirname "$0")/lib.sh"

npm_install @pyscript/core@0.7.31 pyodide@314.0.7
pip_install playwright==1.65.2
cat >"$work/index.html" <<'HTML'
<!doctype html>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'">
<script type="module" src="start.js"></script>
<py-config src="pyscript.json"></py-config>
<script type="py" src="program.py"></script>
HTML
cat >"$work/start.js" <<'JS'
import { hooks } from "./node_modules/@pyscript/core/dist/core.js";
if (location.hash === "#cleared") hooks.worker.onBeforeRunAsync.clear();
JS
# Without the plugins, which this page does not need.
cat >"$work/pyscript.json" <<'JSON'
{"interpreter": "/node_modules/pyodide/pyodide.mjs", "plugins": ["!codemirror", "!deprecations-manager", "!donkey", "!error", "!py-editor", "!py-game", "!py-terminal"]}
JSON
printf 'import js\njs.document.title = "Python ran"\n' >"$work/program.py"
seen=$(py_run <<'PY'
import http.server, threading
from playwright.sync_api import sync_playwright

class Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
    with open("browser", "w") as version:
        version.write(browser.version)
    for name, fragment in (("as it is", ""), ("hook cleared", "#cleared")):
        page = browser.new_page()
        errors = []
        page.on("pageerror", lambda error: errors.append(error.name))
        page.goto(f"http://127.0.0.1:{server.server_port}/{fragment}")
        for _ in range(600):
            if page.title() or errors:
                break
            page.wait_for_timeout(100)
        page.wait_for_timeout(1000)
        print(f"{name}: errors {errors}; title {page.title()!r}")
    browser.close()
server.shutdown()
PY
)
finding "@pyscript/core 0.7.31, pyodide 314.0.7, Chromium $(cat "$work/browser")" \
  "a policy without 'unsafe-eval' keeps PyScript from starting in a page without workers" "$seen" <<'SEEN'
as it is: errors ['EvalError']; title ''
hook cleared: errors []; title 'Python ran'
SEEN
