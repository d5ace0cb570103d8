"""`ProgressBar`: what each host is given. The hosts themselves run in tests/browser."""

from __future__ import annotations

import io
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from pywebllm import InvalidRequestError, LoadProgress, ProgressBar
from pywebllm.types import DownloadProgress


def load(phase: Any, ratio: float, text: str = "Loading") -> LoadProgress:
    return LoadProgress(phase=phase, ratio=ratio, text=text, elapsed=1.0)


class Notebook:
    """IPython with a kernel: records what is displayed, and what replaces it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, shell: object) -> None:
        self.shown: list[tuple[str, Any]] = []
        ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
        monkeypatch.setattr(ipython, "get_ipython", lambda: shell, raising=False)
        monkeypatch.setattr(display, "display", self._display, raising=False)
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        monkeypatch.setitem(sys.modules, "IPython.display", display)

    def _display(self, value: Any, *, display_id: bool) -> Any:
        assert display_id
        self.shown.append(("new", value))
        return SimpleNamespace(update=lambda value: self.shown.append(("update", value)))


class Marimo:
    """marimo's `status.progress_bar`, as version 0.25.2 has it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, runs: bool) -> None:
        self.bars: list[dict[str, Any]] = []
        marimo: Any = ModuleType("marimo")
        marimo.running_in_notebook = lambda: runs
        marimo.status = SimpleNamespace(progress_bar=self._new)
        monkeypatch.setitem(sys.modules, "marimo", marimo)

    def _new(self, **options: Any) -> Any:
        bar = {**options, "at": 0, "subtitle": "", "closed": False}
        self.bars.append(bar)

        class Bar:
            def __enter__(self) -> Bar:
                return self

            def __exit__(self, *_: object) -> None:
                bar["closed"] = True

            def update(self, *, increment: int, subtitle: str) -> None:
                bar.update(at=bar["at"] + increment, subtitle=subtitle)

        return Bar()


def test_text_has_a_line_for_each_phase_and_each_tenth() -> None:
    file = io.StringIO()
    bar = ProgressBar(host="text", file=file)
    for percent in range(51):
        bar(load("fetch", percent / 100))
    bar(load("compile", 0.5, "Compiling"))
    bar(load("ready", 1.0, "Ready"))
    lines = file.getvalue().splitlines()
    assert [line.partition("%")[0].split()[-1] for line in lines] == [
        *("0", "10", "20", "30", "40", "50"),
        *("50", "100"),
    ]
    assert lines[0] == "░" * 20 + "   0 % Loading"
    assert lines[-1] == "█" * 20 + " 100 % Ready"


def test_text_goes_to_stdout_and_a_second_load_begins_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bar = ProgressBar(host="text")
    for _ in range(2):
        bar(load("ready", 1.0, "Ready"))
    assert capsys.readouterr().out.count("Ready") == 2


def test_bar_shows_a_download() -> None:
    file = io.StringIO()
    with ProgressBar(host="text", file=file) as bar:
        bar(DownloadProgress(model="m", phase="download", received=0, text="0 MB"))
        bar(DownloadProgress(model="m", phase="download", received=1, total=2, text="1 of 2 MB"))
    assert [line.split()[1] for line in file.getvalue().splitlines()] == ["0", "50"]


def test_notebook_replaces_one_output_and_escapes_its_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notebook = Notebook(monkeypatch, SimpleNamespace(kernel=object()))
    bar = ProgressBar()
    for ratio in (0.1, 0.1, 0.2):
        bar(load("fetch", ratio, "<b>a & b"))
    bar(load("ready", 1.0))
    assert [how for how, _ in notebook.shown] == ["new", "update", "update"]
    first = notebook.shown[0][1]
    assert first._repr_html_() == (
        '<label><progress value="10" max="100"></progress> 10 % &lt;b&gt;a &amp; b</label>'
    )
    assert repr(first) == "██" + "░" * 18 + "  10 % <b>a & b"
    bar(load("start", 0.0))
    assert notebook.shown[-1][0] == "new"


@pytest.mark.parametrize("shell", [None, object()])
def test_ipython_without_a_kernel_is_shown_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shell: object
) -> None:
    notebook = Notebook(monkeypatch, shell)
    ProgressBar()(load("ready", 1.0, "Ready"))
    assert notebook.shown == []
    assert "Ready" in capsys.readouterr().out


def test_marimo_has_its_own_bar_for_each_load(monkeypatch: pytest.MonkeyPatch) -> None:
    marimo = Marimo(monkeypatch, runs=True)
    Notebook(monkeypatch, SimpleNamespace(kernel=object()))
    bar = ProgressBar()
    bar(load("fetch", 0.25, "Fetching"))
    (first,) = marimo.bars
    assert (first["total"], first["at"], first["subtitle"]) == (100, 25, "Fetching")
    assert not first["closed"]
    bar(load("ready", 1.0, "Ready"))
    assert (first["at"], first["closed"]) == (100, True)
    with bar:
        bar(load("start", 0.0))
    assert [it["closed"] for it in marimo.bars] == [True, True]


def test_marimo_outside_of_a_notebook_is_shown_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    marimo = Marimo(monkeypatch, runs=False)
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    ProgressBar()(load("ready", 1.0, "Ready"))
    assert marimo.bars == []
    assert "Ready" in capsys.readouterr().out


def test_unknown_host_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="host"):
        ProgressBar(host="excel")  # type: ignore[arg-type]
