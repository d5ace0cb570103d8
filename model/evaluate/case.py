"""Cases, their expected facts, and the answers of the model, as values and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from model.tools import RecipeError

__all__ = ["Answer", "Ask", "Case", "Fact", "read_answers", "read_cases", "write_cases"]

# Keywords by the name of the field; "|" separates alternatives.
Fact = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One turn: the new messages, the request, and how the answer is judged.

    `messages` are appended to the conversation; `request` is that of WebLLM without the messages.
    `kind`, `keywords` and `absent` are those of a `Turn`. `inputs` is everything that the user has
    typed about the person; `new_person` is true if the conversation has not been about this person
    before. `pronouns` is "she", "he" or "they", or "" if the inputs do not determine them; `years`
    is None if unknown. `schema` is the JSON Schema of a typed answer.
    """

    kind: str
    messages: Sequence[Mapping[str, str]]
    request: Mapping[str, Any] = field(default_factory=dict)
    keywords: Fact = field(default_factory=dict)
    absent: Sequence[str] = ()
    inputs: Sequence[str] = ()
    new_person: bool = False
    name: str = ""
    pronouns: str = ""
    years: int | None = None
    schema: Mapping[str, Any] | None = None
    judged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A conversation to replay; `group` is the group of its scores."""

    id: str
    group: str
    asks: Sequence[Ask]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer of the model to one turn; `finish` is "stop" if the model ended it."""

    text: str
    finish: str = "stop"
    tokens: int = 0
    prompt_tokens: int = 0
    milliseconds: float = 0.0
    error: str = ""


def write_cases(path: Path, cases: Sequence[Case]) -> None:
    """Write cases.json, one case per line."""
    lines = [json.dumps(asdict(case), ensure_ascii=False) for case in cases]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")


def read_cases(path: Path) -> list[Case]:
    """Return the cases in a file that `write_cases` wrote.

    Raises:
        RecipeError: The file does not exist, or another version of the recipe wrote it.
    """
    if not path.is_file():
        raise RecipeError(f"{path} is missing. Create it with --only cases.")
    try:
        return [
            Case(id=one["id"], group=one["group"], asks=[Ask(**ask) for ask in one["asks"]])
            for one in json.loads(path.read_text("utf-8"))
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise RecipeError(
            f"{path} must contain cases, got an error: {error}. Create it again with --only cases."
        ) from error


def read_answers(paths: Sequence[Path]) -> tuple[dict[str, list[Answer]], dict[str, Any]]:
    """Return the answers of all parts by case id, and data about the run, such as the adapter.

    A part is the JSON that `replay` of replay.js returns; a file may contain several, one per line,
    optionally after the name of a script.

    Raises:
        RecipeError: A file contains something else.
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
        raise RecipeError(
            f"{path} must contain transcripts, got an error: {error}. Create it with --only replay."
        ) from error
    for part in parts:
        if "transcripts" not in part:
            raise RecipeError(
                f"a part in {path} failed: {json.dumps(part)[:600]}. Replay this part again."
            )
    return parts
