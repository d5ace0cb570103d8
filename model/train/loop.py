"""The training loop: batches from rows, AdamW, checkpoints, a log of the loss."""

from __future__ import annotations

import csv
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from model.tools import RecipeError
from model.train.corpus import LEARNED, START, TOKEN
from model.train.network import Llama, document_mask
from model.train.schedule import learning_rate, quantised_share

__all__ = ["Plan", "Trainer"]

log = logging.getLogger("pywebllm.model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to train: batch in rows, the end as a number of steps and as a moment in time.

    `deadline` is a `time.monotonic()` value; `save_every` and `log_every` are seconds and steps.
    """

    batch: int
    steps: int
    deadline: float
    peak: float = 3e-3
    save_every: float = 60.0
    log_every: int = 20


class Trainer:
    """Trains one network; `train` can be called again after a restart and goes on from `state`."""

    def __init__(
        self,
        network: Llama,
        rows: NDArray[np.int16],
        valid: NDArray[np.int16],
        *,
        plan: Plan,
        log_file: Path,
        state: Path,
    ) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._half = self._device.type == "cuda" and torch.cuda.is_bf16_supported()
        self._network = network.to(self._device)
        self._rows = torch.from_numpy(rows).to(self._device)
        self._valid = torch.from_numpy(valid).to(self._device)
        self._plan = plan
        self._log_file, self._state = log_file, state
        self._share = torch.zeros((), device=self._device)
        self._optimiser = self._adamw()
        self._step = 0
        self._before = 0.0  # progress made before a restart
        self._loss_of = self._compiled(self._loss)

    def train(self, save: Callable[[Llama], None]) -> None:
        """Train to the end of the plan; `save` gets the network now and then, and at the end.

        Raises RecipeError when the loss stops being a number.
        """
        self._resume()
        started = saved = time.monotonic()
        tokens = 0
        with self._log_file.open("a", newline="") as file:
            writer = csv.writer(file)
            if file.tell() == 0:
                writer.writerow(("step", "seconds", "tokens", "rate", "quantised", "loss", "valid"))
            for batch in self._batches():
                progress = self._progress(started)
                if progress >= 1:
                    break
                loss = self._update(batch, progress)
                self._step += 1
                tokens += batch.numel()
                if self._step % self._plan.log_every == 0:
                    self._report(writer, loss, started, tokens)
                    file.flush()
                if time.monotonic() - saved > self._plan.save_every:
                    self._keep(save, progress)
                    saved = time.monotonic()
        self._keep(save, 1.0)
        log.info("held-out loss through quantisation: %.4f", self.validate())

    @torch.no_grad()
    def validate(self) -> float:
        """Return the mean loss per learned token on held-out rows, through quantisation."""
        share = self._share.clone()
        self._share.fill_(1.0)
        losses = [self._loss(batch).item() for batch in self._valid.split(self._plan.batch)]
        self._share.copy_(share)
        return sum(losses) / len(losses)

    def _progress(self, started: float) -> float:
        now = time.monotonic()
        by_time = (now - started) / max(self._plan.deadline - started, 1e-9)
        by_time = self._before + (1 - self._before) * by_time
        return max(self._step / self._plan.steps, by_time)

    def _update(self, batch: Tensor, progress: float) -> Tensor:
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(progress, peak=self._plan.peak)
        self._share.fill_(quantised_share(progress))
        loss: Tensor = self._loss_of(batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        return loss.detach()

    def _loss(self, batch: Tensor) -> Tensor:
        packed = batch.int()
        ids = packed & TOKEN
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._half):
            mask = document_mask(packed & START != 0)
            logits = self._network(ids, mask=mask, share=self._share)
        # The token at each place is predicted from the place before.
        wanted = torch.where(packed & LEARNED != 0, ids, -100)[:, 1:].long()
        return functional.cross_entropy(
            logits[:, :-1].float().flatten(0, 1), wanted.flatten(), ignore_index=-100
        )

    def _batches(self) -> Iterator[Tensor]:
        generator = torch.Generator().manual_seed(0)
        size = min(self._plan.batch, len(self._rows))
        while True:
            order = torch.randperm(len(self._rows), generator=generator).to(self._device)
            for start in range(0, len(order) - size + 1, size):
                yield self._rows[order[start : start + size]]

    def _adamw(self) -> torch.optim.AdamW:
        matrices = [weight for weight in self._network.parameters() if weight.ndim == 2]
        vectors = [weight for weight in self._network.parameters() if weight.ndim < 2]
        return torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": 0.1},
                {"params": vectors, "weight_decay": 0.0},
            ],
            lr=self._plan.peak,
            betas=(0.9, 0.95),
            fused=self._device.type == "cuda",
        )

    def _compiled(self, loss: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        if self._device.type != "cuda":
            return loss
        compiled = torch.compile(loss)
        try:
            compiled(self._rows[: self._plan.batch]).backward()
        # Whatever the compiler stumbles over, training without it is slower, not wrong.
        except Exception as error:  # noqa: BLE001
            log.warning("torch.compile failed, training without it: %s", error)
            compiled = loss
        self._optimiser.zero_grad(set_to_none=True)
        return compiled

    # --- log and checkpoints ---

    def _report(self, writer: object, loss: Tensor, started: float, tokens: int) -> None:
        value = loss.item()
        if not np.isfinite(value):
            raise RecipeError(f"the loss is {value} at step {self._step}: lower the learning rate")
        seconds = time.monotonic() - started
        rate = self._optimiser.param_groups[0]["lr"]
        valid = self.validate() if self._step % (self._plan.log_every * 10) == 0 else None
        row = (self._step, f"{seconds:.1f}", tokens, f"{rate:.6f}", f"{self._share.item():.0f}")
        shown = "" if valid is None else f"{valid:.4f}"
        writer.writerow((*row, f"{value:.4f}", shown))  # type: ignore[attr-defined]
        log.info(
            "step %d, %.0f s, %.2f M tokens/s, loss %.4f%s",
            self._step,
            seconds,
            tokens / seconds / 1e6,
            value,
            f", valid {shown}" if shown else "",
        )

    def _keep(self, save: Callable[[Llama], None], progress: float) -> None:
        save(self._network)
        self._state.parent.mkdir(parents=True, exist_ok=True)
        partial = self._state.with_suffix(".part")
        torch.save(
            {
                "step": self._step,
                "progress": progress,
                "network": self._network.state_dict(),
                "optimiser": self._optimiser.state_dict(),
            },
            partial,
        )
        partial.replace(self._state)

    def _resume(self) -> None:
        if not self._state.is_file():
            return
        state = torch.load(self._state, map_location=self._device, weights_only=True)
        self._network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._step, self._before = state["step"], state["progress"]
        log.info("going on from step %d, %.0f %% done", self._step, 100 * self._before)
