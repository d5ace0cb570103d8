"""Text generation for many prompts at once, by plain sampling without a cache.

Intended for inspecting results; the compiled model has a cache, which is faster for one prompt.
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
    """How to sample; `limit` is in tokens, temperature 0 always selects the most likely token.

    The temperature is the default of the library; `top_p` becomes the default of the model. The
    many good continuations are about equally likely, so 0.8 keeps enough of them and removes those
    that are rare because they are wrong.
    """

    temperature: float = 0.7
    top_p: float = 0.8
    limit: int = 200
    seed: int = 0


@torch.no_grad()
def generate(
    network: Llama, tokenizer: Tokenizer, prompts: Sequence[str], *, sampling: Sampling
) -> list[tuple[str, bool]]:
    """Return for each prompt the generated text, and whether the network ended it.

    Weights are used in their 4-bit form, as in the browser.
    """
    device = next(network.parameters()).device
    encoded = [tokenizer.encode(prompt).ids for prompt in prompts]
    longest = max(map(len, encoded))
    ids = torch.full((len(prompts), longest + sampling.limit), _PAD, device=device)
    for row, tokens in enumerate(encoded):
        ids[row, : len(tokens)] = torch.tensor(tokens, device=device)
    first = torch.tensor([len(tokens) for tokens in encoded], device=device)
    last = _generate(network, ids, first.clone(), sampling)
    texts = []
    for row, (start, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        tokens = ids[row, start:end].tolist()
        ended = bool(tokens) and tokens[-1] == _END
        texts.append((tokenizer.decode(tokens), ended))
    return texts


def _generate(network: Llama, ids: Tensor, ends: Tensor, sampling: Sampling) -> Tensor:
    # Padding is on the right, where causal attention does not see it.
    share = torch.ones((), device=ids.device)
    generator = torch.Generator(ids.device).manual_seed(sampling.seed)
    rows = torch.arange(len(ids), device=ids.device)
    running = torch.ones(len(ids), dtype=torch.bool, device=ids.device)
    for _ in range(sampling.limit):
        logits = network(ids[:, : int(ends.max())], share=share)[rows, ends - 1].float()
        sampled = _sampled(logits, sampling, generator)
        ids[rows[running], ends[running]] = sampled[running]
        ends = ends + running
        running = running & (sampled != _END)
        if not running.any():
            break
    return ends


def _sampled(logits: Tensor, sampling: Sampling, generator: torch.Generator) -> Tensor:
    if sampling.temperature == 0:
        return logits.argmax(-1)
    probabilities = torch.softmax(logits / sampling.temperature, -1)
    probabilities, order = probabilities.sort(-1, descending=True)
    before = probabilities.cumsum(-1) - probabilities
    kept = probabilities.masked_fill(before > sampling.top_p, 0.0)
    place = torch.multinomial(kept, 1, generator=generator)
    return order.gather(-1, place)[:, 0]
