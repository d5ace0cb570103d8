"""The loss of a batch of packed rows, compiled in the fastest way that works here."""

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

Loss = Callable[[Tensor, Tensor], Tensor]  # of rows and of the share of quantisation


def loss_of(network: Llama, batch: Tensor) -> Loss:
    """Return the mean loss per learned token, as a function of rows like `batch` and of the share.

    On a GPU it is compiled. Where that fails, a warning says so: training is slower, not wrong.
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
    # Compilers fail in ways of their own.
    except Exception as error:  # noqa: BLE001
        log.warning("torch.compile failed, training without it: %s", error)
        compiled = plain
    network.zero_grad(set_to_none=True)
    return compiled


def plain_loss(network: Llama, batch: Tensor, share: Tensor) -> Tensor:
    """Return the loss of `batch` [rows, length], in the form of model.train.corpus."""
    packed = batch.int()
    ids = packed & TOKEN
    half = batch.device.type == "cuda" and torch.cuda.is_bf16_supported()
    with torch.autocast(batch.device.type, torch.bfloat16, enabled=half):
        logits = network(ids, mask=document_mask(packed & START != 0), share=share)
    # The token at each place is predicted from the place before.
    wanted = torch.where(packed & LEARNED != 0, ids, -100)[:, 1:].long()
    return functional.cross_entropy(
        logits[:, :-1].float().flatten(0, 1), wanted.flatten(), ignore_index=-100
    )


def learned(batch: Tensor) -> int:
    """Return how many tokens of `batch` the loss is a mean over."""
    return int((batch[:, 1:].int() & LEARNED != 0).sum())
