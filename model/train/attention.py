"""Causal attention within packed documents: a token attends to its own document only."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["Mask", "attend", "document_mask"]

Mask: TypeAlias = Tensor | None


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Mask) -> Tensor:
    """Return the attention output, [batch, heads, length, size]; causal if there is no mask."""
    return functional.scaled_dot_product_attention(
        q, k, v, attn_mask=None if mask is None else mask.to(q.dtype), is_causal=mask is None
    )


def document_mask(starts: Tensor) -> Tensor:
    """Return the additive attention mask of packed documents, [batch, 1, length, length].

    `starts` [batch, length] is true at the first token of each document.
    """
    document = starts.long().cumsum(1)
    same = document[:, :, None] == document[:, None, :]
    visible = same & torch.ones_like(same[0]).tril()
    return torch.zeros_like(visible, dtype=torch.float32).masked_fill(~visible, float("-inf"))[
        :, None
    ]
