#!/usr/bin/env bash
# Playwright neither routes nor reports the requests of a SharedWorker.
#
# Packages: playwright 1.65.2 (PyPI) with /usr/bin/chromium, seen with Debian's Chromium 156.0.8078.108.
# context.route() answers the requests of the page and of a Worker. Those of a SharedWorker go to the
# server, and no "request" event reports them, except the one for the script of the worker. A test that
# simulates a missing file or an error in this way passes although nothing was simulated.
# Expected: context.route() is documented for requests made by any page in the context; only what a
# Service Worker intercepts is excepted.
# Instead: let the server of the test answer, or run the same code in a Worker.
. "$(dirname "$0")/lib.sh"

pip_install playwright==1.65.2
seen=$(py_run <<'PY'
import http.server, threading
from playwright.sync_api import sync_playwright

ANSWER = "async () => (await (await fetch('/data')).text())"
FILES = {
    "/": ("text/html", "<p>A page</p>"),
    "/worker.js": (
        "text/javascript",
        f"const ask = {ANSWER}; onmessage = async () => postMessage(await ask());",
    ),
    "/shared.js": (
        "text/javascript",
        f"const ask = {ANSWER}; onconnect = async ({{ ports: [port] }}) => port.postMessage(await ask());",
    ),
    "/data": ("text/plain", "the server"),
}
ASK = {
    "the page": f"({ANSWER})()",
    "a Worker": """new Promise((done) => {
        const worker = new Worker("/worker.js");
        worker.onmessage = ({ data }) => done(data);
        worker.postMessage("ask");
    })""",
    "a SharedWorker": """new Promise((done) => {
        new SharedWorker("/shared.js").port.onmessage = ({ data }) => done(data);
    })""",
}

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kind, body = FILES.get(self.path, ("text/plain", ""))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
    with open("browser", "w") as version:
        version.write(browser.version)
    context = browser.new_context()
    context.route("**/data", lambda route: route.fulfill(body="the route"))
    requests = []
    context.on("request", lambda request: requests.append(request.url.rpartition("/")[2]))
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    for name, ask in ASK.items():
        requests.clear()
        print(f"{name}: answered by {page.evaluate(ask)}; request events {requests}")
    browser.close()
server.shutdown()
PY
)
finding "playwright 1.65.2, Chromium $(cat "$work/browser")" \
  "requests of a SharedWorker are neither routed nor reported" "$seen" <<'SEEN'
the page: answered by the route; request events ['data']
a Worker: answered by the route; request events ['worker.js', 'data']
a SharedWorker: answered by the server; request events ['shared.js']
SEEN
