"""A BERT of sentence-transformers: written as a GGUF file, and computed with NumPy to compare."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFWriter, PoolingType, TokenType
from numpy.typing import NDArray

__all__ = ["Bert"]

Array = NDArray[np.float32]

# GGUF's names of the parts of a layer, by those of transformers.
_LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
_EMBEDDINGS = {
    "word_embeddings": "token_embd",
    "position_embeddings": "position_embd",
    "token_type_embeddings": "token_types",
    "LayerNorm": "token_embd_norm",
}


class Bert:
    """A model in a folder with `config.json`, `tokenizer.json` and `model.safetensors`."""

    def __init__(self, folder: Path) -> None:
        self._config: dict[str, Any] = json.loads((folder / "config.json").read_text())
        tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        self._vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
        self._weights = _read_safetensors(folder / "model.safetensors")

    def write(self, target: Path) -> None:
        """Write the GGUF file, as llama.cpp's own converter does, in float32."""
        config, writer = self._config, GGUFWriter(target, "bert")
        writer.add_context_length(config["max_position_embeddings"])
        writer.add_embedding_length(config["hidden_size"])
        writer.add_feed_forward_length(config["intermediate_size"])
        writer.add_head_count(config["num_attention_heads"])
        writer.add_block_count(config["num_hidden_layers"])
        writer.add_layer_norm_eps(config["layer_norm_eps"])
        writer.add_causal_attention(False)
        writer.add_pooling_type(PoolingType.MEAN)
        self._write_vocabulary(writer)
        for name, weight in self._weights.items():
            if (found := _gguf_name(name)) is not None:
                writer.add_tensor(found, weight)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    def vector(self, text: str) -> Array:
        """Return the normalized vector of a text of lower-case words."""
        words = [token for word in text.split() for token in self._pieces(word)]
        ids = [self._vocabulary[token] for token in ("[CLS]", *words, "[SEP]")]
        x = self._norm(
            self._weights["embeddings.word_embeddings.weight"][ids]
            + self._weights["embeddings.position_embeddings.weight"][: len(ids)]
            + self._weights["embeddings.token_type_embeddings.weight"][0],
            "embeddings.LayerNorm",
        )
        for number in range(self._config["num_hidden_layers"]):
            x = self._layer(x, f"encoder.layer.{number}")
        mean: Array = x.mean(axis=0)
        return mean / np.linalg.norm(mean)

    def _layer(self, x: Array, layer: str) -> Array:
        heads = self._config["num_attention_heads"]
        q, k, v = (
            self._linear(x, f"{layer}.attention.self.{name}").reshape(len(x), heads, -1)
            for name in ("query", "key", "value")
        )
        scores = np.einsum("ihd,jhd->hij", q, k) / math.sqrt(q.shape[-1])
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed = np.einsum("hij,jhd->ihd", weights, v).reshape(len(x), -1)
        attended = self._linear(mixed, f"{layer}.attention.output.dense")
        x = self._norm(x + attended, f"{layer}.attention.output.LayerNorm")
        inner = self._linear(x, f"{layer}.intermediate.dense")
        gelu = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        return self._norm(
            x + self._linear(gelu, f"{layer}.output.dense"), f"{layer}.output.LayerNorm"
        )

    def _linear(self, x: Array, name: str) -> Array:
        result: Array = x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return result

    def _norm(self, x: Array, name: str) -> Array:
        centered = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(centered).mean(axis=-1, keepdims=True) + self._config["layer_norm_eps"]
        scaled = centered / np.sqrt(variance)
        result: Array = scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return result

    def _pieces(self, word: str) -> list[str]:
        """Split a word as WordPiece does: the longest known beginning first."""
        pieces: list[str] = []
        while word:
            mark = "##" if pieces else ""
            ends = range(len(word), 0, -1)
            end = next(end for end in ends if mark + word[:end] in self._vocabulary)
            pieces.append(mark + word[:end])
            word = word[end:]
        return pieces

    def _write_vocabulary(self, writer: GGUFWriter) -> None:
        tokens = sorted(self._vocabulary, key=self._vocabulary.__getitem__)
        control = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
        writer.add_tokenizer_model("bert")
        writer.add_token_list([_phantom(token, token in control) for token in tokens])
        kinds = [TokenType.CONTROL if it in control else TokenType.NORMAL for it in tokens]
        writer.add_token_types(kinds)
        writer.add_token_type_count(self._config["type_vocab_size"])
        writer.add_pad_token_id(self._vocabulary["[PAD]"])
        writer.add_unk_token_id(self._vocabulary["[UNK]"])
        writer.add_bos_token_id(self._vocabulary["[CLS]"])
        writer.add_sep_token_id(self._vocabulary["[SEP]"])
        writer.add_mask_token_id(self._vocabulary["[MASK]"])


def _phantom(token: str, is_control: bool) -> str:
    """Return a token as llama.cpp has it: words begin with a mark, and their other parts do not."""
    if is_control:
        return token
    return token[2:] if token.startswith("##") else "\u2581" + token


def _gguf_name(name: str) -> str | None:
    """Return the name of a weight in GGUF; None for one that is not needed."""
    part, _, kind = name.rpartition(".")
    if part.startswith("embeddings."):
        found = _EMBEDDINGS.get(part.removeprefix("embeddings."))
        return None if found is None else f"{found}.{kind}"
    if not part.startswith("encoder.layer."):
        return None
    number, _, rest = part.removeprefix("encoder.layer.").partition(".")
    return f"blk.{number}.{_LAYER[rest]}.{kind}"


def _read_safetensors(file: Path) -> dict[str, Array]:
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    found = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        start, end = entry["data_offsets"]
        numbers = np.frombuffer(content[8 + length + start : 8 + length + end], np.float32)
        found[name] = numbers.reshape(entry["shape"])
    return found
