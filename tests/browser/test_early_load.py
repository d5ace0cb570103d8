"""A load from the cache begins what it needs while the engine's worker imports WebLLM."""

from __future__ import annotations

import pytest
from playwright.sync_api import ConsoleMessage, Request, Route

from model.browser.python import PagePython
from tests.browser.shipped import REVISION

_PREFIX = "worker:"

# Of an engine's worker: its messages, the files that it reads from the caches, what it instantiates
# (the bytes of a binary, or a module), and the devices that it requests.
_LOG = """
if (globalThis.DedicatedWorkerGlobalScope) {
  const log = (...what) => console.log("PREFIX", ...what);
  addEventListener("message", ({data}) => log(data.pywebllm ?? data.kind));
  const {match} = Cache.prototype;
  Cache.prototype.match = function (request) {
    log("read", (request.url ?? request).split("/").at(-1));
    return match.call(this, request);
  };
  const {instantiate} = WebAssembly;
  WebAssembly.instantiate = (source, imports) => {
    log("instantiate", source.byteLength ?? "module");
    return instantiate(source, imports);
  };
  const {requestDevice} = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = function (wish) {
    log("device");
    return requestDevice.call(this, wish);
  };
}
""".replace("PREFIX", _PREFIX)

# The worker takes its adapter for a real GPU.
_REAL = """
if (globalThis.DedicatedWorkerGlobalScope) {
  Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", {get: () => false});
}
"""


async def answer(site: str) -> str:
    """Return a text of a model that was loaded for it alone."""
    from pywebllm import AsyncWebLLM

    async with AsyncWebLLM(assets_url=site, engine="webllm") as llm:
        reply = await llm.completions.create(prompt="Ada is", max_tokens=4, temperature=0)
        return reply.text


@pytest.mark.parametrize(("adapter", "library"), [("", "model.wasm"), (_REAL, "model-gpu.wasm")])
def test_second_load_begins_before_webllm_asks(
    fresh_python: PagePython, site: str, adapter: str, library: str
) -> None:
    def serve(route: Route, request: Request) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=adapter + _LOG + response.text())

    log: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.text.startswith(_PREFIX):
            log.append(message.text.removeprefix(_PREFIX).strip())

    fresh_python.page.context.route("**/webllm_bridge.js*", serve)
    fresh_python.page.on("console", note)
    first = fresh_python.run(answer, site=site)
    compiled = f"instantiate {(REVISION / library).stat().st_size}"
    assert compiled in log
    log.clear()
    assert fresh_python.run(answer, site=site) == first
    assert compiled not in log
    assert "instantiate module" in log
    small = (library, "mlc-chat-config.json", "tensor-cache.json", "tokenizer.json")
    assert {name: log.count(f"read {name}") for name in small} == dict.fromkeys(small, 1)
    assert log.count("device") == 1
    assert log.index("prepare") < log.index("reload")
