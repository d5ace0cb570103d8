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
import time
from typing import Any

from pywebllm.schema.grammars import counted_grammar_of

from bench.schema.engines import NodeMatcher

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
_SLUG = "^[a-z0-9]+(-[a-z0-9]+)*$"
_SENTENCE = "^(\\w+ )*\\w+$"
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
    "pattern, maxLength 50": (_string(pattern=_SLUG, maxLength=50), "kubernetes-dashboard"),
    "pattern, maxLength 200": (_string(pattern=_SENTENCE, maxLength=200), _FOX.strip(". ")),
}


def measured(engine: NodeMatcher, **task: Any) -> tuple[float, float, float]:
    """Return the milliseconds of the compilation, of the median token and of all."""
    found = engine.ask(**task)
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
    with NodeMatcher(options.folder) as engine:
        # What is compiled and read once: JavaScript, the vocabulary.
        first = counted_grammar_of(_string(format="email", maxLength=40))
        measured(engine, ebnf=first.grammar, lengths=first.lengths, text='"a@example.org"')
        measured(engine, schema={"type": "null"}, text="null")
        for name, (schema, value) in CASES.items():
            if options.only in name:
                print(_row(engine, name, schema, json.dumps(value)), flush=True)


def _row(engine: NodeMatcher, name: str, schema: dict[str, Any], text: str) -> str:
    start = time.perf_counter()
    found = counted_grammar_of(schema)
    written = 1000 * (time.perf_counter() - start)
    ours = measured(engine, ebnf=found.grammar, lengths=found.lengths, text=text)
    theirs = measured(engine, schema=schema, text=text)
    cells = (name, f"{written:.0f} ms", *map(_milliseconds, (*ours, *theirs)))
    return f"| {' | '.join(cells)} |"


def _milliseconds(count: float) -> str:
    return f"{count:.2f} ms" if count < 10 else f"{count:.0f} ms"  # noqa: PLR2004


if __name__ == "__main__":
    main()
