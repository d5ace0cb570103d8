"""Lets the network write: many prompts at once, by plain sampling without a cache.

Made for looking at results. A cache would be faster for one prompt and is the page's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from model.data.chatml import SPECIAL_TOKENS
from model.train.network import Llama

__all__ = ["Sampling", "generate"]

_PAD, _END = SPECIAL_TOKENS.index("<|endoftext|>"), SPECIAL_TOKENS.index("<|im_end|>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How to choose tokens; `limit` is in tokens, temperature 0 always takes the likeliest.

    Temperature is the one the library asks for; `top_p` becomes the model's own default. The many
    good ways to go on are about equally likely, so 0.8 leaves enough of them, and takes away what
    is rare because it is wrong.
    """

    temperature: float = 0.7
    top_p: float = 0.8
    limit: int = 200
    seed: int = 0


@torch.no_grad()
def generate(
    network: Llama, tokenizer: Tokenizer, prompts: Sequence[str], *, sampling: Sampling
) -> list[tuple[str, bool]]:
    """Return for each prompt the text written and whether the network ended it itself.

    Weights are used in their 4-bit form, as in the browser.
    """
    device = next(network.parameters()).device
    encoded = [tokenizer.encode(prompt).ids for prompt in prompts]
    longest = max(map(len, encoded))
    ids = torch.full((len(prompts), longest + sampling.limit), _PAD, device=device)
    for row, tokens in enumerate(encoded):
        ids[row, : len(tokens)] = torch.tensor(tokens, device=device)
    first = torch.tensor([len(tokens) for tokens in encoded], device=device)
    last = _write(network, ids, first.clone(), sampling)
    texts = []
    for row, (start, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        written = ids[row, start:end].tolist()
        ended = bool(written) and written[-1] == _END
        texts.append((tokenizer.decode(written), ended))
    return texts


def _write(network: Llama, ids: Tensor, ends: Tensor, sampling: Sampling) -> Tensor:
    # Padding stands to the right, where causal attention never looks.
    share = torch.ones((), device=ids.device)
    generator = torch.Generator(ids.device).manual_seed(sampling.seed)
    rows = torch.arange(len(ids), device=ids.device)
    writing = torch.ones(len(ids), dtype=torch.bool, device=ids.device)
    for _ in range(sampling.limit):
        logits = network(ids[:, : int(ends.max())], share=share)[rows, ends - 1].float()
        chosen = _chosen(logits, sampling, generator)
        ids[rows[writing], ends[writing]] = chosen[writing]
        ends = ends + writing
        writing = writing & (chosen != _END)
        if not writing.any():
            break
    return ends


def _chosen(logits: Tensor, sampling: Sampling, generator: torch.Generator) -> Tensor:
    if sampling.temperature == 0:
        return logits.argmax(-1)
    probabilities = torch.softmax(logits / sampling.temperature, -1)
    probabilities, order = probabilities.sort(-1, descending=True)
    before = probabilities.cumsum(-1) - probabilities
    kept = probabilities.masked_fill(before > sampling.top_p, 0.0)
    place = torch.multinomial(kept, 1, generator=generator)
    return order.gather(-1, place)[:, 0]
