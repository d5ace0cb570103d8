"""The table of `python -m bench.peers`, from what the scripts of its staged folder gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bench.staged import Found

__all__ = ["MEMORY", "MOST_ENGINES", "table"]

MEMORY: Final = "memory-"
"""How the names of scripts begin that let one engine answer, for its memory."""

MOST_ENGINES: Final = 4
"""How many engines there are on an adapter with `shader-f16`."""


def table(found: Sequence[Found]) -> str:
    """Return a table in Markdown of what the scripts of a staged folder gave, and what failed.

    The last column says how many times better this product is than transformers.js.
    """
    measured = next(one.value for one in found if one.name == "peers")
    engines: list[str] = measured["engines"]
    ours, theirs, *_ = engines
    lines = [["", *engines, f"{ours} against {theirs}"], ["---"] * (len(engines) + 2)]
    for name, values, larger_is_better in _rows(measured["ms"], found):
        cells = [_shown(values[engine]) if engine in values else "-" for engine in engines]
        ratio = "-"
        if ours in values and theirs in values:
            quotient = values[ours] / values[theirs]
            ratio = f"{quotient if larger_is_better else 1 / quotient:.2f}"
        lines.append([name, *cells, ratio])
    shown = [f"| {' | '.join(cells)} |" for cells in lines]
    failures = [f"{name} failed: {reason}" for name, reason in measured["failures"].items()]
    return "\n".join([f"On {measured['adapter']}:", "", *shown, *failures])


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 (three digits)


def _rows(
    ms: Mapping[str, Mapping[str, float]], found: Sequence[Found]
) -> Iterator[tuple[str, Mapping[str, float], bool]]:
    """Yield names of rows, values by the engine, and whether more is better."""
    for name, values in ms.items():
        if name.startswith("step "):
            speeds = {engine: 1000 / value for engine, value in values.items()}
            yield name.replace("step", "tokens/s"), speeds, True
        else:
            yield f"{name} (ms)", values, False
    peaks = [one for one in found if one.name.startswith(MEMORY) and one.value]
    for kind in ("gpu", "processes"):
        memory = {one.value: one.memory[kind] for one in peaks if kind in one.memory}
        if memory:
            yield f"memory: {kind} (MiB)", memory, False
