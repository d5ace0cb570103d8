"""Plot loss.csv: the loss in training and on held-out text over the number of tokens."""

from __future__ import annotations

import csv
import logging
from pathlib import Path
from typing import Any

from model.tools import RecipeError

__all__ = ["draw"]

log = logging.getLogger("pywebllm.model")

_SMOOTHED = 10  # points of the training loss that are averaged
_DRAWN = 500  # points of it at most, so that the picture of a long run stays small


def draw(log_file: Path, picture: Path) -> None:
    """Plot `log_file` as an SVG; without matplotlib, log a warning instead.

    Raises:
        RecipeError: The log file does not exist.
    """
    if not log_file.is_file():
        raise RecipeError(f"no file {log_file}. Run `python -m model train` first.")
    try:
        import matplotlib as mpl  # noqa: PLC0415 (training works without the plot)
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        log.warning("loss not plotted; install matplotlib with: python -m pip install matplotlib")
        return
    rows = _rows(log_file)
    # Text remains text, and the same log gives the same file.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "loss", "font.size": 11}):
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        _plot(figure.subplots(), rows)
        figure.savefig(picture, metadata={"Date": None})


def _rows(log_file: Path) -> list[dict[str, str]]:
    # After a restart, some steps occur twice; the later rows are valid.
    with log_file.open(newline="") as file:
        rows = {int(row["step"]): row for row in csv.DictReader(file)}
    return [rows[step] for step in sorted(rows)]


def _plot(axes: Any, rows: list[dict[str, str]]) -> None:
    tokens = [int(row["tokens"]) / 1e6 for row in rows]
    smooth = _smooth([float(row["loss"]) for row in rows])
    every = max(-(-len(rows) // _DRAWN), 1)
    axes.plot(tokens[::every], smooth[::every], color="0.65", label="training")
    for column, color, label in (
        ("valid", "tab:blue", "held out, weights as trained"),
        ("valid_4bit", "tab:orange", "held out, through the 4-bit form"),
    ):
        # Weights that are trained through the 4-bit form have one held-out loss, not two.
        points = [
            (at, float(row[column]))
            for at, row in zip(tokens, rows, strict=True)
            if row.get(column) and (column == "valid_4bit" or row["quantised"] == "0")
        ]
        if points:
            axes.plot(*zip(*points, strict=True), color=color, marker=".", ms=3, label=label)
    quantized = [at for at, row in zip(tokens, rows, strict=True) if row["quantised"] == "1"]
    if quantized:
        label = "trained through the 4-bit form"
        axes.axvspan(quantized[0], tokens[-1], color="tab:orange", alpha=0.1, lw=0, label=label)
    axes.set(xlabel="million tokens seen", ylabel="loss per learned token", yscale="log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.grid(alpha=0.3, which="both")
    axes.legend()


def _smooth(values: list[float]) -> list[float]:
    windows = [values[max(0, end - _SMOOTHED) : end] for end in range(1, len(values) + 1)]
    return [sum(window) / len(window) for window in windows]
