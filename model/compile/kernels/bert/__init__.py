"""The kernels of BERT, which turns texts into vectors; none has a barrier.

A batch has `b` texts of at most `n` tokens. Two more positions have the tokens that BERT puts
around a text, so activations are `[b, n + 2, hidden]`; `lengths` has the number of used positions.
"""

from __future__ import annotations

from model.compile.kernels.bert.attention import attend_to_text
from model.compile.kernels.bert.dense import dense
from model.compile.kernels.bert.embedding import bert_embedding
from model.compile.kernels.bert.norm import layer_norm
from model.compile.kernels.bert.pooling import mean_of_text, unit_vector
from model.compile.kernels.bert.text import frame_text

__all__ = [
    "attend_to_text",
    "bert_embedding",
    "dense",
    "frame_text",
    "layer_norm",
    "mean_of_text",
    "unit_vector",
]
