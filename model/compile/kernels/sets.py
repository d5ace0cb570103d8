"""The sets of kernels that a library can have: for any adapter, or for real GPUs.

Those for GPUs exist twice: with activations in float32, or in float16 for adapters that have
`shader-f16`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from model.compile.kernels.attention import decode_attention, paged_attention, ragged_attention
from model.compile.kernels.gpu.decode_attention import attend_to_pages
from model.compile.kernels.gpu.prefill_attention import attend_in_tiles
from model.compile.kernels.gpu.residual import add_normed_rows
from model.compile.kernels.gpu.rotary import rotate_pairs
from model.compile.kernels.gpu.row_product import row_product
from model.compile.kernels.gpu.tiled_product import tiled_product
from model.compile.kernels.matmul import Projection, projection
from model.compile.kernels.residual import add_normed
from model.compile.kernels.rotary import rotary_positions
from model.compile.kernels.sample import sample_top_p
from model.compile.kernels.softmax import softmax_with_temperature

__all__ = ["FOR_ANY_ADAPTER", "FOR_GPUS", "FOR_GPUS_IN_F16", "KernelSet"]

Make = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelSet:
    """The kernels that exist in two forms; each makes a PrimFunc, both with the same arguments."""

    name: str
    dtype: str
    """The type of activations and of the cache."""
    add_normed: Make
    projection: Make
    decode_attention: Make
    paged_attention: Make
    ragged_attention: Make
    rotary_positions: Make
    sample_top_p: Make
    softmax_with_temperature: Make


def _gpu_projection(kind: Projection, *, single_row: bool, **sizes: Any) -> Any:
    if single_row or kind is Projection.NORMED_LAST:
        return row_product(kind, **sizes)
    del sizes["kept"]
    return tiled_product(kind, **sizes)


FOR_ANY_ADAPTER = KernelSet(
    name="any",
    dtype="float32",
    add_normed=add_normed,
    projection=projection,
    decode_attention=decode_attention,
    paged_attention=paged_attention,
    ragged_attention=ragged_attention,
    rotary_positions=rotary_positions,
    sample_top_p=sample_top_p,
    softmax_with_temperature=softmax_with_temperature,
)

_MANY_THREADS = 256


def _for_gpus(name: str, dtype: str) -> KernelSet:
    return KernelSet(
        name=name,
        dtype=dtype,
        add_normed=add_normed_rows,
        projection=partial(_gpu_projection, dtype=dtype),
        decode_attention=partial(decode_attention, attend_in_decode=attend_to_pages, dtype=dtype),
        paged_attention=partial(paged_attention, attend_in_prefill=attend_in_tiles, dtype=dtype),
        ragged_attention=partial(ragged_attention, attend_in_prefill=attend_in_tiles, dtype=dtype),
        rotary_positions=partial(rotate_pairs, dtype=dtype),
        sample_top_p=partial(sample_top_p, threads=_MANY_THREADS),
        softmax_with_temperature=partial(softmax_with_temperature, threads=_MANY_THREADS),
    )


FOR_GPUS = _for_gpus("gpu", "float32")
FOR_GPUS_IN_F16 = _for_gpus("gpu in float16", "float16")
