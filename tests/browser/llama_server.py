"""A real OpenAI-compatible server: llama.cpp's, with the built-in model.

The model's weights are dequantized into a GGUF file; the server runs in this process on 127.0.0.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gguf
import numpy as np
import xllamacpp

from tests.browser.shipped import REVISION, Floats, ShippedNetwork

__all__ = ["MODEL", "llama_server", "write_gguf"]

MODEL = "persona-on-a-server"

_QUERY_HEADS, _KEY_HEADS = 4, 2


@contextmanager
def llama_server(folder: Path) -> Iterator[str]:
    """Serve the built-in model while the block runs; yield the API's `base_url`."""
    file = folder / "model.gguf"
    write_gguf(file)
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(file)
    parameters.model_alias = {MODEL}
    parameters.n_ctx = 1024
    parameters.n_parallel = 1
    parameters.warmup = False
    parameters.cpuparams.n_threads = 1
    parameters.port = 0
    parameters.ui = False
    parameters.verbosity = 0
    server = xllamacpp.Server(parameters)
    yield f"{server.listening_address}/v1"
    del server  # stops it


def write_gguf(file: Path) -> None:
    """Write the built-in model as a GGUF file of 32-bit floats."""
    config = json.loads((REVISION / "mlc-chat-config.json").read_text("utf-8"))
    network = ShippedNetwork(REVISION)
    hidden = network.embedding.shape[1]
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_context_length(config["context_window_size"])
    writer.add_embedding_length(hidden)
    writer.add_block_count(len(network.layers))
    writer.add_feed_forward_length(network.matrix(f"{network.layers[0]}.mlp.down").shape[1])
    writer.add_head_count(_QUERY_HEADS)
    writer.add_head_count_kv(_KEY_HEADS)
    writer.add_key_length(network.head_size)
    writer.add_value_length(network.head_size)
    writer.add_rope_dimension_count(network.head_size)
    writer.add_rope_freq_base(network.theta)
    writer.add_layer_norm_rms_eps(network.epsilon)
    _add_tokenizer(writer)
    for name, tensor in _tensors(network):
        writer.add_tensor(name, np.ascontiguousarray(tensor, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: gguf.GGUFWriter) -> None:
    tokenizer = json.loads((REVISION / "tokenizer.json").read_text("utf-8"))
    special = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    ids = tokenizer["model"]["vocab"] | special
    tokens = sorted(ids, key=lambda token: int(ids[token]))
    kinds = [
        gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens
    ]
    merges = [
        pair if isinstance(pair, str) else " ".join(pair) for pair in tokenizer["model"]["merges"]
    ]
    settings = json.loads((REVISION / "tokenizer_config.json").read_text("utf-8"))
    writer.add_tokenizer_model("gpt2")
    # llama.cpp has no pre-tokenizer like this model's; this one is the closest.
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(special[settings["bos_token"]])
    writer.add_eos_token_id(special[settings["eos_token"]])
    writer.add_add_bos_token(settings["add_bos_token"])
    writer.add_chat_template(settings["chat_template"])


def _tensors(network: ShippedNetwork) -> Iterator[tuple[str, Floats]]:
    yield "token_embd.weight", network.embedding
    yield "output_norm.weight", network.vector("norm")
    for index, layer in enumerate(network.layers):
        sizes = np.array([_QUERY_HEADS, _KEY_HEADS]) * network.head_size
        query, key, value = np.split(
            network.matrix(f"{layer}.attention.qkv"), np.cumsum(sizes), axis=0
        )
        gate, up = np.split(network.matrix(f"{layer}.mlp.gate_up"), 2, axis=0)
        yield f"blk.{index}.attn_norm.weight", network.vector(f"{layer}.attention.norm")
        yield f"blk.{index}.attn_q.weight", _interleaved(query, _QUERY_HEADS)
        yield f"blk.{index}.attn_k.weight", _interleaved(key, _KEY_HEADS)
        yield f"blk.{index}.attn_v.weight", value
        yield f"blk.{index}.attn_output.weight", network.matrix(f"{layer}.attention.out")
        yield f"blk.{index}.ffn_norm.weight", network.vector(f"{layer}.mlp.norm")
        yield f"blk.{index}.ffn_gate.weight", gate
        yield f"blk.{index}.ffn_up.weight", up
        yield f"blk.{index}.ffn_down.weight", network.matrix(f"{layer}.mlp.down")


def _interleaved(weights: Floats, heads: int) -> Floats:
    # This model's rotary embedding pairs the two halves of a head, GGUF's "llama" neighbors.
    return weights.reshape(heads, 2, -1, weights.shape[1]).swapaxes(1, 2).reshape(weights.shape)
