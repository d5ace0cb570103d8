# TVMScript is Python by its syntax only: types and control flow are TVM's.
# mypy: ignore-errors
# ruff: noqa: N812, PLR0917
"""A draw from the most probable tokens."""

from tvm.script import tirx as T

__all__ = ["sample_top_p"]


def sample_top_p(*, vocabulary: int):
    """Return the kernel that draws a token for each of n requests, one thread per request.

    It takes the sorted probabilities and their tokens `[b, V]`, numbers in [0, 1) `[n]`, the row
    of each request `[n]` and the mass to keep `[b]`, and gives tokens `[n]`. Kept are the most
    probable tokens until their mass reaches `top_p`, at least one and never an impossible one.
    """

    @T.prim_func(private=True, s_tir=True)
    def sample(
        var_probability: T.handle,
        var_token: T.handle,
        var_uniform: T.handle,
        var_row: T.handle,
        var_top_p: T.handle,
        var_out: T.handle,
    ):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        batch, n = T.int32(), T.int32()
        probability = T.match_buffer(var_probability, (batch, vocabulary), "float32")
        token = T.match_buffer(var_token, (batch, vocabulary), "int32")
        uniform = T.match_buffer(var_uniform, (n,), "float32")
        row = T.match_buffer(var_row, (n,), "int32")
        top_p = T.match_buffer(var_top_p, (batch,), "float32")
        out = T.match_buffer(var_out, (n,), "int32")
        for bx in T.thread_binding(n, "blockIdx.x"):
            for tx in T.thread_binding(1, "threadIdx.x"):  # noqa: B007
                with T.sblock("sample"):
                    T.reads()
                    T.writes()
                    mass = T.sblock_alloc_buffer((2,), "float32", scope="local")
                    count = T.sblock_alloc_buffer((2,), "int32", scope="local")
                    mass[0] = probability[row[bx], 0]
                    count[0] = 1
                    while (
                        count[0] < vocabulary
                        and mass[0] < top_p[row[bx]]
                        and probability[row[bx], T.min(count[0], vocabulary - 1)] > T.float32(0)
                    ):
                        mass[0] = mass[0] + probability[row[bx], count[0]]
                        count[0] = count[0] + 1
                    mass[1] = probability[row[bx], 0]
                    count[1] = 0
                    while count[1] < count[0] - 1 and mass[1] <= uniform[bx] * mass[0]:
                        count[1] = count[1] + 1
                        mass[1] = mass[1] + probability[row[bx], count[1]]
                    out[bx] = token[row[bx], count[1]]

    return sample
