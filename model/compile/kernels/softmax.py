# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812
"""Probabilities from logits and a temperature."""

from __future__ import annotations

from tvm.script import tirx as T

__all__ = ["softmax_with_temperature"]


def softmax_with_temperature(*, vocabulary: int, threads: int = 64):
    """Return the kernel (logits `[n, 1, V]`, temperature `[n]`) -> `[n, 1, V]`.

    One workgroup per row in a single launch, because launches cost most on a real GPU. A
    probability below e^-80 is exactly zero, so that a token that a grammar forbids is never
    sampled, and no exponential leaves the range that WGSL guarantees.
    """
    each = (vocabulary + threads - 1) // threads

    @T.macro
    def exponential(out, difference, temperature):
        out[0] = T.exp(T.max(difference / temperature, T.float32(-80))) * T.Cast(
            "float32", difference > T.float32(-80) * temperature
        )

    @T.prim_func(private=True, s_tir=True)
    def softmax(var_x: T.handle, var_t: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        n = T.int32()
        x = T.match_buffer(var_x, (n, 1, vocabulary), "float32")
        t = T.match_buffer(var_t, (n,), "float32")
        y = T.match_buffer(var_y, (n, 1, vocabulary), "float32")
        for bx in T.thread_binding(n, "blockIdx.x"):
            for tx in T.thread_binding(threads, "threadIdx.x"):
                with T.sblock("softmax"):
                    T.reads()
                    T.writes()
                    maxima = T.sblock_alloc_buffer((threads,), scope="shared")
                    sums = T.sblock_alloc_buffer((threads,), scope="shared")
                    peak = T.sblock_alloc_buffer((1,), scope="local")
                    total = T.sblock_alloc_buffer((1,), scope="local")
                    value = T.sblock_alloc_buffer((1,), scope="local")
                    heat = T.sblock_alloc_buffer((1,), scope="local")
                    heat[0] = T.max(t[bx], T.float32(1e-6))
                    peak[0] = T.float32(-3e38)
                    # Strided, so that adjacent threads read adjacent numbers.
                    for i in range(each):
                        if i * threads + tx < vocabulary:
                            peak[0] = T.max(peak[0], x[bx, 0, i * threads + tx])
                    maxima[tx] = peak[0]
                    T.tvm_storage_sync("shared")
                    for i in range(threads):
                        peak[0] = T.max(peak[0], maxima[i])
                    total[0] = T.float32(0)
                    for i in range(each):
                        if i * threads + tx < vocabulary:
                            exponential(value, x[bx, 0, i * threads + tx] - peak[0], heat[0])
                            total[0] = total[0] + value[0]
                    sums[tx] = total[0]
                    T.tvm_storage_sync("shared")
                    total[0] = T.float32(0)
                    for i in range(threads):
                        total[0] = total[0] + sums[i]
                    for i in range(each):
                        if i * threads + tx < vocabulary:
                            exponential(value, x[bx, 0, i * threads + tx] - peak[0], heat[0])
                            y[bx, 0, i * threads + tx] = value[0] / total[0]

    return softmax
