"""The chunks of scripted answers, as WebLLM sends them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .request import ScriptedRequest

__all__ = ["embedding_chunk", "text_chunks"]

_DIMENSIONS = 8
_EMPTY_THINKING = "<think>\n\n</think>\n\n"


def text_chunks(
    request: ScriptedRequest, pieces: Sequence[str], *, complete: bool
) -> Iterator[str]:
    """Yield the batches of an answer, one for each piece, then its end and its usage.

    `stop` and `max_tokens` of the request apply.

    Args:
        request: The request.
        pieces: What the model writes.
        complete: False to leave out the end.
    """
    extra = request.body.get("extra_body") or {}
    if extra.get("enable_thinking") is False:
        pieces = [_EMPTY_THINKING, *pieces]
    shown, reason = _limited(pieces, request.body)
    for piece in shown:
        yield json.dumps([_chunk(request, piece, logprobs=_logprobs(request.body, piece))])
    if not complete and reason == "stop":
        return
    end = _chunk(request, "", reason=reason)
    yield json.dumps([end, {**end, "choices": [], "usage": _usage(request, len(shown))}])


def embedding_chunk(request: ScriptedRequest) -> str:
    """Return the batch with a vector of length one for each input; equal inputs have equal ones."""
    given = request.body["input"]
    is_one = isinstance(given, str) or (given and isinstance(given[0], int))
    inputs = [given] if is_one else given
    data = [
        {"index": index, "embedding": _vector(str(text)), "object": "embedding"}
        for index, text in enumerate(inputs)
    ]
    tokens = sum(len(str(text).split()) for text in inputs)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens, "extra": {}}
    return json.dumps([{"data": data, "model": request.model, "object": "list", "usage": usage}])


def _limited(pieces: Sequence[str], body: Mapping[str, Any]) -> tuple[list[str], str]:
    given = body.get("stop") or []
    stops = [given] if isinstance(given, str) else given
    text = "".join(pieces)
    found = [text.find(stop) for stop in stops if stop in text]
    left = min(found, default=len(text))
    limit = body.get("max_tokens")
    shown: list[str] = []
    for piece in pieces:
        if left <= 0:
            break
        if limit is not None and len(shown) >= limit:
            return shown, "length"
        shown.append(piece[:left])
        left -= len(piece)
    return shown, "stop"


def _chunk(
    request: ScriptedRequest,
    text: str,
    *,
    reason: str | None = None,
    logprobs: object = None,
) -> dict[str, Any]:
    is_chat = request.kind == "chat.completions"
    added = {"delta": {"role": "assistant", "content": text}} if is_chat else {"text": text}
    choice = {"index": 0, "finish_reason": reason, "logprobs": logprobs, **added}
    return {"id": "scripted", "model": request.model, "created": 0, "choices": [choice]}


def _logprobs(body: Mapping[str, Any], piece: str) -> object:
    if not body.get("logprobs"):
        return None
    token = {"token": piece, "logprob": 0.0, "bytes": [*piece.encode()]}
    tops = [token] if body.get("top_logprobs") else []
    return {"content": [{**token, "top_logprobs": tops}]}


def _usage(request: ScriptedRequest, completion: int) -> dict[str, Any]:
    texts = [str(message["content"]) for message in request.messages] or [request.prompt]
    prompt = sum(len(text.split()) for text in texts)
    total = prompt + completion
    counted = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}
    return {**counted, "extra": {}}


def _vector(text: str) -> list[float]:
    octets = hashlib.sha256(text.encode()).digest()[:_DIMENSIONS]
    numbers = [octet - 127.5 for octet in octets]
    norm = math.hypot(*numbers)
    return [number / norm for number in numbers]
