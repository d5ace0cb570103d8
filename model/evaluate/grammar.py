"""Sentences under a grammar checker: Harper, from npm, set to British English.

What is not counted, and why, is written here.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from model.evaluate.words import folded, sentences
from model.tools import ToolError

__all__ = ["OFF", "Sentence", "check_grammar"]

_SCRIPT: Final = Path(__file__).with_name("grammar.mjs")

# Rules that are off, with the reason.
OFF: Final[Mapping[str, str]] = {
    "SpellCheck": "visitors type names and words that no dictionary has",
    "OxfordComma": "the serial comma is optional in British English",
    "NoOxfordComma": "likewise",
    "SentenceCapitalization": "a name that was typed in small letters may begin a sentence",
    "LongSentences": "a matter of style",
    "Excellent": "a matter of style: it wants another word for “very good”",
    "MissingPreposition": "wrong alarm for “She has brown eyes” and “He is good company”",
    "NotTo": "wrong alarm for “They can never say no to tacos”",
    "SplitWords": "wrong alarm for “warm-hearted”",
    "AvoidAndAlso": "a matter of style",
    "SpelledNumbers": "a matter of style: ages are told in digits, as they were typed",
}

# Words that visitors type, too, but that no visitor is to blame for.
_FUNCTION: Final = frozenset(
    re.findall(
        r"\w+",
        """a an the and or but of in on at to for from with by as is are am was were be been has
        have had do does did not no he she they it its his her him their them who that this there
        i my me you your we our""",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence, and what the checker says against it."""

    text: str
    faults: tuple[str, ...]


def check_grammar(texts: Sequence[tuple[str, Sequence[str]]]) -> list[list[Sentence]]:
    """Return the sentences of each text; beside it stands what visitors typed about the person.

    A lint on a word that was typed is not counted: the model has to use it as it is.

    Raises:
        ToolError: Node.js or Harper is missing.
    """
    found = _lints([text for text, _ in texts])
    return [
        _by_sentence(text, [lint for lint in lints if not _is_typed(text, lint, told)])
        for (text, told), lints in zip(texts, found, strict=True)
    ]


def _lints(texts: list[str]) -> list[list[dict[str, Any]]]:
    node = shutil.which("node")
    if node is None:
        raise ToolError("Node.js is missing. Install version 20 or newer.")
    done = subprocess.run(
        [node, str(_SCRIPT), json.dumps(sorted(OFF))],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ToolError(f"Harper failed; does `npm ci` help?\n{done.stderr[-600:]}")
    found: list[list[dict[str, Any]]] = json.loads(done.stdout)
    return found


def _is_typed(text: str, lint: Mapping[str, Any], told: Sequence[str]) -> bool:
    marked = set(folded(text[lint["start"] : lint["end"]]).split())
    typed = set(folded(" ".join(told)).split()) - _FUNCTION
    return bool(marked & typed)


def _by_sentence(text: str, lints: Sequence[Mapping[str, Any]]) -> list[Sentence]:
    checked = []
    end = 0
    for sentence in sentences(text):
        start = text.index(sentence, end)
        end = start + len(sentence)
        faults = [
            f"{lint['rule']}: “{text[lint['start'] : lint['end']]}”: {lint['message']}"
            for lint in lints
            if start <= lint["start"] < end
        ]
        checked.append(Sentence(text=sentence, faults=tuple(map(_one_line, faults))))
    return checked


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)
