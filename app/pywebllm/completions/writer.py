"""From the engine's pieces to the chunks of a text completion."""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from pywebllm.answers.chunks import ChunkFactory
from pywebllm.answers.totals import total_usage
from pywebllm.pieces import EndReason, Piece
from pywebllm.types import Completion, CompletionChoice, CompletionLogprobs, TokenLogprob, Usage

from .call import CompletionCall

__all__ = ["CompletionWriter"]

_decoder = getincrementaldecoder("utf-8")


class CompletionWriter:
    """Writes the chunks of one request, and assembles the whole completion from the same chunks."""

    def __init__(self, call: CompletionCall) -> None:
        self._call = call
        self._chunks = ChunkFactory(Completion, id_prefix="cmpl")
        self._lengths: dict[int, int] = {}  # characters of each choice so far
        self._choices: dict[int, _Choice] = {}
        self._usage: Usage | None = None

    @property
    def text(self) -> str:
        """The text of the first choice in the chunks noted so far."""
        return "".join(self._choices[0].texts) if 0 in self._choices else ""

    def write(self, index: int, piece: Piece) -> Iterator[Completion]:
        """Return the chunks for a piece of the choice with this index."""
        self._chunks.set_model(piece.model)
        if index not in self._lengths:
            self._lengths[index] = 0
            if self._call.echo:
                yield self._chunk(index, str(self._call.bodies[index]["prompt"]))
        if piece.text or piece.logprobs:
            yield self._chunk(index, piece.text, logprobs=piece.logprobs)
        if piece.end is not None:
            yield self._chunk(index, "", finish_reason=_finish_reason(piece.end))

    def end(self, usages: Sequence[Usage]) -> Iterator[Completion]:
        """Return the chunks that follow all choices, given the usage of each choice."""
        self._usage = total_usage(usages, answers=self._call.n)
        if self._call.include_usage:
            yield self._chunks.chunk(usage=self._usage)

    def note(self, chunk: Completion) -> None:
        """Record a chunk that has been read."""
        for choice in chunk.choices:
            self._choices.setdefault(choice.index, _Choice()).add(choice)

    def final(self) -> Completion:
        """Return the whole completion; all its chunks must have been noted."""
        choices = (self._choices[index].whole(index) for index in sorted(self._choices))
        return self._chunks.chunk(*choices, usage=self._usage)

    def _chunk(
        self,
        index: int,
        text: str,
        *,
        finish_reason: Literal["stop", "length"] | None = None,
        logprobs: Sequence[TokenLogprob] = (),
    ) -> Completion:
        start = self._lengths[index]
        end = self._lengths[index] = start + len(text)
        return self._chunks.chunk(
            CompletionChoice(
                index=index,
                text=text,
                finish_reason=finish_reason,
                logprobs=_logprobs(logprobs, start=start, end=end) if logprobs else None,
            )
        )


class _Choice:
    """One choice, assembled from its chunks."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._finish_reason: Literal["stop", "length"] | None = None
        self._logprobs: list[CompletionLogprobs] = []

    def add(self, choice: CompletionChoice) -> None:
        self.texts.append(choice.text)
        self._finish_reason = choice.finish_reason or self._finish_reason
        if choice.logprobs is not None:
            self._logprobs.append(choice.logprobs)

    def whole(self, index: int) -> CompletionChoice:
        return CompletionChoice(
            index=index,
            text="".join(self.texts),
            finish_reason=self._finish_reason,
            logprobs=_joined(self._logprobs) if self._logprobs else None,
        )


def _finish_reason(reason: EndReason) -> Literal["stop", "length"]:
    return "length" if reason == "length" else "stop"


def _logprobs(tokens: Sequence[TokenLogprob], *, start: int, end: int) -> CompletionLogprobs:
    return CompletionLogprobs(
        tokens=tuple(token.token for token in tokens),
        token_logprobs=tuple(token.logprob for token in tokens),
        top_logprobs=tuple(_top(token) for token in tokens),
        text_offset=tuple(min(start + offset, end) for offset in _offsets(tokens)),
    )


def _top(token: TokenLogprob) -> dict[str, float]:
    # As in the reference, always with the sampled token, so there may be one more than requested.
    found = {token.token: token.logprob}
    for top in token.top_logprobs:
        found.setdefault(top.token, top.logprob)
    return found


def _offsets(tokens: Sequence[TokenLogprob]) -> Iterator[int]:
    """Yield the offset of each token in characters; one character may be several tokens."""
    decoder, offset = _decoder("replace"), 0
    for token in tokens:
        yield offset
        octets = token.token.encode(errors="replace") if token.bytes is None else token.bytes
        offset += len(decoder.decode(bytes(octets)))


def _joined(parts: Iterable[CompletionLogprobs]) -> CompletionLogprobs:
    known = tuple(parts)
    return CompletionLogprobs(
        tokens=tuple(item for part in known for item in part.tokens),
        token_logprobs=tuple(item for part in known for item in part.token_logprobs),
        top_logprobs=tuple(item for part in known for item in part.top_logprobs),
        text_offset=tuple(item for part in known for item in part.text_offset),
    )
