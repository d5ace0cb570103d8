"""`mlc-chat-config.json`: what WebLLM reads first, and how a conversation becomes tokens."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .architecture import Architecture
from .errors import CheckpointError
from .library import QUANTIZATION

__all__ = ["chat_settings"]

_START, _END, _PAD = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
_TEMPERATURE: Final = 0.7
_TOP_P: Final = 0.95


def chat_settings(shape: Architecture, tokenizer: Path) -> dict[str, Any]:
    """Return the settings of a model that speaks ChatML; `tokenizer` is its `tokenizer.json`.

    Raises:
        CheckpointError: the tokenizer lacks one of the three special tokens.
    """
    ids = _special_tokens(tokenizer)
    sizes = {"context_window_size": shape.context, "prefill_chunk_size": shape.prefill_chunk}
    return {
        "version": "0.1.0",
        "model_type": "llama",
        "quantization": QUANTIZATION,
        "model_config": sizes,
        "vocab_size": shape.vocabulary,
        **sizes,
        "sliding_window_size": -1,
        "attention_sink_size": -1,
        "temperature": _TEMPERATURE,
        "top_p": _TOP_P,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "repetition_penalty": 1.0,
        "tokenizer_files": ["tokenizer.json", "tokenizer_config.json"],
        "tokenizer_info": {
            "token_postproc_method": "byte_level",
            "prepend_space_in_encode": False,
            "strip_space_in_decode": False,
        },
        "conv_template": _conversation(stop=ids[_END]),
        "pad_token_id": ids[_PAD],
        "bos_token_id": ids[_PAD],
        "eos_token_id": ids[_END],
    }


def _conversation(*, stop: int) -> dict[str, Any]:
    """Return ChatML: each message is `<|im_start|>role`, a line break, text, `<|im_end|>`.

    A message is ended by the role of the user's message after it, not by a separator of its own:
    when WebLLM 0.2.86 goes on from its cache, it adds no separator after its own last answer. The
    text is the same ChatML either way; model.compile.verify compares it.
    """
    end = f"{_END}\n"
    return {
        "name": "pywebllm-chatml",
        "system_template": f"{_START}system\n{{system_message}}",
        "system_message": "You write short personas from the facts you are given.",
        "add_role_after_system_message": True,
        "roles": {
            "user": f"{end}{_START}user",
            "assistant": f"{_START}assistant",
            "tool": f"{end}{_START}tool",
        },
        "role_templates": {
            "user": "{user_message}",
            "assistant": "{assistant_message}",
            "tool": "{tool_message}",
        },
        "messages": [],
        "seps": [end, ""],  # after what the user says, after what the assistant says
        "role_content_sep": "\n",
        "role_empty_sep": "\n",
        "stop_str": [_END],
        "stop_token_ids": [stop],
    }


def _special_tokens(tokenizer: Path) -> Mapping[str, int]:
    added = json.loads(tokenizer.read_text("utf-8")).get("added_tokens", [])
    ids = {token["content"]: int(token["id"]) for token in added}
    missing = [token for token in (_START, _END, _PAD) if token not in ids]
    if missing:
        raise CheckpointError(
            f"{tokenizer} has no special token {', '.join(missing)}. "
            "Train the tokenizer with all of ChatML's special tokens."
        )
    return ids
