"""Attention within documents: a token sees those of its own document up to itself.

Two forms of the same mask. The dense one works everywhere. The one in blocks skips what no token
of a block sees, which is most of a packed row; it is fast only where it is compiled for a GPU.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.attention.flex_attention import BlockMask, flex_attention

__all__ = ["Mask", "attend", "block_mask", "document_mask"]

Mask = Tensor | BlockMask | None

_BLOCK = 128


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Mask) -> Tensor:
    """Return the mixed values, [batch, heads, length, size]; without a mask, plainly causal."""
    if isinstance(mask, BlockMask):
        mixed = flex_attention(q, k, v, block_mask=mask)
        assert isinstance(mixed, Tensor)
        return mixed
    return functional.scaled_dot_product_attention(
        q, k, v, attn_mask=None if mask is None else mask.to(q.dtype), is_causal=mask is None
    )


def document_mask(starts: Tensor) -> Tensor:
    """Return what is added to the scores of packed documents, [batch, 1, length, length].

    `starts` [batch, length] is true at the first token of each document.
    """
    document = starts.long().cumsum(1)
    same = document[:, :, None] == document[:, None, :]
    seen = same & torch.ones_like(same[0]).tril()
    return torch.zeros_like(seen, dtype=torch.float32).masked_fill(~seen, float("-inf"))[:, None]


def block_mask(starts: Tensor) -> BlockMask:
    """Return the same mask in blocks; the length is a multiple of 128."""
    document = starts.long().cumsum(1)

    def seen(batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return (query >= key) & (document[batch, query] == document[batch, key])

    blocks = document.unflatten(1, (-1, _BLOCK))
    # The number of the document only grows along a row, so a block is needed by those up to
    # whose first token its last document reaches.
    reaches = blocks[:, None, :, -1] >= blocks[:, :, None, 0]
    needed = reaches & torch.ones_like(reaches[0]).tril()
    order = needed.int().argsort(dim=-1, descending=True, stable=True)
    return BlockMask.from_kv_blocks(
        needed.sum(-1, dtype=torch.int32)[:, None].contiguous(),
        order.int()[:, None].contiguous(),
        BLOCK_SIZE=_BLOCK,
        mask_mod=seen,
    )
