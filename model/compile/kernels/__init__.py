"""The GPU programs of the model, each a TVM PrimFunc with its threads already laid out.

One noun per module. Every kernel must be right on adapters whose lanes do not run in lockstep
(SwiftShader runs four at a time), so:

- a value that another thread wrote in the same launch is read only after a barrier, in uniform
  control flow; only softmax, the draw of a token and attention in decode have barriers, and the
  tests run them on SwiftShader;
- all others give each thread its own outputs and read only inputs, so that any order of the
  threads gives the same result, which the tests use: they run the threads forwards and backwards;
- a `local` buffer belongs to the block of one launch. In the root block, shared by two launches,
  TVM makes it one global buffer that all threads write.

Loads cost more than arithmetic on SwiftShader and launches cost most on a real GPU (some 40 µs
each through WebLLM), hence several output columns per thread and fused kernels.
"""

from model.compile.quantize import GROUP

from .attend import PAGE
from .attention import decode_attention, paged_attention, ragged_attention
from .embedding import gather_embedding
from .logits import apply_bias, apply_bitmask, apply_penalty
from .matmul import Projection, projection
from .merge import merge_attention
from .rotary import rotary_positions
from .sample import sample_top_p
from .softmax import softmax_with_temperature

__all__ = [
    "GROUP",
    "PAGE",
    "Projection",
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
]
