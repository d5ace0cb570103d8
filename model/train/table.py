"""The tables of a comparison, in Markdown and CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

__all__ = ["write_tables"]

_LOSSES: Final = {
    "float": "as trained",
    "rounded_8bit": "rounded to 8 bits",
    "rounded_4bit": "rounded to 4 bits",
    "trained_4bit": "trained through 4 bits",
}
_HEAD: Final = ("", "parameters", "MB at 5 bits", "M tokens/s", "M tokens")


def write_tables(results: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Write compare.md and compare.csv from the results of model.train.compare."""
    with (folder / "compare.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        columns = ["parameters", "bytes", "tokens_per_second", "tokens", "peak", "quantised_from"]
        bits = [f"bits_per_byte_{name}" for name in _LOSSES]
        writer.writerow(["name", *columns, *_LOSSES, *bits])
        for one in results:
            losses = [f"{one['loss'][name]:.5f}" for name in _LOSSES]
            per_byte = [f"{_bits_per_byte(one, name):.5f}" for name in _LOSSES]
            writer.writerow([one["name"], *(one[name] for name in columns), *losses, *per_byte])
    head = [*_HEAD, *_LOSSES.values()]
    lines = [
        "Loss on held-out conversations: per learned token, and in bits per byte of text, which"
        " is comparable between vocabularies.",
        "",
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(_cells(one))} |" for one in results),
    ]
    (folder / "compare.md").write_text("\n".join(lines) + "\n", "utf-8")


def _cells(one: Mapping[str, Any]) -> list[str]:
    return [
        one["name"],
        f"{one['parameters'] / 1e6:.2f} M",
        f"{one['bytes'] / 1e6:.2f}",
        f"{one['tokens_per_second'] / 1e6:.2f}",
        f"{one['tokens'] / 1e6:.0f}",
        *(f"{one['loss'][name]:.4f} ({_bits_per_byte(one, name):.4f})" for name in _LOSSES),
    ]


def _bits_per_byte(one: Mapping[str, Any], name: str) -> float:
    per_token: float = one["loss"][name]
    bytes_per_token: float = one["bytes_per_token"]
    return per_token / math.log(2) / bytes_per_token
