"""The tensors of a GGUF file, by their names in `transformers`.

A tensor is dequantized; if its blocks fit into the format of `model.compile.quantize`, they are
returned as well, so that the weights need no second rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import gguf
import numpy as np
import numpy.typing as npt

from model.compile.errors import CheckpointError
from model.compile.gguf.metadata import Metadata
from model.compile.grid import GROUP, Groups, fit, fits

__all__ = ["Tensor", "tensors"]

_WHOLE: Final = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
_OF_LAYER: Final = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
# In Gemma, the norms before and after each half of a layer have names of their own; its weights are
# differences to 1 in `transformers`.
_OF_GEMMA: Final = {
    **_OF_LAYER,
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
_IGNORED: Final = ("rope_freqs.weight",)  # read with the config
_GEMMA: Final = "gemma3"
_PARTS: Final = 4  # blk.0.attn_q.weight

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One weight: its name in `transformers`, its values, and its blocks if they fit."""

    name: str
    values: Floats
    groups: Groups | None


def tensors(file: Metadata) -> Iterator[Tensor]:
    """Yield all weights.

    Raises:
        CheckpointError: A tensor has an unknown name or format.
    """
    for tensor in file.tensors:
        if tensor.name in _IGNORED:
            continue
        name = _name(file, tensor.name)
        try:
            values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        except NotImplementedError as error:
            raise CheckpointError(
                f"{tensor.name} in {file.path} has the format {tensor.tensor_type.name}, which "
                "cannot be read. Use a file in another quantization, such as Q4_1 or Q8_0."
            ) from error
        rows = _order(file, tensor.name, len(values))
        values = np.asarray(values, np.float32)[rows]
        if file.architecture == _GEMMA and "norm" in tensor.name:
            values = values - np.float32(1)
        groups = _groups(tensor)
        if groups is not None:
            groups = replace(
                groups,
                levels=groups.levels[rows],
                scales=groups.scales[rows],
                offsets=groups.offsets[rows],
            )
            groups = _readable(groups, values)
        yield Tensor(name=name, values=values, groups=groups)


def _name(file: Metadata, name: str) -> str:
    parts = name.split(".")
    if name in _WHOLE:
        return _WHOLE[name]
    of_layer = _OF_GEMMA if file.architecture == _GEMMA else _OF_LAYER
    if len(parts) == _PARTS and parts[0] == "blk" and parts[2] in of_layer:
        return f"model.layers.{parts[1]}.{of_layer[parts[2]]}.{parts[3]}"
    raise CheckpointError(
        f"{file.path} has the tensor {name}, which the architecture {file.architecture} does not "
        "have here. Use another model."
    )


def _order(file: Metadata, name: str, rows: int) -> Any:
    """Return the order of the rows: GGUF interleaves the two halves of each head of a Llama."""
    heads = {
        "attn_q": file.required_size("attention.head_count"),
        "attn_k": file.size("attention.head_count_kv", file.required_size("attention.head_count")),
    }
    part = name.split(".")[2] if name.startswith("blk.") else ""
    if file.architecture != "llama" or part not in heads:
        return slice(None)
    return np.arange(rows).reshape(int(heads[part]), -1, 2).swapaxes(1, 2).ravel()


def _groups(tensor: Any) -> Groups | None:
    """Return the blocks of a tensor `[rows, bytes]` in one of the formats without a remainder."""
    kinds = gguf.GGMLQuantizationType
    readers = {kinds.Q4_0: _q4_0, kinds.Q4_1: _q4_1, kinds.Q8_0: _q8_0}
    if tensor.tensor_type not in readers:
        return None
    _, size = gguf.GGML_QUANT_SIZES[tensor.tensor_type]
    data = np.asarray(tensor.data)
    blocks = data.reshape(len(data), -1, size)
    return readers[tensor.tensor_type](blocks)


def _q4_0(blocks: npt.NDArray[np.uint8]) -> Groups:
    scales = _half(blocks, 0)
    return Groups(levels=_nibbles(blocks[..., 2:]), scales=scales, offsets=scales * -8, bits=4)


def _q4_1(blocks: npt.NDArray[np.uint8]) -> Groups:
    levels = _nibbles(blocks[..., 4:])
    return Groups(levels=levels, scales=_half(blocks, 0), offsets=_half(blocks, 2), bits=4)


def _q8_0(blocks: npt.NDArray[np.uint8]) -> Groups:
    scales = _half(blocks, 0)
    levels = blocks[..., 2:] ^ np.uint8(128)  # from signed to 128 more
    return Groups(levels=levels, scales=scales, offsets=scales * np.float16(-128), bits=8)


def _half(blocks: npt.NDArray[np.uint8], at: int) -> npt.NDArray[np.float16]:
    found: npt.NDArray[np.float16] = np.ascontiguousarray(blocks[..., at : at + 2]).view("<f2")
    return found[..., 0]


def _nibbles(bytes_: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.concatenate([bytes_ & 15, bytes_ >> 4], axis=-1)


def _readable(groups: Groups, values: Floats) -> Groups:
    """Round the groups again whose scale or offset the kernels cannot read."""
    wrong = ~(fits(groups.scales) & fits(groups.offsets))
    if not wrong.any():
        return groups
    again = fit(values.reshape(*wrong.shape, GROUP)[wrong], groups.bits)
    levels, scales, offsets = groups.levels.copy(), groups.scales.copy(), groups.offsets.copy()
    levels[wrong], scales[wrong] = again.levels[:, 0], again.scales[:, 0]
    offsets[wrong] = again.offsets[:, 0]
    return replace(groups, levels=levels, scales=scales, offsets=offsets)
