"""`mlc-chat-config.json`, the configuration of a model for WebLLM."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from model.compile.checkpoint import Checkpoint
from model.compile.config import number
from model.compile.errors import CheckpointError
from model.compile.tokenizer import TOKENIZER_FILES, read_json

__all__ = ["chat_settings"]

_FILE: Final = "generation_config.json"
_TEMPERATURE: Final = 0.7
_TOP_P: Final = 0.95


def chat_settings(checkpoint: Checkpoint, conversation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a model; `conversation` is its `conv_template`.

    Temperature, top-p and repetition penalty come from the `generation_config.json` of the
    checkpoint, if present; with `do_sample: false`, the temperature is 0.

    Raises:
        CheckpointError: WebLLM does not accept a sampling parameter.
    """
    shape, tokens = checkpoint.architecture, checkpoint.tokens
    sizes = {"context_window_size": shape.context, "prefill_chunk_size": shape.prefill_chunk}
    settings = {
        "version": "0.1.0",
        "model_type": "llama",
        "quantization": shape.quantization,
        "model_config": {**sizes, "bits": shape.bits, "embedding_bits": shape.embedding_bits},
        "vocab_size": shape.vocabulary,
        **sizes,
        "sliding_window_size": -1,
        "attention_sink_size": -1,
        **_sampling(checkpoint.folder / _FILE),
        "tokenizer_files": list(TOKENIZER_FILES),
        "tokenizer_info": tokens.info,
        "conv_template": dict(conversation),
        "pad_token_id": tokens.id_of("pad_token"),
        "bos_token_id": tokens.id_of("bos_token"),
        "eos_token_id": next(iter(tokens.ends), None),
    }
    return {key: value for key, value in settings.items() if value is not None}


def _sampling(path: Path) -> dict[str, float]:
    given = read_json(path) if path.is_file() else {}
    if given.get("do_sample") is False:
        given["temperature"] = 0.0
    temperature = number(given, "temperature", default=_TEMPERATURE, file=_FILE)
    top_p = number(given, "top_p", default=_TOP_P, file=_FILE)
    repetition = number(given, "repetition_penalty", default=1.0, file=_FILE)
    # WebLLM rejects every request if one of them is out of range.
    for name, value, is_valid, bounds in (
        ("temperature", temperature, temperature >= 0, "at least 0"),
        ("top_p", top_p, 0 < top_p <= 1, "above 0 and at most 1"),
        ("repetition_penalty", repetition, repetition > 0, "above 0"),
    ):
        if not is_valid:
            raise CheckpointError(
                f"{name} in {_FILE} must be {bounds}, got {value}. Correct {_FILE}."
            )
    return {
        "temperature": temperature,
        "top_p": top_p,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "repetition_penalty": repetition,
    }
