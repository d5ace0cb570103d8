"""From the JSON that the engine sends to the values of `types`; `to_dict` is the inverse.

Pure functions. Unknown keys are ignored; a missing one is an `EngineError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from .pieces import EndReason, Piece
from .types import (
    CreateEmbeddingResponse,
    Embedding,
    EmbeddingUsage,
    ModelInfo,
    PromptTokensDetails,
    Session,
    TokenLogprob,
    TopLogprob,
    Usage,
)
from .wire import parsing

__all__ = ["read_embeddings", "read_models", "read_piece", "read_sessions"]

# JSON has no minus infinity, so it arrives as null. The OpenAI reference uses this number for a
# token that is very unlikely.
_UNLIKELY = -9999.0

_REASONS = frozenset({None, "stop", "length", "tool_calls", "abort"})
_KINDS = frozenset({"language", "embedding", "vision"})


def read_piece(found: Any) -> Piece:
    """Read a chunk of WebLLM's, of a chat or a text completion.

    Raises:
        EngineError: It could not be parsed.
    """
    with parsing("a chunk", found):
        choice = found["choices"][0] if found["choices"] else None
        usage = found.get("usage")
        return Piece(
            model=str(found.get("model", "")),
            text="" if choice is None else _text_of(choice),
            end=None if choice is None else _reason(choice.get("finish_reason")),
            logprobs=() if choice is None else _logprobs(choice.get("logprobs")),
            usage=None if usage is None else _usage(usage),
        )


def read_embeddings(found: Any) -> CreateEmbeddingResponse[tuple[float, ...]]:
    """Read WebLLM's response to a request for embeddings.

    Raises:
        EngineError: It could not be parsed.
    """
    with parsing("embeddings", found):
        data = sorted(found["data"], key=lambda item: _integer(item["index"]))
        usage = found["usage"]
        extra = usage.get("extra") or {}
        return CreateEmbeddingResponse(
            data=tuple(
                Embedding(
                    index=item["index"],
                    embedding=tuple(_number(number) for number in item["embedding"]),
                )
                for item in data
            ),
            model=str(found["model"]),
            usage=EmbeddingUsage(
                prompt_tokens=_integer(usage["prompt_tokens"]),
                total_tokens=_integer(usage["total_tokens"]),
                prefill_tokens_per_second=_maybe(extra.get("prefill_tokens_per_s")),
            ),
        )


def read_models(found: Any) -> tuple[ModelInfo, ...]:
    """Read the models of WebLLM's list; `loaded` is False for all of them.

    Raises:
        EngineError: It could not be parsed.
    """
    with parsing("a list of models", found):
        return tuple(_model(item) for item in found)


def read_sessions(found: Any) -> tuple[Session, ...]:
    """Read the list of the answers that this site has stored.

    Raises:
        EngineError: It could not be parsed.
    """
    with parsing("a list of sessions", found):
        return tuple(
            Session(
                id=str(item["id"]),
                model=str(item["model"]),
                resumable=bool(item["resumable"]),
                reason=str(item.get("reason") or ""),
                completion_tokens=_integer(item["completion_tokens"]),
            )
            for item in found
        )


def _text_of(choice: Any) -> str:
    text = choice["text"] if "text" in choice else choice["delta"].get("content")
    if text is not None and not isinstance(text, str):
        raise TypeError(f"text must be a string, got {text!r}")
    return text or ""


def _reason(found: Any) -> EndReason | None:
    if found not in _REASONS:
        raise ValueError(f"unknown finish_reason: {found!r}")
    return cast("EndReason | None", found)


def _logprobs(found: Any) -> tuple[TokenLogprob, ...]:
    if found is None:
        return ()
    return tuple(
        TokenLogprob(
            **_token(token),
            top_logprobs=tuple(TopLogprob(**_token(top)) for top in token["top_logprobs"]),
        )
        for token in found["content"]
    )


def _token(found: Any) -> dict[str, Any]:
    octets = found.get("bytes")
    logprob = _maybe(found["logprob"])
    return {
        "token": str(found["token"]),
        "logprob": _UNLIKELY if logprob is None else logprob,
        "bytes": None if octets is None else tuple(_integer(octet) for octet in octets),
    }


def _usage(found: Any) -> Usage:
    extra = found.get("extra") or {}
    uncached, completion = _integer(found["prompt_tokens"]), _integer(found["completion_tokens"])
    # WebLLM counts only tokens that were not cached, the reference counts the whole prompt.
    cached = extra.get("cached_tokens")
    prompt = uncached if cached is None else uncached + _integer(cached)
    breakdown = extra.get("latencyBreakdown")
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=prompt + completion,
        prompt_tokens_details=None if cached is None else PromptTokensDetails(cached_tokens=cached),
        time_to_first_token=_maybe(extra.get("time_to_first_token_s")),
        prefill_tokens_per_second=_maybe(extra.get("prefill_tokens_per_s")),
        decode_tokens_per_second=_maybe(extra.get("decode_tokens_per_s")),
        end_to_end_latency=_maybe(extra.get("e2e_latency_s")),
        latency_breakdown=None if breakdown is None else _breakdown(breakdown),
    )


def _breakdown(found: Any) -> Mapping[str, tuple[float, ...]]:
    return {name: tuple(_number(number) for number in numbers) for name, numbers in found.items()}


def _model(found: Any) -> ModelInfo:
    kind = found.get("kind", "language")
    if kind not in _KINDS:
        raise ValueError(f"unknown kind of model: {kind!r}")
    window = found.get("context_window_size")
    lacking = found.get("lacking")
    return ModelInfo(
        id=str(found["id"]),
        owned_by="mlc-ai",
        kind=kind,
        vram_required_mb=_maybe(found.get("vram_required_mb")),
        context_window_size=None if window is None else _integer(window),
        required_features=tuple(str(name) for name in found.get("required_features") or ()),
        runnable=None if lacking is None else not lacking,
        lacking=tuple(str(name) for name in lacking or ()),
    )


def _integer(found: Any) -> int:
    if isinstance(found, bool) or not isinstance(found, int):
        raise TypeError(f"must be an integer, got {found!r}")
    return found


def _number(found: Any) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise TypeError(f"must be a number, got {found!r}")
    return float(found)


def _maybe(found: Any) -> float | None:
    # NaN and the infinities arrive as null: the value is unknown.
    return None if found is None else _number(found)
