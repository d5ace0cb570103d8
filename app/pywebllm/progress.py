"""A progress bar for loads and downloads, shown as the host of this Python shows one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from html import escape
from typing import Any, Literal, Protocol, TextIO, TypeAlias

from .closing import Closing
from .request.checks import one_of
from .types import DownloadProgress
from .values import LoadProgress

__all__ = ["Host", "ProgressBar"]

Host: TypeAlias = Literal["auto", "notebook", "marimo", "text"]

_HOST = one_of("auto", "notebook", "marimo", "text")

# A line of text for each tenth; phases have lines of their own.
_STEP = 10
_WIDTH = 20


class ProgressBar(Closing):
    """A progress bar for `on_progress`, which looks right where Python runs.

        with ProgressBar() as bar:
            await llm.load(on_progress=bar)

    It is a bar that is updated in place in a notebook of Jupyter or JupyterLite, marimo's own
    `mo.status.progress_bar` in marimo, and lines of text elsewhere. Make it in the cell that shows
    it. It may be used several times: each load and each download shows a bar of its own.

    Args:
        host: Where it is shown: `notebook`, `marimo`, `text`, or `auto` for what is found.
        file: Where text is written; None: `sys.stdout`.

    Raises:
        InvalidRequestError: `host` is none of these.
        ImportError: `host` names one that is not installed.
    """

    def __init__(self, *, host: Host = "auto", file: TextIO | None = None) -> None:
        _HOST("host", host)
        self._host = _found_host() if host == "auto" else host
        self._file = file
        self._view: _View | None = None
        self._shown: tuple[str, int, str] | None = None

    def __call__(self, progress: LoadProgress | DownloadProgress) -> None:
        """Show a progress; this is what `on_progress` calls."""
        percent = int(progress.ratio * 100)
        shown = (progress.phase, percent, progress.text)
        if shown == self._shown:
            return
        self._shown = shown
        if self._view is None:
            self._view = self._new_view()
        self._view.show(*shown)
        if progress.phase == "ready":
            self.close()

    def close(self) -> None:
        """End the bar, which stays as it is; a further progress begins a new one."""
        view, self._view, self._shown = self._view, None, None
        if view is not None:
            view.close()

    def _leave(self, error: BaseException | None) -> None:
        self.close()

    def _new_view(self) -> _View:
        if self._host == "notebook":
            return _NotebookView()
        if self._host == "marimo":
            return _MarimoView()
        return _TextView(self._file or sys.stdout)


class _View(Protocol):
    def show(self, phase: str, percent: int, text: str) -> None: ...

    def close(self) -> None: ...


class _TextView:
    """Lines of text: one for each phase, and one for each tenth."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._written: tuple[str, int] | None = None

    def show(self, phase: str, percent: int, text: str) -> None:
        step = (phase, percent // _STEP)
        if step != self._written:
            self._written = step
            print(_line(percent, text), file=self._file, flush=True)

    def close(self) -> None:
        pass


class _NotebookView:
    """An output of the cell, which is replaced in place."""

    def __init__(self) -> None:
        # Where it is used, IPython runs the notebook.
        from IPython.display import display  # noqa: PLC0415

        self._display: Callable[..., Any] = display
        self._handle: Any = None

    def show(self, phase: str, percent: int, text: str) -> None:
        del phase
        bar = _NotebookBar(percent, text)
        if self._handle is None:
            self._handle = self._display(bar, display_id=True)
        else:
            self._handle.update(bar)

    def close(self) -> None:
        pass


class _NotebookBar:
    """What is displayed: HTML, or text where only that is shown."""

    def __init__(self, percent: int, text: str) -> None:
        self._percent, self._text = percent, text

    def __repr__(self) -> str:
        return _line(self._percent, self._text)

    def _repr_html_(self) -> str:
        bar = f'<progress value="{self._percent}" max="100"></progress>'
        return f"<label>{bar} {self._percent} % {escape(self._text)}</label>"


class _MarimoView:
    """marimo's own bar."""

    def __init__(self) -> None:
        import marimo  # noqa: PLC0415

        self._bar = marimo.status.progress_bar(
            total=100, title="pywebllm", show_rate=False, show_eta=False
        )
        self._progress = self._bar.__enter__()
        self._percent = 0

    def show(self, phase: str, percent: int, text: str) -> None:
        del phase
        self._progress.update(increment=percent - self._percent, subtitle=text)
        self._percent = percent

    def close(self) -> None:
        self._bar.__exit__(None, None, None)


def _line(percent: int, text: str) -> str:
    full = percent * _WIDTH // 100
    return f"{'█' * full}{'░' * (_WIDTH - full)} {percent:3d} % {text}"


def _found_host() -> Literal["notebook", "marimo", "text"]:
    # A host has imported its library before any cell runs.
    marimo = sys.modules.get("marimo")
    if marimo is not None and marimo.running_in_notebook():
        return "marimo"
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    # The shell of a terminal has no kernel, and cannot replace what it has shown.
    return "text" if getattr(shell, "kernel", None) is None else "notebook"
