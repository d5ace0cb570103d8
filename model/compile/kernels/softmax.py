# TVMScript is Python by its syntax only: types and control flow are TVM's.
# mypy: ignore-errors
# ruff: noqa: C901, N812, PLR0912
"""Probabilities from logits and a temperature."""

from tvm.script import tirx as T

__all__ = ["PARTIAL", "softmax_with_temperature"]

PARTIAL = 64
_OUTPUTS = 8
_THREADS = 64


def softmax_with_temperature(*, vocabulary: int):
    """Return the kernels (logits `[n, 1, V]`, temperature `[n]`) -> (`[n, 1, V]`, workspace).

    Two launches: the maximum and the sum of each 64 logits, then the probabilities. The workspace
    is `[n, 2, ceil(V / 64)]`. A probability below e^-80 is exactly zero, so that what a grammar
    forbids can never be drawn, and no exponential leaves the range that WGSL promises.
    """
    partials = (vocabulary + PARTIAL - 1) // PARTIAL
    writers = (vocabulary + _OUTPUTS - 1) // _OUTPUTS

    @T.macro
    def exponential(out, at, difference, temperature):
        out[at] = T.Select(
            difference > T.float32(-80) * temperature,
            T.exp(T.max(difference / temperature, T.float32(-80))),
            T.float32(0),
        )

    @T.prim_func(private=True, s_tir=True)
    def softmax(var_x: T.handle, var_t: T.handle, var_y: T.handle, var_work: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        n = T.int32()
        x = T.match_buffer(var_x, (n, 1, vocabulary), "float32")
        t = T.match_buffer(var_t, (n,), "float32")
        y = T.match_buffer(var_y, (n, 1, vocabulary), "float32")
        work = T.match_buffer(var_work, (n, 2, partials), "float32")
        for by in T.thread_binding(n, "blockIdx.y"):
            for bx in T.thread_binding((partials + _THREADS - 1) // _THREADS, "blockIdx.x"):
                for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                    with T.sblock("partial"):
                        T.reads()
                        T.writes()
                        state = T.sblock_alloc_buffer((4,), "float32", scope="local")
                        part: T.let[T.int32] = bx * _THREADS + tx
                        if part < partials:
                            state[0] = T.float32(-3e38)
                            state[1] = T.float32(0)
                            state[3] = T.max(t[by], T.float32(1e-6))
                            for j in range(PARTIAL):
                                if part * PARTIAL + j < vocabulary:
                                    state[0] = T.max(state[0], x[by, 0, part * PARTIAL + j])
                            for j in range(PARTIAL):
                                if part * PARTIAL + j < vocabulary:
                                    exponential(
                                        state, 2, x[by, 0, part * PARTIAL + j] - state[0], state[3]
                                    )
                                    state[1] = state[1] + state[2]
                            work[by, 0, part] = state[0]
                            work[by, 1, part] = state[1]
        for by in T.thread_binding(n, "blockIdx.y"):
            for bx in T.thread_binding((writers + _THREADS - 1) // _THREADS, "blockIdx.x"):
                for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                    with T.sblock("write"):
                        T.reads()
                        T.writes()
                        state = T.sblock_alloc_buffer((4,), "float32", scope="local")
                        writer: T.let[T.int32] = bx * _THREADS + tx
                        if writer < writers:
                            state[0] = T.float32(-3e38)
                            state[1] = T.float32(0)
                            state[3] = T.max(t[by], T.float32(1e-6))
                            for j in range(partials):
                                state[0] = T.max(state[0], work[by, 0, j])
                            for j in range(partials):
                                exponential(state, 2, work[by, 0, j] - state[0], state[3])
                                state[1] = state[1] + work[by, 1, j] * state[2]
                            # Strided, so that neighbouring threads write neighbouring numbers.
                            for i in range(_OUTPUTS):
                                if i * writers + writer < vocabulary:
                                    exponential(
                                        state,
                                        2,
                                        x[by, 0, i * writers + writer] - state[0],
                                        state[3],
                                    )
                                    y[by, 0, i * writers + writer] = state[2] / state[1]

    return softmax
