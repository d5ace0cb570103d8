"""The GPU kernels of the model, each a TVM PrimFunc with its threads already bound.

Every kernel must be correct on adapters whose lanes do not run in lockstep (SwiftShader runs four
at a time), so:

- a value that another thread wrote in the same launch is read only after a barrier, in uniform
  control flow; only softmax, sampling and decode attention have barriers, and the tests run them
  on SwiftShader;
- in all others, each thread writes its own outputs and reads only inputs, so that the result does
  not depend on the order of the threads; the tests run them in ascending and descending order;
- a `local` buffer belongs to the block of one launch. In the root block, shared by two launches,
  TVM would make it one global buffer that all threads write.

Loads cost more than arithmetic on SwiftShader, and launches cost most on a real GPU (about 40 µs
each through WebLLM), hence several output columns per thread and fused kernels.
"""

from __future__ import annotations

from model.compile.kernels.attend import PAGE
from model.compile.kernels.attention import decode_attention, paged_attention, ragged_attention
from model.compile.kernels.embedding import gather_embedding
from model.compile.kernels.heads import adjust_heads, turn_heads
from model.compile.kernels.logits import apply_bias, apply_bitmask, apply_penalty
from model.compile.kernels.matmul import Projection, projection
from model.compile.kernels.merge import merge_attention
from model.compile.kernels.residual import add_normed
from model.compile.kernels.rotary import rotary_positions
from model.compile.kernels.sample import sample_top_p
from model.compile.kernels.softmax import softmax_with_temperature
from model.compile.quantize import GROUP

__all__ = [
    "GROUP",
    "PAGE",
    "Projection",
    "add_normed",
    "adjust_heads",
    "apply_bias",
    "apply_bitmask",
    "apply_penalty",
    "decode_attention",
    "gather_embedding",
    "merge_attention",
    "paged_attention",
    "projection",
    "ragged_attention",
    "rotary_positions",
    "sample_top_p",
    "softmax_with_temperature",
    "turn_heads",
]
