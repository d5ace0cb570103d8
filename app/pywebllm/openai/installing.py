"""The page as a host of the network, for libraries that take an address but no HTTP client.

It changes the HTTP library of the official SDK, until it is undone. Importing this needs the SDK.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from pywebllm import browser
from pywebllm.client import AsyncWebLLM
from pywebllm.closing import Closing
from pywebllm.waiting import Wait

from .sdk import HTTP_CLIENTS
from .transport import PAGE_URL, Transport

__all__ = ["Installation", "install"]

# The pattern of `mounts` for the host of `PAGE_URL`, over both protocols.
_HOST = "all://pywebllm.invalid"
_DEFAULTS = {"OPENAI_BASE_URL": PAGE_URL, "OPENAI_API_KEY": "no-key"}


class Installation(Closing):
    """What `install` changed. Call it, or leave its `with` block, to undo that.

    HTTP clients made meanwhile keep the page's host. A second call does nothing. With several
    installations, which may be undone in any order, the newest answers.

    Attributes:
        base_url: The address that the page answers.
        client: The client that answers; close it when nothing uses it any more.
    """

    base_url = PAGE_URL

    def __init__(self, page: Transport, *, default: bool) -> None:
        self.client = page.client
        self._page = page
        _mounts.add(page)
        if default:
            _variables.add(page)

    def __call__(self) -> None:
        """Undo the changes, unless another installation needs them."""
        _mounts.remove(self._page)
        _variables.remove(self._page)

    def _leave(self, error: BaseException | None) -> None:
        self()


def install(
    client: AsyncWebLLM | None = None,
    *,
    default: bool = False,
    wait: Wait = browser.run_sync,
) -> Installation:
    """Let the page answer `http://pywebllm.invalid/v1` for all clients of the SDK made after this.

        uninstall = install()
        model = OpenaiChatModel(BUILTIN_MODEL, base_url=uninstall.base_url, api_key="-")

    This is for libraries built on the SDK that take a base URL, but no `http_client`. It applies to
    `openai.OpenAI` and `openai.AsyncOpenAI`, and to every other client of the same HTTP library;
    requests to other hosts go where they went before.

    Args:
        client: The client that answers; None: a new one with the built-in model.
        default: True to answer clients without a base URL as well, which otherwise talk to OpenAI:
            it sets the environment variables `OPENAI_BASE_URL` and `OPENAI_API_KEY`.
        wait: As for `transport`.

    Raises:
        ImportError: The package `openai` is not installed.
        TypeError: `client` is not an `AsyncWebLLM`.
    """
    page = Transport(client, wait=wait)
    # The clients of the SDK share it, so that none of them may close it.
    page.owns_client = False
    return Installation(page, default=default)


def _base(of_sdk: type) -> Any:
    libraries = ("httpx", "httpx2")
    return next(it for it in of_sdk.__mro__ if it.__module__.partition(".")[0] in libraries)


class _Change:
    """A change that is made for the first page that needs it, and undone with the last.

    Args:
        make: Makes the change, with what returns the newest page, and says how to undo it.
    """

    def __init__(self, make: Callable[[Callable[[], Transport], ExitStack], None]) -> None:
        self._make = make
        self._undo = ExitStack()
        self._pages: list[Transport] = []

    def add(self, page: Transport) -> None:
        """Make the change for a page."""
        self._pages.append(page)
        if len(self._pages) == 1:
            self._make(lambda: self._pages[-1], self._undo)

    def remove(self, page: Transport) -> None:
        """Undo the change for a page; do nothing if it does not need it."""
        if page not in self._pages:
            return
        self._pages.remove(page)
        if not self._pages:
            self._undo.close()


def _mount(newest: Callable[[], Transport], undo: ExitStack) -> None:
    for client_type in map(_base, HTTP_CLIENTS):
        undo.callback(setattr, client_type, "__init__", client_type.__init__)
        client_type.__init__ = _mounting(client_type.__init__, newest)


def _mounting(original: Callable[..., None], newest: Callable[[], Transport]) -> Any:
    @functools.wraps(original)
    def init(self: Any, *args: Any, **options: Any) -> None:
        options["mounts"] = {_HOST: newest(), **(options.get("mounts") or {})}
        original(self, *args, **options)

    return init


def _set_variables(_newest: Callable[[], Transport], undo: ExitStack) -> None:
    for name, value in _DEFAULTS.items():
        before = os.environ.get(name)
        if before is None:
            undo.callback(os.environ.pop, name, None)
        else:
            undo.callback(os.environ.__setitem__, name, before)
        os.environ[name] = value


_mounts = _Change(_mount)
_variables = _Change(_set_variables)
