"""Run a GPU kernel on the CPU, one thread after another, in both orders.

A kernel without barriers must give the same result in every order of its threads: a difference
between the orders is a race. Kernels with barriers need `kernels_in_browser`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tvm

__all__ = ["run_in_both_orders"]

# TVM 0.27 cannot rewrite statements from Python, but it can print and parse them.
_LOOP = re.compile(r'^( *)for (\w+) in T\.thread_binding\((.+), thread="[\w.]+"\):$', re.MULTILINE)
_FORWARDS = r"\1for \2 in T.serial(\3):"
_BACKWARDS = r"\1for \2_back in T.serial(\3):" "\n" r"\1    \2: T.let[T.int32] = (\3) - 1 - \2_back"


def run_in_both_orders(
    kernel: Any,
    inputs: Sequence[npt.NDArray[Any]],
    outputs: Sequence[npt.NDArray[Any]],
    scalars: Sequence[float] = (),
) -> list[npt.NDArray[Any]]:
    """Return copies of `outputs` after the kernel; fail if they depend on the order of threads.

    The kernel is called with inputs, outputs and scalars in this order. All are copied; buffers
    that are changed in place must be passed as `outputs`.
    """
    forwards = _run(kernel, [*inputs], [*outputs], scalars, backwards=False)
    backwards = _run(kernel, [*inputs], [*outputs], scalars, backwards=True)
    for one, other in zip(forwards, backwards, strict=True):
        np.testing.assert_array_equal(
            one, other, err_msg="the result depends on the order of the threads"
        )
    return forwards


def _run(
    kernel: Any,
    inputs: list[npt.NDArray[Any]],
    outputs: list[npt.NDArray[Any]],
    scalars: Sequence[float],
    *,
    backwards: bool,
) -> list[npt.NDArray[Any]]:
    script = _LOOP.sub(_BACKWARDS if backwards else _FORWARDS, kernel.script())
    function = tvm.script.from_source(script).with_attr("global_symbol", "kernel")
    module = tvm.compile(tvm.IRModule({"kernel": function}), target="llvm")
    arguments = [tvm.runtime.tensor(np.ascontiguousarray(value)) for value in inputs]
    results = [tvm.runtime.tensor(value.copy()) for value in outputs]
    module["kernel"](*arguments, *results, *scalars)
    return [result.numpy() for result in results]
