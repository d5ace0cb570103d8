"""The training loop: batches from rows, AdamW, checkpoints, and a log of the loss."""

from __future__ import annotations

import csv
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.tools import RecipeError
from model.train import state as state_file
from model.train.distributed import SINGLE_WORKER, Worker
from model.train.loss import learned, loss_of
from model.train.network import Llama
from model.train.schedule import PEAK, QUANTIZED_FROM, learning_rate, quantized_share

__all__ = ["COLUMNS", "Plan", "Trainer"]

log = logging.getLogger("pywebllm.model")

# Of loss.csv. The held-out loss is measured with the weights as they are and in their 4-bit form.
# "quantised" is spelled as in existing logs, to which a resumed run appends.
COLUMNS = ("step", "seconds", "tokens", "rate", "quantised", "loss", "valid", "valid_4bit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to train: the batch in rows, and the end as a number of steps and as a point in time.

    Every worker processes a separate batch. `deadline` is a `time.monotonic()` value; `save_every`
    is in seconds, `log_every` in steps.
    """

    batch: int
    steps: int
    deadline: float
    peak: float = PEAK
    quantized_from: float = QUANTIZED_FROM
    save_every: float = 60.0
    log_every: int = 20


class Trainer:
    """Trains one network; after a restart, `train` resumes from the file `state`.

    `plan` may be replaced between two calls of `train`.
    """

    def __init__(
        self,
        network: Llama,
        rows: NDArray[np.int16],
        valid: NDArray[np.int16],
        *,
        plan: Plan,
        log_file: Path,
        state: Path | None = None,
        worker: Worker = SINGLE_WORKER,
    ) -> None:
        self.plan = plan
        self.tokens = 0  # processed by all workers in total
        self._worker = worker
        self._network = network.to(worker.device)
        self._rows = torch.from_numpy(rows).to(worker.device)
        self._valid = torch.from_numpy(valid).to(worker.device)
        self._log_file, self._state = log_file, state
        self._optimizer = self._adamw()
        self._step = 0
        self._before = 0.0  # progress before this call
        self._epoch, self._order = -1, torch.empty(0)
        self._loss = loss_of(self._network, self._batch(0))

    def train(self, save: Callable[[Llama], None], *, until: float = 1.0) -> None:
        """Train until this share of the plan is done; call `save` with the network regularly.

        Raises:
            RecipeError: The loss is not finite, or `state` belongs to another shape.
        """
        self._resume()
        progress = self._before
        started = saved = time.monotonic()
        with self._log_file.open("a", newline="") as file:
            writer = csv.writer(file)
            if file.tell() == 0 and self._worker.rank == 0:
                writer.writerow(COLUMNS)
            while (progress := self._progress(started)) < until:
                batch = self._batch(self._step)
                loss = self._update(batch, progress)
                self._step += 1
                self.tokens += batch.numel() * self._worker.size
                if self._worker.rank != 0:
                    continue
                if self._step % self.plan.log_every == 0:
                    writer.writerow(self._entry(loss, progress, time.monotonic() - started))
                    file.flush()
                if time.monotonic() - saved > self.plan.save_every:
                    self._keep(save, progress)
                    saved = time.monotonic()
        self._before = min(progress, 1.0)
        if self._worker.rank == 0:
            self._keep(save, self._before)
            log.info("held-out loss with 4 bits: %.4f", self.validate())

    @torch.no_grad()
    def validate(self, *, share: float = 1.0) -> float:
        """Return the mean loss per learned token on held-out rows.

        `share` is how far the weights are moved toward their 4-bit form, 0 to 1.
        """
        amount = torch.tensor(share, device=self._worker.device)
        size = self._size()
        batches = self._valid[: max(len(self._valid) // size, 1) * size].split(size)
        losses = [self._loss(batch, amount).item() for batch in batches]
        weights = [learned(batch) for batch in batches]
        return float(np.average(losses, weights=weights))

    def snapshot(self) -> dict[str, Any]:
        """Return the state that training resumes from; tensors are references, not copies."""
        return {
            "step": self._step,
            "tokens": self.tokens,
            "progress": self._before,
            "network": self._network.state_dict(),
            "optimiser": self._optimizer.state_dict(),  # as spelled in existing state files
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore a snapshot."""
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimiser"])
        self._step, self._before = state["step"], state["progress"]
        self.tokens = state["tokens"]

    def _progress(self, started: float) -> float:
        now = time.monotonic()
        by_time = (now - started) / max(self.plan.deadline - started, 1e-9)
        by_time = self._before + (1 - self._before) * by_time
        return self._worker.broadcast(max(self._step / self.plan.steps, by_time))

    def _rate(self, progress: float) -> float:
        plan = self.plan
        return learning_rate(progress, peak=plan.peak, step=self._step, steps=plan.steps)

    def _update(self, batch: Tensor, progress: float) -> Tensor:
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate(progress)
        loss = self._loss(batch, self._share(progress))
        loss.backward()
        self._worker.average_gradients(self._network.parameters())
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        return loss.detach()

    def _share(self, progress: float) -> Tensor:
        share = quantized_share(progress, start=self.plan.quantized_from)
        return torch.full((), share, device=self._worker.device)

    def _size(self) -> int:
        return min(self.plan.batch, len(self._rows) // self._worker.size, len(self._valid))

    def _batch(self, step: int) -> Tensor:
        """Return the rows of one step, in an order that depends on the step only."""
        size, members = self._size(), self._worker.size
        epoch, place = divmod(step, len(self._rows) // (size * members))
        if epoch != self._epoch:
            generator = torch.Generator().manual_seed(epoch)
            order = torch.randperm(len(self._rows), generator=generator)
            self._epoch, self._order = epoch, order.to(self._worker.device)
        start = (place * members + self._worker.rank) * size
        return self._rows[self._order[start : start + size]]

    def _adamw(self) -> torch.optim.AdamW:
        matrices = [weight for weight in self._network.parameters() if weight.ndim == 2]
        vectors = [weight for weight in self._network.parameters() if weight.ndim < 2]
        return torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": 0.1},
                {"params": vectors, "weight_decay": 0.0},
            ],
            lr=self.plan.peak,
            betas=(0.9, 0.95),
            fused=self._worker.device.type == "cuda",
        )

    # --- log and checkpoints ---

    def _entry(self, loss: Tensor, progress: float, seconds: float) -> tuple[object, ...]:
        value = loss.item()
        if not np.isfinite(value):
            raise RecipeError(
                f"the loss must be finite, got {value} at step {self._step}. Lower the learning "
                "rate."
            )
        share = quantized_share(progress, start=self.plan.quantized_from)
        done = f"{100 * progress:.1f} % done, loss {value:.4f}"
        shown = ["", ""]
        if self._step % (self.plan.log_every * 10) == 0:
            shown = [f"{self.validate(share=one):.4f}" for one in (share, 1.0)]
            done += f", held out {shown[0]}, with 4 bits {shown[1]}"
        log.info("step %d, %.0f s, %s", self._step, seconds, done)
        rate = self._rate(progress)
        head = (self._step, f"{seconds:.1f}", self.tokens, f"{rate:.6f}", f"{share:.0f}")
        return (*head, f"{value:.4f}", *shown)

    def _keep(self, save: Callable[[Llama], None], progress: float) -> None:
        save(self._network)
        if self._state is None:
            return
        snapshot = {**self.snapshot(), "progress": progress}
        state_file.write(snapshot, self._network.shape, self._state)

    def _resume(self) -> None:
        if self._step or self._state is None or not self._state.is_file():
            return
        shape, device = self._network.shape, self._worker.device
        self.restore(state_file.read(self._state, shape, device=device))
        log.info("resuming at step %d, %.0f %% done", self._step, 100 * self._before)
