"""`mlc-chat-config.json`: what WebLLM reads first, and how a conversation becomes tokens."""

from collections.abc import Mapping
from typing import Any, Final

from .checkpoint import Checkpoint
from .tokenizer import TOKENIZER_FILES, read_json

__all__ = ["chat_settings"]

_TEMPERATURE: Final = 0.7
_TOP_P: Final = 0.95


def chat_settings(checkpoint: Checkpoint, conversation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a model; `conversation` is its `conv_template`.

    Temperature and top-p are those of the checkpoint's `generation_config.json`, if it names any.
    """
    shape, tokens = checkpoint.architecture, checkpoint.tokens
    sizes = {"context_window_size": shape.context, "prefill_chunk_size": shape.prefill_chunk}
    path = checkpoint.folder / "generation_config.json"
    generation = read_json(path) if path.is_file() else {}
    settings = {
        "version": "0.1.0",
        "model_type": "llama",
        "quantization": shape.quantization,
        "model_config": sizes,
        "vocab_size": shape.vocabulary,
        **sizes,
        "sliding_window_size": -1,
        "attention_sink_size": -1,
        "temperature": generation.get("temperature") or _TEMPERATURE,
        "top_p": generation.get("top_p") or _TOP_P,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "repetition_penalty": 1.0,
        "tokenizer_files": list(TOKENIZER_FILES),
        "tokenizer_info": tokens.info,
        "conv_template": dict(conversation),
        "pad_token_id": tokens.id_of("pad_token"),
        "bos_token_id": tokens.id_of("bos_token"),
        "eos_token_id": next(iter(tokens.ends), None),
    }
    return {key: value for key, value in settings.items() if value is not None}
