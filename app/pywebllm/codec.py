"""What the engine sends, as the values of `types`. Their JSON is `to_dict`.

Pure functions. Unknown keys in what arrives are ignored, missing ones are an `EngineError`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from .errors import EngineError
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

__all__ = ["read_embeddings", "read_models", "read_piece", "read_sessions"]

# JSON has no minus infinity, so the engine's arrives as null. The OpenAI reference writes this
# number for a token that is very unlikely.
_UNLIKELY = -9999.0

_REASONS = frozenset({None, "stop", "length", "tool_calls", "abort"})
_KINDS = frozenset({"language", "embedding", "vision"})


def read_piece(found: Any) -> Piece:
    """Read a chunk of WebLLM's, of a chat or of a plain text.

    Raises:
        EngineError: It is none.
    """
    with _understood("a chunk", found):
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
    """Read WebLLM's answer to a request for embeddings.

    Raises:
        EngineError: It is none.
    """
    with _understood("embeddings", found):
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
    """Read the models of WebLLM's list; none counts as loaded.

    Raises:
        EngineError: It is no list of models.
    """
    with _understood("a list of models", found):
        return tuple(_model(item) for item in found)


def read_sessions(found: Any) -> tuple[Session, ...]:
    """Read the resumable answers that this site keeps.

    Raises:
        EngineError: It is no list of sessions.
    """
    with _understood("a list of sessions", found):
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


@contextmanager
def _understood(what: str, found: object) -> Iterator[None]:
    try:
        yield
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise EngineError(
            f"the bridge sent {what} that cannot be read: {str(found)[:200]}",
            advice="Serve webllm_bridge.js and pywebllm of the same version.",
        ) from error


def _text_of(choice: Any) -> str:
    text = choice["text"] if "text" in choice else choice["delta"].get("content")
    if text is not None and not isinstance(text, str):
        raise TypeError(f"no text: {text!r}")
    return text or ""


def _reason(found: Any) -> EndReason | None:
    if found not in _REASONS:
        raise ValueError(f"an unknown finish_reason: {found!r}")
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
    new, written = _integer(found["prompt_tokens"]), _integer(found["completion_tokens"])
    # WebLLM counts only what it had to read anew, the reference counts the whole prompt.
    cached = extra.get("cached_tokens")
    prompt = new if cached is None else new + _integer(cached)
    breakdown = extra.get("latencyBreakdown")
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=written,
        total_tokens=prompt + written,
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
        raise ValueError(f"an unknown kind of model: {kind!r}")
    window = found.get("context_window_size")
    return ModelInfo(
        id=str(found["id"]),
        owned_by="mlc-ai",
        kind=kind,
        vram_required_mb=_maybe(found.get("vram_required_mb")),
        context_window_size=None if window is None else _integer(window),
        required_features=tuple(str(name) for name in found.get("required_features") or ()),
    )


def _integer(found: Any) -> int:
    if isinstance(found, bool) or not isinstance(found, int):
        raise TypeError(f"no integer: {found!r}")
    return found


def _number(found: Any) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise TypeError(f"no number: {found!r}")
    return float(found)


def _maybe(found: Any) -> float | None:
    # NaN and the infinities arrive as null: nothing that could be counted.
    return None if found is None else _number(found)
