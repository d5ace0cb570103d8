"""The real WebLLM with one model, in a page in headless Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Error, Page

from model.browser.page import open_page
from model.compile.errors import VerificationError

__all__ = ["PROBE", "WEBLLM", "Engine", "open_engine"]

WEBLLM: Final = Path("node_modules/@mlc-ai/web-llm/lib/index.js")
PROBE: Final = Path(__file__).with_name("probe.js")
_FEWEST, _MOST = 4, 200  # ordinary tokens


class Engine:
    """The model in the page; each public method calls a function of `probe.js`.

    The page's origin must serve `/probe.js` and `/webllm.js`, and the folder `model` at `url`.
    """

    def __init__(self, page: Page, url: str, model: Path) -> None:
        self._page = page
        self._url = url
        self.settings: dict[str, Any] = json.loads((model / "mlc-chat-config.json").read_text())
        tokenizer = json.loads((model / "tokenizer.json").read_text("utf-8"))
        form = self.settings["conv_template"]
        ends: list[int] = form["stop_token_ids"]
        self._end = ends[0] if ends else _unused_token(tokenizer)
        # A part of a stop string stays in WebLLM's cache, before the tokens of the next turn.
        # Replacing stop strings by a stop token makes all tokens that are fed known.
        by_string = bool(form["stop_str"]) or not ends
        self._ends = {"stop_str": [], "stop_token_ids": ends or [self._end]} if by_string else None
        self.white_space = _white_space(tokenizer)
        """The tokens that contain a space, a tab or a line break."""
        self.ordinary = _ordinary(tokenizer, ends)
        """At most 200 tokens of letters and digits; none is special or ends an answer."""

    def load(self) -> dict[str, Any]:
        """Load or reload the model; return `{milliseconds, adapter}`."""
        return dict(self._call("load", {"url": self._url, "ends": self._ends}))

    def trace(self, request: dict[str, Any], *, tokens: int, fresh: bool) -> list[dict[str, Any]]:
        """Answer one chat request, in a new conversation if `fresh`; return the events.

        The answer ends with a stop token after `tokens` tokens, or earlier if the model samples
        one. Events are `{fed: tokens, past: cached}` (input of the network), `{logits: numbers}`
        (its output), `{sampled: token}` and finally `{text, usage}`.

        Raises:
            VerificationError: The request failed in the browser.
        """
        argument = {"request": request, "fresh": fresh, "tokens": tokens, "stop": self._end}
        return list(self._call("trace", argument))

    def complete(
        self, request: dict[str, Any], *, forced: dict[int, float] | None = None
    ) -> dict[str, Any]:
        """Answer one chat request in a new conversation.

        `forced` replaces the logits of the network: these tokens get these logits, all others
        -1e9. Returns `{text, tokens, finish, usage, logprobs, first, milliseconds}`.

        Raises:
            VerificationError: The request failed in the browser.
        """
        return dict(self._call("complete", {"request": request, "forced": forced}))

    def _call(self, function: str, argument: Any) -> Any:
        script = "async ([f, a]) => (await import('/probe.js'))[f](a)"
        try:
            return self._page.evaluate(script, [function, argument])
        except Error as error:
            raise VerificationError(
                f"{function}() failed in the browser: {error.message[:1000]}. Check whether the "
                "model loads in the demo page."
            ) from error


@contextmanager
def open_engine(model: Path, *, webllm: Path = WEBLLM) -> Iterator[Engine]:
    """Serve the folder `model` and open a page with WebLLM for it.

    Raises:
        ToolError: Chromium or WebLLM is missing.
    """
    with open_page(model, {"/probe.js": PROBE, "/webllm.js": webllm}) as (page, url):
        yield Engine(page, url, model)


def _white_space(tokenizer: Mapping[str, Any]) -> list[int]:
    """Return the tokens with white space; tokenizers spell it by a substitute or a byte."""
    vocabulary = tokenizer["model"]["vocab"]
    letters, codes = set("ĠĊčĉ▁ \n\r\t"), {"<0x20>", "<0x0A>", "<0x0D>", "<0x09>"}
    return [token for text, token in vocabulary.items() if set(text) & letters or text in codes]


def _ordinary(tokenizer: Mapping[str, Any], ends: Iterable[int]) -> list[int]:
    """Return tokens of ASCII letters and digits if there are enough, else any but special ones.

    Tokens that are a part of a character would not appear in a stream. From about the 300th on,
    tokens are words rather than single letters.
    """
    special = {*_added(tokenizer), *ends}
    vocabulary = tokenizer["model"]["vocab"]
    found = {text: token for text, token in vocabulary.items() if token not in special}
    plain = [token for text, token in found.items() if text.isascii() and text.isalnum()]
    tokens = sorted(plain if len(plain) >= _FEWEST else found.values())
    start = max(0, min(300, len(tokens) - _MOST))
    return tokens[start : start + _MOST]


def _unused_token(tokenizer: Mapping[str, Any]) -> int:
    """Return a token that no answer needs, for models that have stop strings only."""
    return max(_added(tokenizer), default=max(tokenizer["model"]["vocab"].values()))


def _added(tokenizer: Mapping[str, Any]) -> list[int]:
    return [int(each["id"]) for each in tokenizer.get("added_tokens") or []]
