"""Writing a small checkpoint in Hugging Face format as a GGUF file, as llama.cpp does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from safetensors.torch import load_file
from transformers import AutoConfig

__all__ = ["write_gguf"]

_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_OF_GEMMA = {"post_attention_layernorm": "post_attention_norm"}


def write_gguf(
    source: Path,
    path: Path,
    *,
    kind: str = "F32",
    pre: str = "gpt-2",
    bos: str | None = None,
    **keys: Any,
) -> Path:
    """Write the checkpoint in `source` to `path` with matrices of `kind`; `keys` are added."""
    config = AutoConfig.from_pretrained(source)
    is_gemma = config.model_type == "gemma3_text"
    writer = gguf.GGUFWriter(path, "gemma3" if is_gemma else config.model_type)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    if is_gemma:
        _add_windows(writer, config)
    else:
        writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    if head := getattr(config, "head_dim", None):
        writer.add_key_length(head)
        writer.add_value_length(head)
    _add_tokenizer(writer, source, pre, bos)
    for key, value in keys.items():
        writer.add_string(f"general.{key}", value)
    for name, tensor in _tensors(source, config):
        matrix = tensor.ndim > 1
        its_kind = gguf.GGMLQuantizationType[kind if matrix else "F32"]
        data = gguf.quants.quantize(tensor, its_kind)
        writer.add_tensor(name, data, raw_dtype=its_kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_windows(writer: gguf.GGUFWriter, config: Any) -> None:
    writer.add_sliding_window(config.sliding_window)
    writer.add_sliding_window_pattern([kind == "sliding_attention" for kind in config.layer_types])
    rope = config.rope_parameters["full_attention"]
    writer.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])


def _add_tokenizer(writer: gguf.GGUFWriter, source: Path, pre: str, bos: str | None) -> None:
    given = json.loads((source / "tokenizer.json").read_text("utf-8"))
    settings = json.loads((source / "tokenizer_config.json").read_text("utf-8"))
    special = {token["content"]: token["id"] for token in given["added_tokens"]}
    ids = given["model"]["vocab"] | special
    tokens = sorted(ids, key=lambda token: int(ids[token]))
    merges = [
        merge if isinstance(merge, str) else " ".join(merge) for merge in given["model"]["merges"]
    ]
    if given["model"].get("byte_fallback"):
        writer.add_tokenizer_model("llama")
        ranks = {merge.replace(" ", ""): rank for rank, merge in enumerate(merges)}
        writer.add_add_space_prefix("Prepend" in json.dumps(given["normalizer"]))
        writer.add_token_scores([-float(ranks.get(token, 0)) for token in tokens])
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(pre)
        writer.add_token_merges(merges)
    writer.add_token_list(tokens)
    writer.add_token_types([_type(token, special, settings) for token in tokens])
    writer.add_eos_token_id(ids[settings["eos_token"]])
    writer.add_add_bos_token(bos is not None)
    if bos is not None:
        writer.add_bos_token_id(ids[bos])
    writer.add_chat_template(settings["chat_template"])


def _type(token: str, special: dict[str, int], settings: dict[str, Any]) -> gguf.TokenType:
    if token == settings.get("unk_token"):
        return gguf.TokenType.UNKNOWN
    if token in special:
        return gguf.TokenType.CONTROL
    return gguf.TokenType.BYTE if token.startswith("<0x") else gguf.TokenType.NORMAL


def _tensors(source: Path, config: Any) -> Iterator[tuple[str, np.ndarray]]:
    tensors: dict[str, Any] = {}
    for shard in source.glob("*.safetensors"):
        tensors |= load_file(shard)
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    for name, tensor in tensors.items():
        base, _, end = name.rpartition(".")
        prefix = ""
        if base.startswith("model.layers."):
            _, _, layer, base = base.split(".", 3)
            prefix = f"blk.{layer}."
        value = tensor.float().numpy()
        kind = _NAMES[base]
        if config.model_type == "gemma3_text":
            kind = _OF_GEMMA.get(base, kind)
            value = value + 1 if "norm" in kind else value
        if config.model_type == "llama" and kind in heads:
            halves = value.reshape(heads[kind], 2, -1, value.shape[1])
            value = halves.swapaxes(1, 2).reshape(value.shape)
        yield f"{prefix}{kind}.{end}", np.ascontiguousarray(value)
