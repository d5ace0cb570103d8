#!/usr/bin/env bash
# createCompletion() rejects a prompt that is a list, which its types allow, as "Invalid typed array length".
#
# Packages: @wllama/wllama 3.13.0 (npm); gguf 0.19.0 writes the model, and playwright 1.65.2 (PyPI) runs
# /usr/bin/chromium, seen with Debian's Chromium 156.0.8078.108.
# RawCompletionParams declares `prompt: string | string[]`, as in the OpenAI reference, which also has token ids.
# Only the log of llama.cpp has the reason, "type must be string, but is array"; the number in the error is the
# word "GLUE", with which each message of its worker begins, read as a length. The model can be used afterwards.
# Expected: one choice for each prompt; or an error that says that a prompt must be a string.
# Instead: call it once for each prompt.
. "$(dirname "$0")/lib.sh"

npm_install @wllama/wllama@3.13.0
pip_install gguf==0.19.0 playwright==1.65.2
seen=$(py_run <<'PY'
import functools, http.server, threading
import gguf
import numpy as np
from playwright.sync_api import sync_playwright

# A model of five tokens that always writes "é" after "a" and "a" after "é"; é has the bytes C3 A9,
# which byte-level BPE spells Ã and ©. Its only layer adds nothing to the embedding of the last token.
TOKENS = ["<end>", "a", "Ã", "©", "aa"]
NEXT = {"a": "Ã", "Ã": "©", "©": "a"}
WIDTH = 64

def write_model(path):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(WIDTH)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(TOKENS)
    writer.add_token_types([gguf.TokenType.CONTROL] + [gguf.TokenType.NORMAL] * 4)
    writer.add_token_merges(["a a"])
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)
    square = np.zeros((WIDTH, WIDTH), np.float32)
    for name in ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]:
        writer.add_tensor(f"blk.0.{name}.weight", square)
    for name in ["blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"]:
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))
    embeddings = np.eye(len(TOKENS), WIDTH, dtype=np.float32)
    output = np.zeros_like(embeddings)
    for token, following in NEXT.items():
        output[TOKENS.index(following), TOKENS.index(token)] = 1
    writer.add_tensor("token_embd.weight", embeddings)
    writer.add_tensor("output.weight", output)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

COMPLETE = """async () => {
    const { Wllama } = await import("/node_modules/@wllama/wllama/esm/index.js");
    const wllama = new Wllama(
        { default: "/node_modules/@wllama/wllama/esm/wasm/wllama.wasm" },
        { suppressNativeLog: true },
    );
    wllama.setCompat(null);
    await wllama.loadModel([await (await fetch("/model.gguf")).blob()], { n_threads: 1, n_gpu_layers: 0 });
    const seen = [];
    for (const prompt of ["a", ["a"], ["a", "aa"], [1], "a"]) {
        const answer = wllama.createCompletion({ prompt, max_tokens: 3, temperature: 0 });
        seen.push(`${JSON.stringify(prompt)}: ${await answer.then(({ choices: [{ text }] }) => text, String)}`);
    }
    await wllama.exit();
    return seen;
}"""

class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass

write_model("model.gguf")
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
    print("\n".join(page.evaluate(COMPLETE)))
    browser.close()
server.shutdown()
PY
)
finding "@wllama/wllama 3.13.0, Chromium $(cat "$work/browser")" \
  "a completion whose prompt is a list is rejected" "$seen" <<'SEEN'
"a": éa
["a"]: RuntimeError: Invalid typed array length: 1163217991
["a","aa"]: RuntimeError: Invalid typed array length: 1163217991
[1]: RuntimeError: Invalid typed array length: 1163217991
"a": éa
SEEN
