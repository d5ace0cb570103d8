"""A thin layer over relax.BlockBuilder: functions in one call, and each kernel added once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tvm import relax

from model.compile.kernels.sets import FOR_ANY_ADAPTER, KernelSet

__all__ = ["Expr", "Graph", "tensor"]

Expr = Any  # The classes of relax have no type annotations.


def tensor(shape: Sequence[Any], dtype: str = "float32") -> Expr:
    """Return the type of a tensor; a dimension is a number or a variable."""
    return relax.TensorType(tuple(shape), dtype)


class Graph:
    """The module under construction.

    `bounds` has the upper bound of each variable dimension by its name; relax uses it to plan
    memory. `kernels` are those that exist in two forms.
    """

    def __init__(self, bounds: dict[str, int], kernels: KernelSet = FOR_ANY_ADAPTER) -> None:
        self.builder = relax.BlockBuilder()
        self.kernels = kernels
        self._bounds = bounds
        self._kernels: dict[str, Expr] = {}

    def define(self, name: str, arguments: list[Expr], body: Callable[[], Expr]) -> None:
        """Add the function `name`, which returns the value of `body`."""
        attributes = {"tir_var_upper_bound": self._bounds}
        with self.builder.function(name, arguments, attrs=attributes):
            with self.builder.dataflow():
                result = self.builder.emit_output(body())
            self.builder.emit_func_output(result)

    def kernel(self, name: str, make: Callable[[], Expr]) -> Expr:
        """Return the kernel `name`, created on first use."""
        if name not in self._kernels:
            self._kernels[name] = self.builder.add_func(make(), name)
        return self._kernels[name]

    def call(self, kernel: Expr, arguments: list[Expr], out: Expr) -> Expr:
        """Launch a kernel that writes a tensor of the type `out`."""
        return self.builder.emit(relax.call_tir(kernel, arguments, out))

    def reshape(self, value: Expr, *shape: Any) -> Expr:
        """View a tensor in another shape; no data moves."""
        return self.builder.emit(relax.op.reshape(value, relax.ShapeExpr(list(shape))))

    def item(self, value: Expr, index: int) -> Expr:
        """Take one field of a tuple."""
        return self.builder.emit(relax.TupleGetItem(value, index))
