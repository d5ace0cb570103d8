"""What is asked of the model, what a right answer to it has, and what was answered: as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from model.tools import RecipeError

__all__ = ["Answer", "Ask", "Case", "Fact", "read_answers", "read_cases", "write_cases"]

# Each fact by the name of its field, with the words that tell it; "|" parts ways to say it.
Fact = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One turn: what is said, the request it makes, and how its answer is judged.

    `messages` come after the conversation so far; `request` is WebLLM's without the messages.
    `kind` is a `Turn`'s, as are `keywords` and `absent`. `told` is all that visitors have typed of
    the person; `anew` says that nobody has spoken of this person before. `pronouns` is "she", "he",
    "they", or "" where nothing told determines them; `years` is None where nothing tells. `schema`
    is the JSON Schema of a typed answer.
    """

    kind: str
    messages: Sequence[Mapping[str, str]]
    request: Mapping[str, Any] = field(default_factory=dict)
    keywords: Fact = field(default_factory=dict)
    absent: Sequence[str] = ()
    told: Sequence[str] = ()
    anew: bool = False
    name: str = ""
    pronouns: str = ""
    years: int | None = None
    schema: Mapping[str, Any] | None = None
    judged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A conversation to replay; `group` is where its figures are counted."""

    id: str
    group: str
    asks: Sequence[Ask]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model said to one turn; `finish` is "stop" where it ended by itself."""

    text: str
    finish: str = "stop"
    tokens: int = 0
    prompt_tokens: int = 0
    milliseconds: float = 0.0
    error: str = ""


def write_cases(path: Path, cases: Sequence[Case]) -> None:
    """Write cases.json, one case a line."""
    lines = [json.dumps(asdict(case), ensure_ascii=False) for case in cases]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")


def read_cases(path: Path) -> list[Case]:
    """Return what `write_cases` wrote.

    Raises:
        RecipeError: There is no such file, or it is another recipe's.
    """
    if not path.is_file():
        raise RecipeError(f"{path} is missing. Make it with --only cases.")
    try:
        return [
            Case(id=one["id"], group=one["group"], asks=[Ask(**ask) for ask in one["asks"]])
            for one in json.loads(path.read_text("utf-8"))
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise RecipeError(
            f"{path} holds no cases ({error}). Make it anew: --only cases."
        ) from error


def read_answers(paths: Sequence[Path]) -> tuple[dict[str, list[Answer]], dict[str, Any]]:
    """Return the answers by the id of their case, from all parts, and what the engine ran on.

    A part is the JSON that `replay` of replay.js returns; a file may hold several, one a line,
    each after the name of a script or not.

    Raises:
        RecipeError: A file holds something else.
    """
    answers: dict[str, list[Answer]] = {}
    about: dict[str, Any] = {"parts": 0, "seconds": 0.0, "adapter": ""}
    for path in paths:
        for part in _parts(path):
            about["parts"] += 1
            about["adapter"] = part["adapter"]
            about["seconds"] = max(about["seconds"], part["seconds"])
            for one in part["transcripts"]:
                answers[one["id"]] = [Answer(**answer) for answer in one["answers"]]
    return answers, about


def _parts(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_text("utf-8").splitlines()
        parts = [json.loads(line[line.index("{") :]) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path} holds no transcripts: {error}") from error
    for part in parts:
        if "transcripts" not in part:
            raise RecipeError(f"{path}: a part failed: {json.dumps(part)[:600]}")
    return parts
