"""WebLLM's `conv_template` for a chat template: strings that are joined as in `prompts`.

WebLLM encodes a prompt piece by piece, and when it continues from its cache, it adds nothing after
its last answer. So the end of an answer belongs to the next user message, and the start of the
first user message belongs to the piece of the system message. Other piece boundaries are found by
trying all of them, until the tokens are those of the whole prompt.
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
from model.compile.template import CONVERSATION_HINT, Marks, Messages, Template, messages_of
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
    """A `conv_template`, and notes for its user."""

    template: dict[str, Any]
    notes: tuple[str, ...] = ()


def describe_conversation(
    tokens: TextTokens, *, name: str, system_message: str | None = None
) -> Conversation:
    """Return the `conv_template` of a checkpoint, checked against its chat template.

    `system_message` is the default of requests without one; None means that of the chat template.
    Without a chat template, the model continues the concatenated messages.

    Raises:
        CheckpointError: Strings cannot express the chat template, or nothing ends an answer.
    """
    template = Template.read(tokens)
    if template is None:
        return _without_template(tokens, name, system_message or "")
    marks = template.marks()
    if marks.system is None and system_message:
        raise CheckpointError(
            "The chat template has no system message. Omit --system, or pass WebLLM's "
            "conv_template in a JSON file with --conversation."
        )
    notes = list(_notes(marks, system_message))
    if template.is_dated:
        notes.append("the chat template contains the date: WebLLM will use that of the build")
    default = marks.default_system or ""
    candidate = _Candidate(
        marks=marks, system_message=default if system_message is None else system_message
    )
    probes = _Probes(tokens, [(each, template.render(each)) for each in _conversations(candidate)])
    candidate = probes.best(candidate)
    probes.check_text(candidate)
    if differing := probes.differing(candidate):
        notes.append(
            f"{differing} of {probes.count} conversations have the same text as with transformers, "
            "but slightly different tokens, because WebLLM encodes each message separately"
        )
    made = candidate.template(name) | _stops(tokens, marks.next)
    return Conversation(template=made, notes=tuple(notes))


def read_conversation(path: Path) -> Conversation:
    """Read a custom `conv_template`; it is not checked against the chat template.

    Raises:
        CheckpointError: The file cannot be read, or lacks a key that WebLLM requires.
    """
    given = read_json(path)
    missing = [key for key in _NEEDED if key not in given]
    if missing:
        raise CheckpointError(
            f"{path} has no {', '.join(missing)}. Use the conv_template in the "
            "mlc-chat-config.json of a model as an example."
        )
    return Conversation(template=given, notes=(f"the conv_template of {path} is not checked",))


def _without_template(tokens: TextTokens, name: str, system_message: str) -> Conversation:
    candidate = _Candidate(marks=_PLAIN, system_message=system_message)
    starts = {"system_prefix_token_ids": list(tokens.starts)} if tokens.starts else {}
    note = "there is no chat template: the model continues the concatenated messages"
    made = candidate.template(name) | starts | _stops(tokens, "")
    return Conversation(template=made, notes=(note,))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """The strings of a chat template, and the boundaries of their pieces.

    The piece of a user message starts with the last `tail` characters before its content and ends
    with the first `end` characters after it. `drops_space` removes the space before the header of
    an answer, for tokenizers that prepend one to each piece.
    """

    marks: Marks
    system_message: str
    tail: int = 0
    end: int = 0
    drops_space: bool = False

    @property
    def opening(self) -> tuple[str, str]:
        """The strings before the system message, and between it and the first user message.

        If the template has no such role, the system message directly precedes the user message.
        """
        before, after = self.marks.system or (self.marks.first, "")
        return self.marks.start + before, after

    @property
    def header(self) -> str:
        """The common start of earlier answers and of the one to generate."""
        return _common_prefix(self.marks.answered, self.marks.answering)

    @property
    def following(self) -> str:
        """The string between an answer and the next user message."""
        return self.marks.next.removeprefix(self.written)

    @property
    def written(self) -> str:
        """The white space that the model generates before the token that ends its answer."""
        bare = self.marks.next.lstrip()
        return self.marks.next[: len(self.marks.next) - len(bare)] if self.marks.ends else ""

    def template(self, name: str) -> dict[str, Any]:
        """Return the `conv_template`."""
        before, after = self.opening
        user, tail = _split_at(self.following, len(self.following) - self.tail)
        if self.marks.system is None:
            before, _ = _split_at(before, len(before) - self.tail)
        else:
            after, _ = _split_at(after, len(after) - self.tail)
        end, header = _split_at(self.header, self.end)
        tool = self.marks.tool
        return {
            "name": name,
            "system_template": before + "{system_message}" + after,
            "system_message": self.system_message,
            "add_role_after_system_message": False,
            "roles": {
                "user": user,
                "assistant": header.removeprefix(" ") if self.drops_space else header,
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


class _Probes:
    """Conversations as the chat template renders them, to compare candidates with."""

    def __init__(self, tokens: TextTokens, probes: list[tuple[Messages, str]]) -> None:
        self.count = len(probes)
        self._tokens = tokens
        self._probes = [(messages, text, tokens.encode(text)) for messages, text in probes]

    def best(self, candidate: _Candidate) -> _Candidate:
        """Return the boundaries that change the tokens of the fewest conversations."""
        choices = (False, True) if self._tokens.prepends_space else (False,)
        ends = range(len(candidate.header) + 1)
        candidate = self._least(
            replace(candidate, end=end, drops_space=drops_space)
            for end in ends
            for drops_space in choices
        )
        opening = (
            "".join(candidate.opening) if candidate.marks.system is None else candidate.opening[1]
        )
        shared = _common_prefix(opening[::-1], candidate.following[::-1])
        return self._least(replace(candidate, tail=tail) for tail in range(len(shared) + 1))

    def differing(self, candidate: _Candidate) -> int:
        """Return how many conversations have other tokens than the whole prompt."""
        return sum(found != expected for found, expected in self._encoded(candidate))

    def check_text(self, candidate: _Candidate) -> None:
        """Check that the text of all conversations is that of the chat template.

        Raises:
            CheckpointError: The text of a conversation differs.
        """
        found, expected = next(self._unequal(candidate), ("", ""))
        if found != expected:
            raise CheckpointError(
                f"The prompt must be that of the chat template,\n{expected!r}\nbut the closest "
                f"that a conv_template can express is\n{found!r}\n{CONVERSATION_HINT}"
            )

    def _least(self, candidates: Iterable[_Candidate]) -> _Candidate:
        return min(candidates, key=self._cost)

    def _cost(self, candidate: _Candidate) -> tuple[int, int, int, int]:
        """Return a sort key; ties prefer boundaries before added tokens, which never merge."""
        unequal = sum(1 for _ in self._unequal(candidate))
        strange = sum(_distance(found, expected) for found, expected in self._encoded(candidate))
        tail = candidate.following[len(candidate.following) - candidate.tail :]
        header = candidate.header[candidate.end :]
        plain = sum(self._tokens.leading(text) is None for text in (tail, header))
        return unequal, strange, plain, -candidate.tail

    def _unequal(self, candidate: _Candidate) -> Iterator[tuple[str, str]]:
        made = replace(candidate, drops_space=False).template("")
        for messages, expected, _ in self._probes:
            found = "".join(pieces(made, messages))
            if found != expected:
                yield found, expected

    def _encoded(self, candidate: _Candidate) -> Iterator[tuple[list[int], list[int]]]:
        made = candidate.template("")
        for messages, _, expected in self._probes:
            found = map(self._tokens.encode, pieces(made, messages))
            yield list(chain.from_iterable(found)), expected


def _notes(marks: Marks, system_message: str | None) -> Iterator[str]:
    if marks.system is None:
        yield "the chat template has no system message: WebLLM puts it before the user message"
    elif marks.default_system is None and system_message is None:
        yield (
            "for a request without a system message, the chat template writes none, but WebLLM an "
            "empty one: send one, or set a default with --system"
        )


def _conversations(candidate: _Candidate) -> list[Messages]:
    """Return conversations that WebLLM must render as the chat template does."""
    marks, lengths = candidate.marks, (1, 3)
    bare = [messages_of(*_TEXTS[:length]) for length in lengths]
    if marks.system is None:
        return list(bare)
    found: list[Messages] = [messages_of(*_TEXTS[:length], system=_SYSTEM) for length in lengths]
    if candidate.system_message == marks.default_system:
        found += bare
    return found


def _stops(tokens: TextTokens, following: str) -> dict[str, Any]:
    """Return what ends an answer: tokens of the checkpoint, and what the template writes next."""
    text = following.strip()
    ender = tokens.leading(text)
    ids = [*tokens.ends, *([] if ender is None else [tokens.ids[ender]])]
    stops = [text] if text and ender is None else []
    if not ids and not stops:
        raise CheckpointError(
            "Nothing ends an answer: the checkpoint has no eos_token. Set eos_token_id in "
            "generation_config.json."
        )
    return {"stop_str": stops, "stop_token_ids": list(dict.fromkeys(ids))}


def _distance(found: list[int], expected: list[int]) -> int:
    """Return how many tokens are missing or extra, regardless of their order."""
    one, other = Counter(found), Counter(expected)
    return (one - other).total() + (other - one).total()


def _common_prefix(one: str, other: str) -> str:
    same = list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return one[: len(same)]


def _split_at(text: str, at: int) -> tuple[str, str]:
    return text[:at], text[at:]
