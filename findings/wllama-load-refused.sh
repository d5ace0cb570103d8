#!/usr/bin/env bash
# loadModel() resolves though llama.cpp has refused the model, and isModelLoaded() is true afterwards.
#
# Packages: @wllama/wllama 3.13.0 (npm); gguf 0.19.0 writes the model, and playwright 1.65.2 (PyPI) runs
# /usr/bin/chromium, seen with Debian's Chromium 156.0.8078.108.
# llama.cpp refuses a model whose architecture it does not know, which newer files have, with a line in its log.
# Expected: loadModel() rejects, as it does for other files that cannot be loaded, such as an empty one.
# Instead: look at `success` of getLoadedContextInfo(), which the types do not have.
. "$(dirname "$0")/lib.sh"

npm_install @wllama/wllama@3.13.0
pip_install gguf==0.19.0 playwright==1.65.2
seen=$(py_run <<'PY'
import functools, http.server, threading
import gguf
import numpy as np
from playwright.sync_api import sync_playwright

writer = gguf.GGUFWriter("model.gguf", "newer")
writer.add_context_length(128)
writer.add_tensor("token_embd.weight", np.zeros((4, 64), np.float32))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

LOAD = """async () => {
    const { Wllama } = await import("/node_modules/@wllama/wllama/esm/index.js");
    const log = [];
    const logger = { debug() {}, log() {}, warn() {}, error: (...parts) => log.push(parts.join(" ").trim()) };
    const load = async (blob) => {
        const wllama = new Wllama({ default: "/node_modules/@wllama/wllama/esm/wasm/wllama.wasm" }, { logger });
        wllama.setCompat(null);
        const outcome = await wllama.loadModel([blob], { n_threads: 1, n_gpu_layers: 0 }).then(() => "resolved", () => "rejected");
        const info = wllama.isModelLoaded() ? wllama.getLoadedContextInfo() : undefined;
        await wllama.exit();
        return `${outcome}, isModelLoaded ${info !== undefined}, success ${info?.success}`;
    };
    const empty = await load(new Blob([]));
    const newer = await load(await (await fetch("/model.gguf")).blob());
    const reason = log.find((line) => line.includes("unknown model architecture"))?.match(/unknown model architecture: .*/)[0];
    return [`empty file: ${empty}`, `newer architecture: ${newer}`, `the log: ${reason}`];
}"""

class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass

with open("index.html", "w") as page:
    page.write("<p>A page</p>")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
    with open("browser", "w") as version:
        version.write(browser.version)
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
    print("\n".join(page.evaluate(LOAD)))
    browser.close()
server.shutdown()
PY
)
finding "@wllama/wllama 3.13.0, Chromium $(cat "$work/browser")" \
  "loadModel() resolves though llama.cpp has refused the model" "$seen" <<'SEEN'
empty file: rejected, isModelLoaded false, success undefined
newer architecture: resolved, isModelLoaded true, success false
the log: unknown model architecture: 'newer'
SEEN
