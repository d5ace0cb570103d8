"""Answer the cases in PyTorch: in seconds on a GPU, where a browser without one takes hours.

The weights that `model.train` saves are those that the compiled model computes with. Prompts and
sampling are those of the engine, except that no grammar restricts a typed answer.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import LlamaForCausalLM

from model.data.chatml import SPECIAL_TOKENS, Message, prompt
from model.data.language.lexicon import templates
from model.evaluate.case import Answer, Ask, Case
from model.tools import RecipeError

__all__ = ["answer_cases"]

log = logging.getLogger("pywebllm.model")

_END: Final = SPECIAL_TOKENS.index("<|im_end|>")
_AT_ONCE: Final = 1024


@dataclass(slots=True)
class _Talk:
    """A case, and the conversation so far."""

    case: Case
    messages: list[Message]
    answers: list[Answer] = field(default_factory=list)


def answer_cases(folder: Path, cases: Sequence[Case], *, out: Path, seed: int = 0) -> Path:
    """Write the answers of the trained network in `folder` to `out`, as `replay` does.

    Raises:
        RecipeError: The folder has no trained network.
    """
    for file in ("config.json", "generation_config.json", "tokenizer.json"):
        if not (folder / file).is_file():
            raise RecipeError(
                f"MODEL_DIR must be a folder that `python -m model train` wrote, but {folder} has "
                f"no {file}."
            )
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(seed)
    network = _Network(folder, device)
    system = Message("system", templates("requests", "system")[0].text)
    talks = [_Talk(case, []) for case in cases]
    started = time.monotonic()
    for turn in range(max(len(case.asks) for case in cases)):
        asked = [talk for talk in talks if turn < len(talk.case.asks)]
        # Prompts of similar lengths go together, because all of a batch are padded to the longest.
        asked.sort(key=lambda talk: sum(len(message.content) for message in talk.messages))
        for start in range(0, len(asked), _AT_ONCE):
            _ask(network, asked[start : start + _AT_ONCE], turn, system)
        log.info("turn %d: %d answers, %.0f s", turn + 1, len(asked), time.monotonic() - started)
    part = {
        "adapter": f"PyTorch on {device.type}",
        "seconds": time.monotonic() - started,
        "transcripts": [
            {"id": talk.case.id, "answers": [asdict(answer) for answer in talk.answers]}
            for talk in talks
        ],
    }
    out.write_text(json.dumps(part, ensure_ascii=False) + "\n", "utf-8")
    return out


def _ask(network: _Network, talks: Sequence[_Talk], turn: int, system: Message) -> None:
    for talk in talks:
        new = [Message(one["role"], one["content"]) for one in talk.case.asks[turn].messages]
        if not talk.messages and new[0].role != "system":
            new.insert(0, system)
        talk.messages += new
    asks = [talk.case.asks[turn] for talk in talks]
    prompts = [prompt(talk.messages) for talk in talks]
    for talk, answer in zip(talks, network.answers(prompts, asks), strict=True):
        talk.messages.append(Message("assistant", answer.text))
        talk.answers.append(answer)


class _Network:
    """The network, its tokenizer and its default sampling."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        network = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self._network = network.requires_grad_(requires_grad=False).to(device)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._defaults = json.loads((folder / "generation_config.json").read_text("utf-8"))
        self._device = device

    def answers(self, prompts: Sequence[str], asks: Sequence[Ask]) -> Iterator[Answer]:
        """Yield the answer to each prompt."""
        encoded = [self._tokenizer.encode(one).ids for one in prompts]
        context = self._network.config.max_position_embeddings - max(map(len, encoded))
        limits = [min(ask.request.get("max_tokens", context), context) for ask in asks]
        heat = [ask.request.get("temperature", self._defaults["temperature"]) for ask in asks]
        rows = self._sampled(encoded, torch.tensor(heat, device=self._device), max(limits))
        for tokens, ids, limit in zip(rows, encoded, limits, strict=True):
            length = tokens.index(_END) if _END in tokens else len(tokens)
            yield Answer(
                text=self._tokenizer.decode(tokens[: min(length, limit)]),
                finish="stop" if length < min(len(tokens), limit) else "length",
                tokens=min(length, limit),
                prompt_tokens=len(ids),
            )

    def _sampled(self, encoded: Sequence[list[int]], heat: Tensor, most: int) -> list[list[int]]:
        """Return at most `most` tokens for each prompt; what follows the end has no meaning."""
        longest = max(map(len, encoded))
        # Padding is on the left, so that all prompts end at the same position.
        padded = [[0] * (longest - len(ids)) + ids for ids in encoded]
        shown = [[0] * (longest - len(ids)) + [1] * len(ids) for ids in encoded]
        ids = torch.tensor(padded, device=self._device)
        mask = torch.tensor(shown, device=self._device)
        positions = (mask.cumsum(-1) - 1).clamp_min(0)
        ended = torch.zeros(len(encoded), dtype=torch.bool, device=self._device)
        cache, steps = None, []
        for _ in range(most):
            made = self._network(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            cache = made.past_key_values
            token = self._drawn(made.logits[:, -1].float(), heat)
            steps.append(token)
            ended |= token == _END
            if ended.all():
                break
            ids = token[:, None]
            mask = torch.cat([mask, torch.ones_like(ids)], dim=1)
            positions = positions[:, -1:] + 1
        rows: list[list[int]] = torch.stack(steps, dim=1).tolist()
        return rows

    def _drawn(self, logits: Tensor, heat: Tensor) -> Tensor:
        shares = torch.softmax(logits / heat.clamp_min(0.01)[:, None], -1)
        shares, order = shares.sort(-1, descending=True)
        before = shares.cumsum(-1) - shares
        kept = shares.masked_fill(before > self._defaults["top_p"], 0.0)
        return order.gather(-1, torch.multinomial(kept, 1))[:, 0]
