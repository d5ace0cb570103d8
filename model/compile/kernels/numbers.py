# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
"""Activations in memory, which have 16 bits where the adapter has `shader-f16`.

All arithmetic has 32 bits: sums of many products need them, and the time of a step is that of
launches and memory.
"""

from __future__ import annotations

from tvm.script import tirx as T  # noqa: N812

__all__ = ["reader", "writer"]

_LARGEST = 65504.0


def reader(dtype: str):
    """Return the function that turns a number in memory into a float32."""
    return _same if dtype == "float32" else lambda x: T.Cast("float32", x)


def writer(dtype: str):
    """Return the function that turns a float32 into a number in memory.

    WGSL defines no conversion of numbers that are too large, so the largest replaces them.
    """
    if dtype == "float32":
        return _same
    most = T.float32(_LARGEST)
    return lambda x: T.Cast(dtype, T.max(T.min(x, most), -most))


def _same(x):
    return x
