"""The loss of a batch of packed rows, compiled where possible."""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from model.train.attention import document_mask
from model.train.corpus import LEARNED, START, TOKEN
from model.train.network import Llama

__all__ = ["Loss", "learned", "loss_of", "plain_loss"]

log = logging.getLogger("pywebllm.model")

Loss = Callable[[Tensor, Tensor], Tensor]  # of rows and the share of quantization


def loss_of(network: Llama, batch: Tensor) -> Loss:
    """Return the mean loss per learned token as a function of rows like `batch` and the share.

    On a GPU the function is compiled. If this fails, a warning is logged, and training is slower.
    """

    def plain(rows: Tensor, share: Tensor) -> Tensor:
        return plain_loss(network, rows, share)

    if batch.device.type != "cuda":
        return plain
    compiled: Loss = torch.compile(plain, dynamic=False)
    try:
        zero = torch.zeros((), device=batch.device)
        compiled(batch, zero).backward()
        with torch.no_grad():
            compiled(batch, zero)
    # The compiler has no common base class of errors.
    except Exception as error:  # noqa: BLE001
        log.warning("torch.compile failed, training without compilation: %s", error)
        compiled = plain
    network.zero_grad(set_to_none=True)
    return compiled


def plain_loss(network: Llama, batch: Tensor, share: Tensor) -> Tensor:
    """Return the loss of `batch` [rows, length], in the format of model.train.corpus."""
    packed = batch.int()
    ids = packed & TOKEN
    half = batch.device.type == "cuda" and torch.cuda.is_bf16_supported()
    with torch.autocast(batch.device.type, torch.bfloat16, enabled=half):
        logits = network(ids, mask=document_mask(packed & START != 0), share=share)
    # The token at each position is predicted from the previous position.
    targets = torch.where(packed & LEARNED != 0, ids, -100)[:, 1:].long()
    return functional.cross_entropy(
        logits[:, :-1].float().flatten(0, 1), targets.flatten(), ignore_index=-100
    )


def learned(batch: Tensor) -> int:
    """Return the number of tokens of `batch` over which the loss is averaged."""
    return int((batch[:, 1:].int() & LEARNED != 0).sum())
