"""The elements of the set-up card: shows a `Screen`, forwards a click."""

from __future__ import annotations

from typing import Literal, Protocol

import js

from page.elements import Listeners, find_element, set_text, show_detail, show_problem

from .view import Screen

__all__ = ["Actions", "SetupElements", "wanted_engine"]


class Actions(Protocol):
    """The visitor's actions."""

    def retry(self) -> None:
        """Handle the Try again button."""
        ...


class SetupElements:
    """The elements of the card in index.html, found once by their ids."""

    def __init__(self) -> None:
        self._body = js.document.body
        self._status = find_element("status")
        self._percent = find_element("percent")
        self._bar = find_element("bar")
        self._fill = find_element("fill")
        self._gpu = find_element("gpu")
        self._problem = find_element("problem")
        self._problem_what = find_element("problem-what")
        self._problem_advice = find_element("problem-advice")
        self._problem_detail = find_element("problem-detail")
        self._again = find_element("again")
        self._listeners = Listeners()

    def connect(self, actions: Actions) -> None:
        """Call `actions` for each action of the visitor from now on."""
        self._listeners.add(self._again, "click", lambda _event: actions.retry())

    def show(self, screen: Screen) -> None:
        """Replace what is shown by `screen`."""
        self._body.dataset.state = screen.state
        set_text(self._status, screen.status)
        percent = int(screen.ratio * 100)
        self._bar.ariaValueNow = str(percent)
        self._fill.style.setProperty("--ratio", str(screen.ratio))
        self._percent.textContent = f"{percent} %" if screen.state == "loading" else ""
        self._problem_what.textContent = screen.problem
        self._problem_advice.textContent = screen.advice
        show_detail(self._problem_detail, screen.detail)
        self._again.hidden = not screen.can_retry
        show_problem(self._problem, is_shown=bool(screen.problem))

    def show_gpu(self, text: str) -> None:
        """Show the line about the GPU; an empty string hides it."""
        self._gpu.textContent = text
        self._gpu.hidden = not text


def wanted_engine() -> Literal["auto", "webllm", "wllama"]:
    """Return the engine in the page's address, `?engine=wllama`; `auto` if it names none."""
    wanted = js.URLSearchParams.new(js.location.search).get("engine")
    if wanted == "webllm":
        return "webllm"
    return "wllama" if wanted == "wllama" else "auto"
