"""A page with the real WebLLM and one model in it, in headless Chromium."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Error, Page, sync_playwright

from model.compile.errors import ToolError, VerificationError
from tests.browser.chromium import FLAGS, find_chromium

from .server import QuietHandler, serving

__all__ = ["PROBE", "Engine", "open_engine", "open_page"]

WEBLLM: Final = Path("node_modules/@mlc-ai/web-llm/lib/index.js")
PROBE: Final = Path(__file__).with_name("probe.js")
_PATIENCE_MS: Final = 300_000
_REVISION: Final = "/model/resolve/v1/"
_FEW, _MANY = 4, 200


class Engine:
    """The model in the page; each method is a function of `probe.js`.

    The page's origin must serve `/probe.js` and `/webllm.js`, and at `url` the folder `model`.
    """

    def __init__(self, page: Page, url: str, model: Path) -> None:
        self._page = page
        self._url = url
        self.settings: dict[str, Any] = json.loads((model / "mlc-chat-config.json").read_text())
        tokenizer = json.loads((model / "tokenizer.json").read_text("utf-8"))
        form = self.settings["conv_template"]
        ends: list[int] = form["stop_token_ids"]
        self._end = ends[0] if ends else _stand_in(tokenizer)
        # A text that ends an answer stays in WebLLM's cache in part, as the next turn's first
        # tokens. Here only tokens end one, so that all that is fed is known.
        by_text = bool(form["stop_str"]) or not ends
        self._ends = {"stop_str": [], "stop_token_ids": ends or [self._end]} if by_text else None
        self.white_space = _white_space(tokenizer)
        """The tokens that hold a space, a tab or a line break."""
        self.ordinary = _ordinary(tokenizer, ends)
        """At most 200 tokens that are no special ones and end no answer: letters and digits."""

    def load(self) -> dict[str, Any]:
        """Load the model anew; return `{milliseconds, adapter}`."""
        return dict(self._call("load", {"url": self._url, "ends": self._ends}))

    def trace(self, request: dict[str, Any], *, tokens: int, fresh: bool) -> list[dict[str, Any]]:
        """Answer one chat request, in a new conversation if `fresh`; return what happened.

        The answer stops by itself after `tokens` tokens, or earlier if the model wants to. Events
        are `{fed: tokens, past: cached}` (given to the network), `{logits: numbers}` (what it
        answered), `{sampled: token}` and at the end `{text, usage}`.
        """
        argument = {"request": request, "fresh": fresh, "tokens": tokens, "stop": self._end}
        return list(self._call("trace", argument))

    def complete(
        self, request: dict[str, Any], *, forced: dict[int, float] | None = None
    ) -> dict[str, Any]:
        """Answer one chat request in a new conversation.

        With `forced`, the network's logits are replaced: these tokens get these logits and all
        others -1e9. Returns `{text, tokens, finish, usage, logprobs, first, milliseconds}`.
        """
        return dict(self._call("complete", {"request": request, "forced": forced}))

    def _call(self, function: str, argument: Any) -> Any:
        script = "async ([f, a]) => (await import('/probe.js'))[f](a)"
        try:
            return self._page.evaluate(script, [function, argument])
        except Error as error:
            raise VerificationError(
                f"{function} failed in the browser: {error.message[:1000]}. Does the model load "
                "in the demo page?"
            ) from error


@contextmanager
def open_engine(model: Path, *, webllm: Path = WEBLLM) -> Iterator[Engine]:
    """Serve the folder `model` and open a page for it.

    Raises:
        ToolError: Chromium or WebLLM is missing.
    """
    with open_page(model, {"/probe.js": PROBE, "/webllm.js": webllm}) as (page, url):
        yield Engine(page, url, model)


@contextmanager
def open_page(model: Path, files: Mapping[str, Path]) -> Iterator[tuple[Page, str]]:
    """Open an empty page in a browser of its own; yield it, and the model's address.

    Its origin serves the folder `model` and `files`, by their paths.

    Raises:
        ToolError: Chromium or a file is missing.
    """
    for file in files.values():
        if not file.is_file():
            raise ToolError(f"{file} is missing. Run `npm ci` in the repository's root.")
    chromium = find_chromium()
    if chromium is None:
        raise ToolError("No Chromium is installed. Install it with `apt-get install chromium`.")
    absolute = {path: file.resolve() for path, file in files.items()}
    handler = partial(_Handler, model=model.resolve(), files=absolute)
    with serving(handler) as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            page = browser.new_page()
            page.set_default_timeout(_PATIENCE_MS)
            page.goto(origin)
            yield page, f"{origin}{_REVISION}"
        finally:
            browser.close()


def _white_space(tokenizer: Mapping[str, Any]) -> list[int]:
    """Tokenizers write these characters as letters of their own, or as numbers of bytes."""
    vocabulary = tokenizer["model"]["vocab"]
    letters, numbers = set("ĠĊčĉ▁ \n\r\t"), {"<0x20>", "<0x0A>", "<0x0D>", "<0x09>"}
    return [token for text, token in vocabulary.items() if set(text) & letters or text in numbers]


def _ordinary(tokenizer: Mapping[str, Any], ends: Iterable[int]) -> list[int]:
    """Letters and digits, if there are enough: parts of a letter would not show in a stream.

    Those from the 300th on are whole words rather than single letters, where there are so many.
    """
    special = {*_added(tokenizer), *ends}
    vocabulary = tokenizer["model"]["vocab"]
    found = {text: token for text, token in vocabulary.items() if token not in special}
    plain = [token for text, token in found.items() if text.isascii() and text.isalnum()]
    tokens = sorted(plain if len(plain) >= _FEW else found.values())
    start = max(0, min(300, len(tokens) - _MANY))
    return tokens[start : start + _MANY]


def _stand_in(tokenizer: Mapping[str, Any]) -> int:
    """Return a token that no answer needs, for the models whose answers end by a text alone."""
    return max(_added(tokenizer), default=max(tokenizer["model"]["vocab"].values()))


def _added(tokenizer: Mapping[str, Any]) -> list[int]:
    return [int(each["id"]) for each in tokenizer.get("added_tokens") or []]


class _Handler(QuietHandler):
    """Serves an empty page, the files it was given and those of the model, nothing else."""

    def __init__(self, *args: Any, model: Path, files: Mapping[str, Path], **kwargs: Any) -> None:
        self._model = model
        self._files = files
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:  # noqa: N802 (the name the base class calls)
        if self.path != "/":
            super().do_GET()
            return
        page = b"<!doctype html><title>verify</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def translate_path(self, path: str) -> str:
        if path.startswith(_REVISION):
            return str(self._model / Path(path).name)
        return str(self._files.get(path, "/nonexistent"))
