"""The same network in PyTorch, computed by `transformers`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    MistralConfig,
    Qwen2Config,
    Qwen3Config,
)

from model.compile.architecture import Architecture
from model.compile.checkpoint import Checkpoint
from model.compile.parameters import dequantized

__all__ = ["Reference", "Scores"]

Floats = npt.NDArray[np.float32]

_CONFIGS: Final[dict[str, Any]] = {
    "gemma3_text": Gemma3TextConfig,
    "llama": LlamaConfig,
    "mistral": MistralConfig,
    "qwen2": Qwen2Config,
    "qwen3": Qwen3Config,
}
_KINDS: Final = {True: "sliding_attention", False: "full_attention"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What a network says about each token of a text but the first."""

    logarithms: list[float]
    """The natural logarithm of the probability of the token."""
    best: list[int]
    """The token that is most probable instead."""


class Reference:
    """A network with the given weights, in float32 on the CPU."""

    def __init__(self, shape: Architecture, weights: dict[str, Floats]) -> None:
        self._model: Any = AutoModelForCausalLM.from_config(_config(shape)).float()
        tensors = {name: torch.from_numpy(np.array(weight)) for name, weight in weights.items()}
        missing, unexpected = self._model.load_state_dict(tensors, strict=False)
        # A tied head has no weight; it uses that of the embedding.
        assert set(missing) <= {"lm_head.weight"}, missing
        assert not unexpected, unexpected
        self._model.tie_weights()
        self._model.eval()

    @classmethod
    def quantized(cls, checkpoint: Checkpoint) -> Reference:
        """Return the network with the weights that the compiled library computes with."""
        return cls(checkpoint.architecture, dequantized(checkpoint))

    @classmethod
    def unquantized(cls, checkpoint: Checkpoint) -> Reference:
        """Return the network as it was trained."""
        return cls(checkpoint.architecture, checkpoint.weights)

    def logits(self, tokens: list[int]) -> Floats:
        """Return the logits after each token, `[len(tokens), vocabulary]`."""
        with torch.no_grad():
            out: Floats = self._model(torch.tensor([tokens])).logits[0].numpy()
        return out

    def greedy(self, tokens: list[int], most: int, ends: list[int]) -> list[int]:
        """Return the most probable tokens that follow, at most `most` or until one of `ends`."""
        with torch.no_grad():
            prompt = torch.tensor([tokens])
            made = self._model.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                max_new_tokens=most,
                do_sample=False,
                eos_token_id=ends,
                pad_token_id=ends[0],
            )
        found: list[int] = made[0, len(tokens) :].tolist()
        return found

    def scores(self, tokens: list[int]) -> Scores:
        """Return how probable each token is after those before it."""
        with torch.no_grad():
            logits = self._model(torch.tensor([tokens[:-1]])).logits[0].float()
            found = logits.gather(1, torch.tensor(tokens[1:])[:, None])[:, 0]
            logarithms = found - logits.logsumexp(-1)
        return Scores(logarithms=logarithms.tolist(), best=logits.argmax(-1).tolist())


def _config(shape: Architecture) -> Any:
    return _CONFIGS[shape.family.name](
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.query_heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_size,
        intermediate_size=shape.feed_forward,
        vocab_size=shape.vocabulary,
        rms_norm_eps=shape.norm_epsilon,
        rope_parameters=_rope(shape),
        max_position_embeddings=max(shape.context, 2048),
        tie_word_embeddings=shape.tied,
        **_windows(shape),
    )


def _rope(shape: Architecture) -> dict[str, Any]:
    rope = shape.rope.parameters
    if not shape.family.is_gemma:
        return rope
    local = shape.windows.rope.parameters if shape.windows and shape.windows.rope else rope
    return {"full_attention": rope, "sliding_attention": local}


def _windows(shape: Architecture) -> dict[str, Any]:
    """Return the settings of sliding windows, and of the scores of Gemma."""
    family, windows = shape.family, shape.windows
    if family.windows == "none":
        return {}
    found: dict[str, Any] = {"sliding_window": windows and windows.size}
    if family.windows != "all":
        kinds = [shape.is_local(layer) for layer in range(shape.layers)]
        found["layer_types"] = [_KINDS[each] for each in kinds]
    if family.windows == "later":
        found["use_sliding_window"] = windows is not None
    if family.is_gemma:
        found["query_pre_attn_scalar"] = shape.score_size
    return found
