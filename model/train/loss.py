"""The loss of a batch of packed rows, compiled in the fastest way that works here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from model.train.attention import Mask, block_mask, document_mask
from model.train.corpus import LEARNED, START, TOKEN
from model.train.network import Llama

__all__ = ["Loss", "learned", "loss_of", "plain_loss"]

log = logging.getLogger("pywebllm.model")

Loss = Callable[[Tensor, Tensor], Tensor]  # of rows and of the share of quantisation
_Masks = Callable[[Tensor], Mask]

_ALIKE: Final = 0.95


def loss_of(network: Llama, batch: Tensor) -> Loss:
    """Return the mean loss per learned token, as a function of rows like `batch` and of the share.

    On a GPU it is compiled; what does not work, or computes something else, is left out with a
    warning: training is slower then, not wrong.
    """
    plain = _with(network, document_mask)
    if batch.device.type != "cuda":
        return plain
    expected = _gradient(network, plain, batch)
    for name, masks in (("attention in blocks", block_mask), ("dense attention", document_mask)):
        compiled: Loss = torch.compile(_with(network, masks), dynamic=False)
        if _works(network, compiled, batch, expected, name):
            return compiled
    return plain


def plain_loss(
    network: Llama, batch: Tensor, share: Tensor, *, masks: _Masks = document_mask
) -> Tensor:
    """Return the loss of `batch` [rows, length], in the form of model.train.corpus."""
    packed = batch.int()
    ids = packed & TOKEN
    half = batch.device.type == "cuda" and torch.cuda.is_bf16_supported()
    with torch.autocast(batch.device.type, torch.bfloat16, enabled=half):
        logits = network(ids, mask=masks(packed & START != 0), share=share)
    # The token at each place is predicted from the place before.
    wanted = torch.where(packed & LEARNED != 0, ids, -100)[:, 1:].long()
    return functional.cross_entropy(
        logits[:, :-1].float().flatten(0, 1), wanted.flatten(), ignore_index=-100
    )


def learned(batch: Tensor) -> int:
    """Return how many tokens of `batch` the loss is a mean over."""
    return int((batch[:, 1:].int() & LEARNED != 0).sum())


def _with(network: Llama, masks: _Masks) -> Loss:
    def loss(batch: Tensor, share: Tensor) -> Tensor:
        return plain_loss(network, batch, share, masks=masks)

    return loss


def _works(network: Llama, loss: Loss, batch: Tensor, expected: Tensor, name: str) -> bool:
    try:
        found = _gradient(network, loss, batch)
        with torch.no_grad():
            loss(batch, torch.zeros((), device=batch.device))
    # Compilers fail in ways of their own.
    except Exception as error:  # noqa: BLE001
        log.warning("%s cannot be compiled: %s", name, error)
        return False
    alike = functional.cosine_similarity(found, expected, dim=0).item()
    if alike >= _ALIKE:
        log.info("compiled with %s (gradients alike to %.4f)", name, alike)
        return True
    log.warning("%s computes other gradients (alike to %.3f)", name, alike)
    return False


def _gradient(network: Llama, loss: Loss, batch: Tensor) -> Tensor:
    # Gradients of the values show at once whether the right tokens are looked at.
    loss(batch, torch.zeros((), device=batch.device)).backward()
    found = torch.cat(
        [
            weight.grad.float().flatten()
            for name, weight in network.named_parameters()
            if "v_proj" in name and weight.grad is not None
        ]
    )
    network.zero_grad(set_to_none=True)
    return found
