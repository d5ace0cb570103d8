"""Training on several GPUs: each process has the whole network and its share of every batch."""

from __future__ import annotations

import datetime
import logging
import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, distributed, multiprocessing

__all__ = ["ALONE", "Team", "together"]

log = logging.getLogger("pywebllm.model")

_Job = TypeVar("_Job")
_PATIENCE = datetime.timedelta(minutes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """One process among `size`; the first, of rank 0, also writes the files."""

    rank: int = 0
    size: int = 1

    @property
    def device(self) -> torch.device:
        """Return what this process computes on."""
        return torch.device("cuda", self.rank) if torch.cuda.is_available() else torch.device("cpu")

    def average(self, parameters: Iterable[Tensor]) -> None:
        """Replace the gradients of all by their mean over the team."""
        if self.size == 1:
            return
        gradients = [one.grad for one in parameters if one.grad is not None]
        together = torch.cat([one.flatten() for one in gradients])
        distributed.all_reduce(together)
        together /= self.size
        parts = together.split([one.numel() for one in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def agreed(self, value: float) -> float:
        """Return the value that the first process has."""
        if self.size == 1:
            return value
        told = torch.tensor(value, dtype=torch.float64)
        distributed.broadcast(told, 0)
        return float(told)


ALONE = Team()


def together(work: Callable[[_Job, Team], None], job: _Job, *, size: int) -> bool:
    """Run `work(job, team)` in `size` new processes; return whether all of them finished.

    `work` is a function of a module, `job` can be pickled. What fails is logged.
    """
    # Multicast over NVLink can put the GPUs of a shared host out of service.
    os.environ.setdefault("NCCL_NVLS_ENABLE", "0")
    try:
        multiprocessing.spawn(_member, (size, _free_port(), work, job), nprocs=size)
    # A broken driver, too little shared memory, a lost process: whatever it is, one GPU can do it.
    except Exception as error:  # noqa: BLE001
        log.warning("training in %d processes failed: %s", size, error)
        return False
    return True


def _member(rank: int, size: int, port: int, work: Callable[[_Job, Team], None], job: _Job) -> None:
    logging.basicConfig(level=logging.INFO if rank == 0 else logging.WARNING, format="%(message)s")
    team = Team(rank=rank, size=size)
    if team.device.type == "cuda":
        torch.cuda.set_device(team.device)
    distributed.init_process_group(
        "cpu:gloo,cuda:nccl" if team.device.type == "cuda" else "gloo",
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=size,
        timeout=_PATIENCE,
    )
    try:
        work(job, team)
    finally:
        distributed.destroy_process_group()


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
    return port
