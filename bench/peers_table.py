"""The table of `python -m bench.peers`, from what the scripts of its staged folder gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bench.staged import Found

__all__ = ["MEMORY", "MOST_ENGINES", "table"]

MEMORY: Final = "memory-"
"""How the names of scripts begin that let one engine answer, for its memory."""

MOST_ENGINES: Final = 5
"""How many engines there are on an adapter with `shader-f16`."""


def table(found: Sequence[Found]) -> str:
    """Return a table in Markdown of what the scripts of a staged folder gave, and what failed.

    The last columns say how many times better this product is than transformers.js, if both were
    measured.
    """
    measured = next(one.value for one in found if one.name == "peers")
    engines: list[str] = measured["engines"]
    pairs: list[list[str]] = measured["pairs"]
    heads = [" against ".join(pair) for pair in pairs]
    lines = [["", *engines, *heads], ["---"] * (1 + len(engines) + len(heads))]
    for name, values, larger_is_better in _rows(measured["ms"], found):
        cells = [_shown(values[engine]) if engine in values else "-" for engine in engines]
        cells += [_ratio(values, pair, larger_is_better=larger_is_better) for pair in pairs]
        lines.append([name, *cells])
    shown = [f"| {' | '.join(cells)} |" for cells in lines]
    failures = [f"{name} failed: {reason}" for name, reason in measured["failures"].items()]
    return "\n".join([f"On {measured['adapter']}:", "", *shown, *failures])


def _ratio(values: Mapping[str, float], pair: Sequence[str], *, larger_is_better: bool) -> str:
    if not all(engine in values for engine in pair):
        return "-"
    ours, theirs = (values[engine] for engine in pair)
    return f"{ours / theirs if larger_is_better else theirs / ours:.2f}"


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
