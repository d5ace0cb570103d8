"""Data-parallel training on several GPUs: each worker has the whole network and its own batch."""

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

__all__ = ["SINGLE_WORKER", "Worker", "run_workers"]

log = logging.getLogger("pywebllm.model")

_Job = TypeVar("_Job")
_TIMEOUT = datetime.timedelta(minutes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One of `size` training processes; the one of rank 0 also writes the files."""

    rank: int = 0
    size: int = 1

    @property
    def device(self) -> torch.device:
        """The device of this process."""
        return torch.device("cuda", self.rank) if torch.cuda.is_available() else torch.device("cpu")

    def average_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Replace the gradients by their mean over all workers."""
        if self.size == 1:
            return
        gradients = [one.grad for one in parameters if one.grad is not None]
        flat = torch.cat([one.flatten() for one in gradients])
        distributed.all_reduce(flat)
        flat /= self.size
        parts = flat.split([one.numel() for one in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def broadcast(self, value: float) -> float:
        """Return the value of the worker of rank 0."""
        if self.size == 1:
            return value
        shared = torch.tensor(value, dtype=torch.float64)
        distributed.broadcast(shared, 0)
        return float(shared)


SINGLE_WORKER = Worker()


def run_workers(work: Callable[[_Job, Worker], None], job: _Job, *, size: int) -> bool:
    """Run `work(job, worker)` in `size` new processes; return whether all of them succeeded.

    `work` must be a module-level function, and `job` picklable. Failures are logged.
    """
    # Multicast over NVLink can make the GPUs of a shared host unusable.
    os.environ.setdefault("NCCL_NVLS_ENABLE", "0")
    try:
        multiprocessing.spawn(_member, (size, _free_port(), work, job), nprocs=size)
    # Whatever failed (a driver, shared memory, a process): the caller can continue with one GPU.
    except Exception as error:  # noqa: BLE001
        log.warning("training in %d processes failed: %s", size, error)
        return False
    return True


def _member(
    rank: int, size: int, port: int, work: Callable[[_Job, Worker], None], job: _Job
) -> None:
    logging.basicConfig(level=logging.INFO if rank == 0 else logging.WARNING, format="%(message)s")
    worker = Worker(rank=rank, size=size)
    if worker.device.type == "cuda":
        torch.cuda.set_device(worker.device)
    distributed.init_process_group(
        "cpu:gloo,cuda:nccl" if worker.device.type == "cuda" else "gloo",
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=size,
        timeout=_TIMEOUT,
    )
    try:
        work(job, worker)
    finally:
        distributed.destroy_process_group()


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
    return port
