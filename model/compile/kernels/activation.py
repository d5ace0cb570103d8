# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
"""The activations of gated networks, as expressions of one number.

Both divide by 1 + exp(-z). The bound keeps exp finite: WGSL does not define infinities. The tanh of
GELU is written with exp, because some implementations of WGSL return NaN for a large argument.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from tvm.script import tirx as T  # noqa: N812

__all__ = ["ACTIVATIONS"]

_SCALE: Final = 2 * math.sqrt(2 / math.pi)
_CUBIC: Final = 0.044715


def _silu(x):
    return x / (T.float32(1) + T.exp(T.min(-x, T.float32(80))))


def _gelu(x):
    """Return x (1 + tanh(s (x + 0.044715 x^3))) / 2 with s = sqrt(2 / pi)."""
    z = T.float32(_SCALE) * (x + T.float32(_CUBIC) * x * x * x)
    return x / (T.float32(1) + T.exp(T.min(-z, T.float32(80))))


ACTIVATIONS: Final[dict[str, Callable[[Any], Any]]] = {"silu": _silu, "gelu": _gelu}
"""By name; `gelu` is the approximation by tanh."""
