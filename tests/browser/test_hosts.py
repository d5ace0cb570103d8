"""Python in a worker from a `blob:` URL, as stlite and PyScript without headers run it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from model.browser.page import bare_page
from model.browser.python import wheels

# It answers each message, which is Python code, with the JSON that the code returns.
WORKER = """
const [site, ...wheels] = URLS;
const started = (async () => {
  const { loadPyodide } = await import(`${site}vendor/pyodide/pyodide.mjs`);
  const pyodide = await loadPyodide();
  await pyodide.loadPackage(wheels, { messageCallback: () => {} });
  return pyodide;
})();
addEventListener("message", async ({ data }) => {
  try {
    postMessage({ result: await (await started).runPythonAsync(data) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
});
"""

START = """([source, urls]) => {
  const text = source.replace("URLS", JSON.stringify(urls));
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  globalThis.worker = new Worker(url, { type: "module" });
  globalThis.run = code => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) =>
      data.error ? reject(new Error(data.error)) : resolve(data.result);
    worker.onerror = event => reject(new Error(event.message || "the worker did not start"));
    worker.postMessage(code);
  });
}"""

BEGIN = """
import json
from pywebllm import AsyncWebLLM, ModelRecord
from pywebllm.builtin import BUILTIN_PATH

async def outcome(**options):
    request = {"messages": [{"role": "user", "content": "Tell me of Ada."}], "max_tokens": 3}
    try:
        async with AsyncWebLLM(**options) as llm:
            reply = await llm.chat.completions.create(**request, temperature=0)
            return ["text", reply.text]
    except Exception as error:
        return [type(error).__name__, str(error)]

def record(folder):
    return ModelRecord(model_id="mine", model=folder, model_lib=folder + "model.wasm")
"""


@pytest.fixture
def blob_worker(page: Page, site: str) -> Page:
    """A page whose `run(code)` runs Python in a worker that a `blob:` URL started."""
    bare_page(page, site)
    page.evaluate(START, [WORKER, [site, *(site + name for name in wheels())]])
    page.evaluate("code => run(code)", BEGIN)
    return page


def run(page: Page, expression: str) -> Any:
    return json.loads(page.evaluate("code => run(code)", f"json.dumps({expression})"))


def test_blob_worker_takes_whole_urls_paths_and_the_files_of_the_wheel(
    blob_worker: Page, site: str
) -> None:
    text = run(blob_worker, "await outcome()")
    assert text[0] == "text", text
    for url in (repr(site), "'/'"):
        assert run(blob_worker, f"await outcome(assets_url={url}, engine='webllm')") == text
    mine = "record('/' + BUILTIN_PATH)"
    assert run(blob_worker, f"await outcome(model={mine}, assets_url='/')") == text


def test_relative_url_in_a_blob_worker_is_an_error_that_says_what_to_write(
    blob_worker: Page, site: str
) -> None:
    for options in ("assets_url='./site/'", "model=record('./mine/'), assets_url='/'"):
        name, message = run(blob_worker, f"await outcome({options})")
        assert name == "InvalidRequestError", message
        assert f"{site}site/ or /site/" in message
