"""WebLLM's `conv_template` for a chat template: strings, joined as `prompts` tells.

WebLLM encodes a prompt piece by piece, and when it goes on from its cache it writes nothing after
its own last answer. So what ends an answer belongs to the user's message that follows, and the
first message, which no answer precedes, takes its beginning from the piece of the system message.
Where else the pieces are cut is tried out, until their tokens are those of the whole text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, takewhile
from pathlib import Path
from typing import Any, Final

from model.compile.errors import CheckpointError
from model.compile.prompts import pieces
from model.compile.template import OTHERWISE, Marks, Messages, Template, messages_of
from model.compile.tokenizer import TextTokens, read_json

__all__ = ["Conversation", "describe_conversation", "read_conversation"]

_TEXTS: Final = ("What is 2 + 2?", "It is 4.\n\nAnything else?", "Écris-le, s'il te plaît")
_SYSTEM: Final = "You answer briefly:\n- in words"
_NEEDED: Final = (
    "system_template",
    "system_message",
    "roles",
    "role_templates",
    "seps",
    "role_content_sep",
    "role_empty_sep",
    "stop_str",
    "stop_token_ids",
)
_PLAIN: Final = Marks(
    start="", system=("", ""), first="", answered="", answering="", next="", tool=None
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A `conv_template`, and what its user should know."""

    template: dict[str, Any]
    notes: tuple[str, ...] = ()


def describe_conversation(
    tokens: TextTokens, *, name: str, system_message: str | None = None
) -> Conversation:
    """Return the `conv_template` of a checkpoint, checked against its chat template.

    `system_message` stands where a request has none; None means what the chat template writes.
    A checkpoint without a template merely goes on with the text of its messages.

    Raises:
        CheckpointError: Strings cannot say what the chat template says, or nothing ends an answer.
    """
    template = Template.read(tokens)
    if template is None:
        form = _Form(marks=_PLAIN, system_message=system_message or "")
        starts = {"system_prefix_token_ids": list(tokens.starts)} if tokens.starts else {}
        note = "there is no chat template: a chat merely goes on with the text of its messages"
        made = form.template(name) | starts | _stops(tokens, "")
        return Conversation(template=made, notes=(note,))
    marks = template.marks()
    if marks.system is None and system_message:
        raise CheckpointError(
            "The chat template knows no system message. Leave out --system, or give WebLLM's "
            "conv_template in a JSON file with --conversation."
        )
    notes = list(_notes(marks, system_message))
    if template.is_dated:
        notes.append("the chat template writes the date: WebLLM will always write today's")
    default = marks.default_system or ""
    form = _Form(marks=marks, system_message=default if system_message is None else system_message)
    trial = _Trial(tokens, [(each, template.render(each)) for each in _probes(form)])
    form = trial.best(form)
    trial.check_text(form)
    if differing := trial.differing(form):
        notes.append(
            f"{differing} of {trial.count} conversations have the same text but not quite the same "
            "tokens as with transformers, because WebLLM encodes each message by itself"
        )
    made = form.template(name) | _stops(tokens, marks.next)
    return Conversation(template=made, notes=tuple(notes))


def read_conversation(path: Path) -> Conversation:
    """Read a `conv_template` that somebody wrote; it is not checked against the chat template.

    Raises:
        CheckpointError: It lacks a key that WebLLM needs.
    """
    given = read_json(path)
    missing = [key for key in _NEEDED if key not in given]
    if missing:
        raise CheckpointError(
            f"{path} has no {', '.join(missing)}. Take conv_template in the mlc-chat-config.json "
            "of a model as a pattern."
        )
    return Conversation(template=given, notes=(f"the conversation's form is {path}'s, unchecked",))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """The strings of a chat template, and where they are cut into pieces.

    `tail` counts the characters before a user's text that begin its piece, `end` those after it
    that end it. `squeezed` leaves out the space before what an answer begins with, for tokenizers
    that put one before each piece.
    """

    marks: Marks
    system_message: str
    tail: int = 0
    end: int = 0
    squeezed: bool = False

    @property
    def opening(self) -> tuple[str, str]:
        """Before the system message, and from there to the user's first text.

        Where the template has no such role, a system message comes right before the user's text.
        """
        before, after = self.marks.system or (self.marks.first, "")
        return self.marks.start + before, after

    @property
    def header(self) -> str:
        """What both a written answer and one to be written begin with."""
        return _shared(self.marks.answered, self.marks.answering)

    @property
    def following(self) -> str:
        """Before the user's later texts, from the end of the answer on."""
        return self.marks.next.removeprefix(self.written)

    @property
    def written(self) -> str:
        """The white space that the model itself writes before the token that ends its answer."""
        bare = self.marks.next.lstrip()
        return self.marks.next[: len(self.marks.next) - len(bare)] if self.marks.ends else ""

    def template(self, name: str) -> dict[str, Any]:
        """Return the `conv_template`."""
        before, after = self.opening
        user, tail = _cut(self.following, len(self.following) - self.tail)
        if self.marks.system is None:
            before, _ = _cut(before, len(before) - self.tail)
        else:
            after, _ = _cut(after, len(after) - self.tail)
        end, header = _cut(self.header, self.end)
        tool = self.marks.tool
        return {
            "name": name,
            "system_template": before + "{system_message}" + after,
            "system_message": self.system_message,
            "add_role_after_system_message": False,
            "roles": {
                "user": user,
                "assistant": header.removeprefix(" ") if self.squeezed else header,
                "tool": user if tool is None else tool,
            },
            "role_templates": {
                "user": tail + "{user_message}" + end,
                "assistant": self.marks.answered[len(self.header) :]
                + "{assistant_message}"
                + self.written,
                "tool": (tail if tool is None else "") + "{tool_message}" + end,
            },
            "messages": [],
            "seps": [""],
            "role_content_sep": "",
            "role_empty_sep": self.marks.answering[len(self.header) :],
        }


class _Trial:
    """Conversations and what the chat template makes of them, to hold forms against."""

    def __init__(self, tokens: TextTokens, probes: list[tuple[Messages, str]]) -> None:
        self.count = len(probes)
        self._tokens = tokens
        self._probes = [(messages, text, tokens.encode(text)) for messages, text in probes]

    def best(self, form: _Form) -> _Form:
        """Return the cuts that change the tokens of the fewest conversations."""
        squeezes = (False, True) if self._tokens.prepends_space else (False,)
        ends = range(len(form.header) + 1)
        form = self._least(
            replace(form, end=end, squeezed=squeezed) for end in ends for squeezed in squeezes
        )
        opening = "".join(form.opening) if form.marks.system is None else form.opening[1]
        shared = _shared(opening[::-1], form.following[::-1])
        return self._least(replace(form, tail=tail) for tail in range(len(shared) + 1))

    def differing(self, form: _Form) -> int:
        """Return how many conversations have other tokens than the whole text has."""
        return sum(found != expected for found, expected in self._encoded(form))

    def check_text(self, form: _Form) -> None:
        """Raise CheckpointError where the text itself is another."""
        found, expected = next(self._unequal(form), ("", ""))
        if found != expected:
            raise CheckpointError(
                f"The chat template writes\n{expected!r}\nbut the nearest that WebLLM can be told "
                f"is\n{found!r}\n{OTHERWISE}"
            )

    def _least(self, forms: Iterable[_Form]) -> _Form:
        return min(forms, key=self._cost)

    def _cost(self, form: _Form) -> tuple[int, int, int, int]:
        """Of equals, those that cut before an added token come first: it changes no neighbour."""
        unequal = sum(1 for _ in self._unequal(form))
        strange = sum(_distance(found, expected) for found, expected in self._encoded(form))
        tail = form.following[len(form.following) - form.tail :]
        header = form.header[form.end :]
        plain = sum(self._tokens.leading(text) is None for text in (tail, header))
        return unequal, strange, plain, -form.tail

    def _unequal(self, form: _Form) -> Iterator[tuple[str, str]]:
        made = replace(form, squeezed=False).template("")
        for messages, expected, _ in self._probes:
            found = "".join(pieces(made, messages))
            if found != expected:
                yield found, expected

    def _encoded(self, form: _Form) -> Iterator[tuple[list[int], list[int]]]:
        made = form.template("")
        for messages, _, expected in self._probes:
            found = map(self._tokens.encode, pieces(made, messages))
            yield list(chain.from_iterable(found)), expected


def _notes(marks: Marks, system_message: str | None) -> Iterator[str]:
    if marks.system is None:
        yield "the chat template knows no system message: WebLLM puts it before the user's text"
    elif marks.default_system is None and system_message is None:
        yield (
            "where a request has no system message the chat template writes nothing, but WebLLM "
            "an empty one: send one, or name one for all with --system"
        )


def _probes(form: _Form) -> list[Messages]:
    """Return conversations that WebLLM must write as the chat template does."""
    marks, lengths = form.marks, (1, 3)
    bare = [messages_of(*_TEXTS[:length]) for length in lengths]
    if marks.system is None:
        return list(bare)
    found: list[Messages] = [messages_of(*_TEXTS[:length], system=_SYSTEM) for length in lengths]
    if form.system_message == marks.default_system:
        found += bare
    return found


def _stops(tokens: TextTokens, following: str) -> dict[str, Any]:
    """Return what ends an answer: the checkpoint's own tokens, and what follows in the template."""
    text = following.strip()
    ender = tokens.leading(text)
    ids = [*tokens.ends, *([] if ender is None else [tokens.ids[ender]])]
    stops = [text] if text and ender is None else []
    if not ids and not stops:
        raise CheckpointError(
            "Nothing ends an answer: no eos_token is named. Name its id as eos_token_id in "
            "generation_config.json."
        )
    return {"stop_str": stops, "stop_token_ids": list(dict.fromkeys(ids))}


def _distance(found: list[int], expected: list[int]) -> int:
    """Return how many tokens are missing or too many, whatever their order."""
    one, other = Counter(found), Counter(expected)
    return (one - other).total() + (other - one).total()


def _shared(one: str, other: str) -> str:
    """Return what both begin with."""
    same = list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return one[: len(same)]


def _cut(text: str, at: int) -> tuple[str, str]:
    return text[:at], text[at:]
