"""Print what a grammar costs in WebLLM's engine, against its own converter of schemas.

    npm install --prefix FOLDER --ignore-scripts llama3-tokenizer-js@1.2.0
    PYTHONPATH=app .venv/bin/python -m bench.schema.speed FOLDER

The engine is `@mlc-ai/web-xgrammar` in Node.js, with the 128,256 tokens of Llama 3. For
each schema both grammars are compiled and write the same answer, one after the other, so that both
run under the same load. `step` is the median time of a token, `sum` that of the compilation and of
all tokens. The converter ignores what it cannot express, so its grammars accept more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

from pywebllm.schema import grammar_of

_ENGINE = Path(__file__).with_name("speed.js")
_FOX = "The quick brown fox jumps over the lazy dog. "


def _string(**keywords: Any) -> dict[str, Any]:
    return {"type": "string", **keywords}


_PERSON = {
    "type": "object",
    "properties": {
        "name": _string(maxLength=80),
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
        "code": _string(pattern="^[A-Z]{2}-[0-9]{4}$"),
    },
    "required": ["name", "age", "code"],
}
_EMAIL = "jennifer.smith@mail.example.com"
_URL = "https://www.example.com/a/b?q=1#top"
_WORDS = {"type": "array", "items": _string(maxLength=100), "maxItems": 20}
CASES: dict[str, tuple[dict[str, Any], Any]] = {
    "string": (_string(), _FOX * 6),
    "maxLength 500": (_string(maxLength=500), _FOX * 6),
    "maxLength 80, bounds, pattern": (_PERSON, {"name": "Jennifer", "age": 42, "code": "AB-1234"}),
    "list of maxLength 100": (_WORDS, ["alpha beta"] * 5),
    "email": (_string(format="email"), _EMAIL),
    "email, maxLength 50": (_string(format="email", maxLength=50), _EMAIL),
    "email, maxLength 254": (_string(format="email", maxLength=254), _EMAIL),
    "uri": (_string(format="uri"), _URL),
    "uri, maxLength 2083": (_string(format="uri", maxLength=2083), _URL),
    "hostname": (_string(format="hostname"), "www.example.com"),
}


class Engine:
    """The engine in a Node process; used as a context manager."""

    def __init__(self, folder: str) -> None:
        self._command = ["node", str(_ENGINE), folder]

    def __enter__(self) -> Engine:
        """Start the process."""
        pipe = subprocess.PIPE
        self._node = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, text=True)  # noqa: S603
        return self

    def __exit__(self, *error: object) -> None:
        """End the process."""
        self._node.kill()
        self._node.communicate()

    def measure(self, **task: Any) -> tuple[float, float, float]:
        """Return the milliseconds of the compilation, of the median token and of all."""
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.write(json.dumps(task) + "\n")
        self._node.stdin.flush()
        line = self._node.stdout.readline()
        found: dict[str, Any] = json.loads(line) if line else {"error": "the engine crashed"}
        if "error" in found:
            raise SystemExit(f"{task}: {found['error']}")
        steps = found["steps"]
        return found["compile"], statistics.median(steps), found["compile"] + sum(steps)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", help="where llama3-tokenizer-js is installed")
    parser.add_argument("--only", default="", help="measure cases whose name contains this")
    options = parser.parse_args()
    print("| schema | written | compiled | step | sum | converter: compiled | step | sum |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with Engine(options.folder) as engine:
        engine.measure(schema={"type": "null"}, text="null")
        for name, (schema, value) in CASES.items():
            if options.only in name:
                print(_row(engine, name, schema, json.dumps(value)), flush=True)


def _row(engine: Engine, name: str, schema: dict[str, Any], text: str) -> str:
    start = time.perf_counter()
    grammar = grammar_of(schema)
    written = 1000 * (time.perf_counter() - start)
    ours = engine.measure(ebnf=grammar, text=text)
    theirs = engine.measure(schema=schema, text=text)
    cells = (name, f"{written:.0f} ms", *map(_milliseconds, (*ours, *theirs)))
    return f"| {' | '.join(cells)} |"


def _milliseconds(count: float) -> str:
    return f"{count:.2f} ms" if count < 10 else f"{count:.0f} ms"  # noqa: PLR2004


if __name__ == "__main__":
    main()
