"""Grammar checks of sentences with Harper, from npm, set to British English.

The rules that are off, and the lints that are ignored, are defined here with reasons.
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

from model.evaluate.words import normalized, sentences
from model.tools import ToolError

__all__ = ["OFF", "Sentence", "check_grammar"]

_SCRIPT: Final = Path(__file__).with_name("grammar.mjs")

# The rules that are off, with reasons. The reports list them.
OFF: Final[Mapping[str, str]] = {
    "SpellCheck": "visitors type names and words that are in no dictionary",
    "OxfordComma": "the serial comma is optional in British English",
    "NoOxfordComma": "likewise",
    "SentenceCapitalization": "a name that was typed in lower case may start a sentence",
    "LongSentences": "a matter of style",
    "Excellent": "a matter of style: it suggests another word for “very good”",
    "MissingPreposition": "false positive for “She has brown eyes” and “He is good company”",
    "NotTo": "false positive for “They can never say no to tacos”",
    "SplitWords": "false positive for “warm-hearted”",
    "AvoidAndAlso": "a matter of style",
    "SpelledNumbers": "a matter of style: ages are written in digits, as they were typed",
}

# Words that do not excuse a lint when a visitor has typed them.
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
    """A sentence and the lints of the checker."""

    text: str
    faults: tuple[str, ...]


def check_grammar(texts: Sequence[tuple[str, Sequence[str]]]) -> list[list[Sentence]]:
    """Return the sentences of each text, which comes with the inputs about the person.

    A lint on a typed word is ignored, because the model must use it as it is.

    Raises:
        ToolError: Node.js or Harper is missing.
    """
    found = _lints([text for text, _ in texts])
    return [
        _by_sentence(text, [lint for lint in lints if not _is_typed(text, lint, inputs)])
        for (text, inputs), lints in zip(texts, found, strict=True)
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
        raise ToolError(
            f"Harper failed. Run `npm ci` in the root of the repository.\n{done.stderr[-600:]}"
        )
    found: list[list[dict[str, Any]]] = json.loads(done.stdout)
    return found


def _is_typed(text: str, lint: Mapping[str, Any], inputs: Sequence[str]) -> bool:
    marked = set(normalized(text[lint["start"] : lint["end"]]).split())
    typed = set(normalized(" ".join(inputs)).split()) - _FUNCTION
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
