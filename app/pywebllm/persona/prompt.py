"""The prompt for a persona: the fields of a form in, chat messages out.

The built-in model is trained on exactly this wording (`model/` imports this module), so a
change of the wording needs a new revision of the model. Other models read it as instructions.
There are two wordings: one for a paragraph, one for the JSON of a typed persona.
Nothing here knows the engine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypedDict

from pywebllm.echo import shown
from pywebllm.errors import InvalidRequestError

__all__ = [
    "FIELDS",
    "PromptMessage",
    "clean_fields",
    "persona_messages",
    "rewrite_messages",
    "system_prompt",
    "years_in",
]

# Known fields, in the order the prompt lists them. Any other field follows, in the order given.
FIELDS = ("name", "age", "occupation", "interests", "tone", "notes")

_DETAILS = " Use every detail you are given and add nothing that contradicts it."

_TASK = (
    "You write personas. Write one short paragraph about the person described, in the third"
    f" person.{_DETAILS}"
)

# The fields of `Persona`, in their order: the grammar enforces them, this explains them.
_TYPED_TASK = (
    "You write personas as JSON. Answer with one JSON object about the person described. It has"
    " exactly these fields, in this order: name, age (a whole number), occupation, summary (one to"
    " three sentences in the third person), interests (a list, one to five), traits (a list, one"
    f" to three adjectives), goals (a list, one or two short phrases).{_DETAILS}"
)

# (first age above the band in years, addition to the system prompt).
_BANDS = (
    (13, " The person is a child: write about school, family and play."),
    (20, " The person is a teenager: write about school, friends and plans."),
    (65, " The person is an adult: write about work, home and free time."),
    (131, " The person is an older adult: let long experience show."),
)


class _FieldsError(InvalidRequestError, TypeError):
    """The fields are not strings; callers may also catch it as the builtin `TypeError`."""

    advice = "Pass a mapping of strings, for example {'name': 'Ada', 'age': '36'}."


class PromptMessage(TypedDict):
    """A message as a dictionary, as chat templates and OpenAI's API take it."""

    role: Literal["system", "user", "assistant"]
    content: str


def persona_messages(inputs: Mapping[str, str], *, typed: bool = False) -> list[PromptMessage]:
    """Return the system and the user message that ask for a persona.

    `inputs` maps field names to strings. The names in `FIELDS` come first; any other name is
    allowed, so a page can add custom fields. Blank values are left out. `typed` asks for JSON
    with the fields of `Persona`, otherwise for a paragraph.

    Raises:
        InvalidRequestError: No field has a value, or `inputs` is not a mapping of strings to
            strings; the latter is a `TypeError` as well.
    """
    fields = _ordered(clean_fields(inputs))
    if not fields:
        raise InvalidRequestError(
            "a persona needs at least one field with a value, for example a name"
        )
    order = "Write a persona as JSON." if typed else "Write a persona."
    lines = [f"{name.capitalize()}: {value}" for name, value in fields.items()]
    return [
        {"role": "system", "content": system_prompt(fields.get("age", ""), typed=typed)},
        {"role": "user", "content": "\n".join([order, *lines])},
    ]


def rewrite_messages(inputs: Mapping[str, str], text: str, change: str) -> list[PromptMessage]:
    """Return the messages that ask for another version of a persona.

    `inputs` are those of the persona, `text` is its paragraph, `change` what is to be different.

    Raises:
        InvalidRequestError: As for `persona_messages`, or `text` or `change` is not a string, or
            is blank.
    """
    for name, value in (("text", text), ("change", change)):
        if not isinstance(value, str) or not value.strip():
            raise InvalidRequestError(f"{name} must be a non-empty string, got {shown(value)}")
    return [
        *persona_messages(inputs),
        {"role": "assistant", "content": text},
        {"role": "user", "content": change},
    ]


def system_prompt(age: str, *, typed: bool = False) -> str:
    """Return the system prompt for a person of this age; `typed` asks for JSON.

    `age` is free text: the first integer in it counts, in years. Without a number, or above
    130, the prompt does not mention the age.
    """
    task = _TYPED_TASK if typed else _TASK
    years = years_in(age)
    if years is None:
        return task
    return next((task + addition for limit, addition in _BANDS if years < limit), task)


def years_in(age: str) -> int | None:
    """Return the first integer in a string, at most its first four digits; None without one."""
    digits = re.search(r"\d+", age)
    return None if digits is None else int(digits[0][:4])


def clean_fields(inputs: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that have a value, by their names in lower case, each on one line.

    Raises:
        InvalidRequestError: `inputs` is not a mapping of strings to strings; it is a `TypeError`
            as well.
    """
    if not isinstance(inputs, Mapping):
        raise _FieldsError(f"the fields of a persona must be a mapping, got {shown(inputs)}")
    for name, value in inputs.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise _FieldsError(f"persona fields must be strings, got {shown(name)}: {shown(value)}")
    # One line for each field: a line break in a value would read as the start of another field.
    folded = [(_one_line(name).lower(), _one_line(value)) for name, value in inputs.items()]
    found: dict[str, str] = {}
    for name, value in folded:
        if not name or not value:
            continue
        if name in found:
            raise _FieldsError(f"the persona field {shown(name)} is given twice")
        found[name] = value
    return found


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _ordered(fields: dict[str, str]) -> dict[str, str]:
    known = {name: fields[name] for name in FIELDS if name in fields}
    return known | fields
