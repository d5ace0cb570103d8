"""Print how much of JSON Schema structured output covers, and how soundly.

    PYTHONPATH=app .venv/bin/python -m bench.schema.coverage FILE [--engine NAME ...] [--show N]

A line of the file is `{"id": …, "schema": …, "tests": [{"valid": true, "data": …}, …]}`, also
gzipped. Engines other than pywebllm and web-xgrammar come from PyPI and are not installed by this
project.

The figures: `translated` are the schemas that are not refused. Of the instances of these, `unsound`
are the invalid ones that are accepted, and `narrow` the valid ones that are not; `closed` are valid
ones that are accepted without the properties that their object has besides its `properties`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.schema.engines import ENGINES, Match, RefusedError
from bench.schema.instances import Instances

__all__ = ["Figures", "measure", "rows"]


_MOST_WHOLE = 10**15


@dataclass
class Figures:
    """What one engine does with one file of schemas."""

    schemas: int = 0
    translated: int = 0
    valid: int = 0
    invalid: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    unsound: list[tuple[str, str]] = field(default_factory=list)
    narrow: list[tuple[str, str]] = field(default_factory=list)
    closed: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0

    def line(self, name: str) -> str:
        """Write the figures as a row of a table."""
        shares = (
            _share(self.translated, self.schemas),
            f"{len(self.unsound)} of {self.invalid}, {_share(len(self.unsound), self.invalid)}",
            f"{len(self.narrow)} of {self.valid}, {_share(len(self.narrow), self.valid)}",
            f"{len(self.closed)}, {_share(len(self.closed), self.valid)}",
            f"{self.seconds:.0f} s",
        )
        return f"| {name} | {' | '.join(shares)} |"


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the schemas of a file."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for line in file:
            yield json.loads(line)


def measure(match: Match, path: Path, *, only: str = "") -> Figures:
    """Run an engine over a file."""
    found, start = Figures(), time.perf_counter()
    for row in rows(path):
        if only not in row["id"]:
            continue
        found.schemas += 1
        try:
            _measure_row(match, row, found)
        except RefusedError as error:
            found.refused.append((row["id"], str(error)))
    found.seconds = time.perf_counter() - start
    return found


def _measure_row(match: Match, row: dict[str, Any], found: Figures) -> None:
    instances, tests = Instances(row["schema"]), row["tests"]
    texts = [_text(instances.ordered(test["data"])) for test in tests]
    closed = [_text(instances.ordered(test["data"], closed=True)) for test in tests]
    # The branches of a choice may have an order of their own, which an instance may have as well.
    given = [_text(test["data"]) for test in tests]
    accepts = match(row["schema"], [*texts, *given, *closed])
    found.translated += 1
    for at, (test, text) in enumerate(zip(tests, texts, strict=True)):
        found.valid += test["valid"]
        found.invalid += not test["valid"]
        is_accepted = accepts[at] or accepts[len(tests) + at]
        if is_accepted is test["valid"]:
            continue
        if not test["valid"]:
            found.unsound.append((row["id"], text))
        elif accepts[2 * len(tests) + at]:
            found.closed.append((row["id"], text))
        else:
            found.narrow.append((row["id"], text))


def _text(value: object) -> str:
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Write whole numbers as integers: 1.0 is the value 1."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _MOST_WHOLE:
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("--only", help="measure schemas whose id contains this")
    parser.add_argument("--show", type=int, default=0, help="how many cases of each kind to list")
    options = parser.parse_args()
    print("| engine | translated | unsound | narrow | closed | time |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in options.engine or ("pywebllm", "web-xgrammar"):
        found = measure(ENGINES[name](), options.file, only=options.only or "")
        print(found.line(name), flush=True)
        for kind in ("refused", "unsound", "narrow", "closed"):
            for id_, text in getattr(found, kind)[: options.show]:
                print(f"  {kind}: {id_}: {text[:300]}")


if __name__ == "__main__":
    main()
