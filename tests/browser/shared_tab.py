"""A tab that uses the bridge from JavaScript, with an engine that all tabs of its profile share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from playwright.sync_api import BrowserContext, Page
from pywebllm import wire
from pywebllm.assets import builtin_record
from pywebllm.builtin import BUILTIN_PATH
from pywebllm.records import ModelRecord

from model.browser.page import bare_page

__all__ = ["SharedTab", "record_of", "user"]

_START = """([site, options, environment]) => {
  const Worker = SharedWorker;
  globalThis.running = 0;
  globalThis.SharedWorker = class extends Worker {
    constructor(...args) {
      super(...args);
      globalThis.port = this.port;
      globalThis.received = [];
      this.port.addEventListener("message", ({ data }) => {
        received.push(...Object.keys(data));
        if (data.state) globalThis.running = data.state.running;
      });
    }
  };
  globalThis.drain = async (stream) => {
    const items = [];
    try {
      for (let text; (text = await stream.next()) !== undefined;) items.push(JSON.parse(text));
    } catch ({ name, message }) {
      return { items, error: name, message };
    }
    return { items, error: null };
  };
  globalThis.chat = async (request) => {
    const { items, error } = await drain(bridge.generate(JSON.stringify(request)));
    const chunks = items.flat();
    const text = chunks.map(({ choices: [choice] }) => choice?.delta.content ?? "").join("");
    return { text, error, usage: chunks.at(-1)?.usage };
  };
  return (async () => {
    const module = await import(site + "webllm_bridge.js");
    const config = JSON.stringify({ webllmUrl: site + "webllm.js", ...options });
    globalThis.bridge = await module.openSharedBridge(config, environment);
    return bridge.isShared;
  })();
}"""


class SharedTab:
    """A tab of the site with an open bridge.

    Args:
        context: The profile.
        site: The site's URL.
        environment: Times of the bridge, in seconds, in place of its own.
        options: The configuration of the bridge.
    """

    def __init__(
        self,
        context: BrowserContext,
        site: str,
        *,
        environment: dict[str, float] | None = None,
        **options: Any,
    ) -> None:
        self.page: Page = context.new_page()
        self.site = site
        self._arguments = [site, options, environment or {}]
        bare_page(self.page, site)
        self.open()

    def open(self) -> None:
        """Open the bridge."""
        self.is_shared: bool = self.page.evaluate(_START, self._arguments)

    def reload(self) -> None:
        """Reload the page, and open the bridge again."""
        self.page.reload()
        self.open()

    def load(self, model: ModelRecord | None = None) -> list[str]:
        """Load a model; return the phases that were reported."""
        request = wire.load_request(model or record_of(self.site))
        found = self.page.evaluate("request => drain(bridge.load(request))", request)
        assert found["error"] is None, found
        return [item["phase"] for item in found["items"]]

    def begin(self, name: str, messages: Sequence[dict[str, str]], **options: Any) -> None:
        """Begin a chat whose result `end` returns by this name."""
        script = "([name, request]) => void (globalThis[name] = chat(request))"
        self.page.evaluate(script, [name, _chat(messages, options)])

    def end(self, name: str) -> dict[str, Any]:
        """Wait for the result of a chat: its `text`, `error` and `usage`."""
        found: dict[str, Any] = self.page.evaluate("name => globalThis[name]", name)
        return found

    def chat(self, messages: Sequence[dict[str, str]], **options: Any) -> dict[str, Any]:
        """Chat, greedily; return the `text`, `error` and `usage`."""
        self.begin("answer", messages, **options)
        return self.end("answer")


def record_of(site: str, model_id: str | None = None) -> ModelRecord:
    """Return the record of the built-in model on the site, perhaps by another ID."""
    found = builtin_record(site + BUILTIN_PATH)
    return replace(found, model_id=model_id or found.model_id)


def user(content: str) -> dict[str, str]:
    """Return a message of the user."""
    return {"role": "user", "content": content}


def _chat(messages: Sequence[dict[str, str]], options: dict[str, Any]) -> dict[str, Any]:
    body = {"messages": list(messages), "temperature": 0, **options}
    return {"kind": "chat.completions", "request": body}
