"""Write a folder from which any static server and browser automation can replay the cases."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from model.evaluate.case import read_cases
from model.evaluate.files import FILES
from model.tools import RecipeError

__all__ = ["pack"]

_MODEL: Final = "model/resolve/evaluated"
_PAGE: Final = "<!doctype html><meta charset=utf-8><title>replay</title>\n"
_SCRIPT: Final = """(async () => {{
  const {{ replay }} = await import("/replay.js");
  const cases = await (await fetch("/cases.json")).json();
  const how = {{ thread: "{thread}", engine: "{engine}", seconds: {seconds} }};
  return replay(cases, {{ url: "/{model}/", part: {part}, of: {of}, ...how }});
}})()
"""


def pack(
    model: Path,
    cases: Path,
    out: Path,
    *,
    parts: int,
    seconds: float,
    thread: str,
    engine: str = "webllm",
) -> Path:
    """Replace the folder `out` and return it.

    A server must serve `out/site`. Each of `out/part-N.js` is one expression to evaluate in a page
    of this origin; its value, as JSON on one line, is a part of the transcripts. After `seconds`, a
    part starts no further case. The `engine` "webllm" runs on the `thread` "worker", as for
    visitors, or "main"; "wllama" has a worker.

    Raises:
        RecipeError: A required file is missing, or `cases` is invalid.
    """
    for file in FILES.values():
        if not file.is_file():
            raise RecipeError(f"{file} is missing. Run `npm ci` in the root of the repository.")
    read_cases(cases)  # reports cases that could not be judged later
    shutil.rmtree(out, ignore_errors=True)
    site = out / "site"
    shutil.copytree(model, site / _MODEL)
    for path, file in FILES.items():
        target = site / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    shutil.copy(cases, site / "cases.json")
    (site / "index.html").write_text(_PAGE, "utf-8")
    for part in range(parts):
        script = _SCRIPT.format(
            model=_MODEL, part=part, of=parts, seconds=f"{seconds:g}", thread=thread, engine=engine
        )
        (out / f"part-{part}.js").write_text(script, "utf-8")
    return out
