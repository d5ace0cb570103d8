"""`python -m model compare`: the losses of several shapes after the same text and time.

Each run trains in floating point to the end, is measured, returns to the point where training
through 4 bits starts, and trains the rest again through 4 bits. So one run shows what a shape
learns, what rounding costs, and how much training through the rounding recovers.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from model.tools import RecipeError
from model.train.command import PRESETS
from model.train.corpus import LEARNED, TOKEN, sample_texts
from model.train.distributed import Worker
from model.train.loop import Plan, Trainer
from model.train.network import Llama
from model.train.quantize import quantized
from model.train.schedule import PEAK, QUANTIZED_FROM
from model.train.shape import FULL, Shape
from model.train.shapes import SHAPES, UNTIED
from model.train.table import write_tables
from model.train.text import Text, text_of
from model.train.tokenizer import train_tokenizer

__all__ = ["compare"]

log = logging.getLogger("pywebllm.model")

# Other learning rates and starts of quantization, tried with the shape `base`.
_PEAKS = (1.5e-3, 6e-3)
_STARTS = (0.5, 0.85)
_NEVER = 2.0  # a start of quantization after the end of training
_BASE = "base"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    name: str
    shape: Shape
    tied: bool
    text: Text
    result: Path
    batch: int
    minutes: float
    seed: int
    peak: float = PEAK
    quantized_from: float = QUANTIZED_FROM


def compare(arguments: argparse.Namespace) -> None:
    """Train the selected shapes and write compare.md and compare.csv; finished runs are kept.

    Raises:
        RecipeError: A shape does not exist, or a run failed.
    """
    preset = PRESETS[arguments.preset]
    known = SHAPES if preset.shape == FULL else {_BASE: preset.shape}
    names = arguments.shapes.split(",") if arguments.shapes else list(known)
    if unknown := set(names) - set(known):
        raise RecipeError(
            f"--shapes must be names from {', '.join(known)}, got {', '.join(sorted(unknown))}. "
            "Separate the names with commas."
        )
    results: Path = arguments.out / "runs"
    results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        texts = _texts({known[name].vocab_size for name in names}, Path(scratch), arguments)
        runs = [
            _Run(
                name=name,
                shape=known[name],
                tied=name not in UNTIED,
                text=texts[known[name].vocab_size],
                result=results / f"{name}.json",
                batch=arguments.batch or preset.batch,
                minutes=arguments.minutes,
                seed=arguments.seed,
            )
            for name in names
        ]
        variations = _variations(runs) if arguments.variations else ()
        _run_all([*runs, *variations], arguments.out)


def _variations(runs: list[_Run]) -> Iterator[_Run]:
    """Yield the runs of `base` with another learning rate or start of quantization."""
    for run in runs:
        if run.name != _BASE:
            continue
        for peak in _PEAKS:
            name = f"{_BASE} at {peak:g}"
            yield replace(run, name=name, peak=peak, result=run.result.with_stem(name))
        for start in _STARTS:
            name = f"{_BASE} 4 bits from {100 * start:.0f} %"
            yield replace(run, name=name, quantized_from=start, result=run.result.with_stem(name))


def _texts(sizes: set[int], folder: Path, arguments: argparse.Namespace) -> dict[int, Text]:
    processes = arguments.processes or os.cpu_count() or 1
    preset = PRESETS[arguments.preset]
    samples = sample_texts(seed=arguments.seed, count=preset.tokenizer_texts, processes=processes)
    texts = {}
    for size in sorted(sizes):
        tokenizer = train_tokenizer(samples, vocabulary=size)
        texts[size] = text_of(
            tokenizer,
            folder,
            seed=arguments.seed,
            conversations=min(arguments.conversations, preset.conversations),
            held_out=preset.held_out,
            length=preset.row,
            processes=processes,
        )
        bytes_file = _bytes_file(texts[size])
        bytes_file.write_text(json.dumps(_bytes_of_tokens(tokenizer)))
    return texts


def _bytes_file(text: Text) -> Path:
    return text.train_file.with_suffix(".bytes.json")


def _bytes_of_tokens(tokenizer: Tokenizer) -> list[int]:
    """Return the number of bytes of each token; 0 for special tokens."""
    pieces = [tokenizer.id_to_token(token) for token in range(tokenizer.get_vocab_size())]
    return [0 if piece.startswith("<|") else len(piece) for piece in pieces]


# --- several runs, each in a separate process ---


def _run_all(runs: list[_Run], out: Path) -> None:
    """Run all on the available GPUs, one per GPU at a time; write the tables after each."""
    # Spawned, not forked, because every process needs its own CUDA context.
    context = multiprocessing.get_context("spawn")
    waiting = [run for run in runs if not run.result.is_file()]
    busy: dict[int, multiprocessing.process.BaseProcess] = {}
    devices = range(max(torch.cuda.device_count(), 1))
    write_tables(_results(runs), out)
    while waiting or busy:
        for device in devices:
            if device in busy and not busy[device].is_alive():
                busy.pop(device).join()
                write_tables(_results(runs), out)
            if device not in busy and waiting:
                run = waiting.pop(0)
                log.info("starting %s on device %d", run.name, device)
                busy[device] = context.Process(target=_run, args=(run, device))
                busy[device].start()
        time.sleep(0.2)
    if missing := [run.name for run in runs if not run.result.is_file()]:
        raise RecipeError(
            f"these runs failed: {', '.join(missing)}. See the errors above, then run the command "
            "again."
        )


def _results(runs: list[_Run]) -> list[dict[str, Any]]:
    return [json.loads(run.result.read_text()) for run in runs if run.result.is_file()]


def _run(run: _Run, device: int) -> None:
    logging.basicConfig(level=logging.WARNING, format=f"{run.name}: %(message)s")
    torch.manual_seed(run.seed)
    torch.set_float32_matmul_precision("high")
    worker = Worker(rank=device)
    if worker.device.type == "cuda":
        torch.cuda.set_device(worker.device)
    result = _result(run, worker)
    partial = run.result.with_suffix(".part")
    partial.write_text(json.dumps(result, indent=2) + "\n")
    partial.replace(run.result)


def _result(run: _Run, worker: Worker) -> dict[str, Any]:
    network = Llama(run.shape, tied=run.tied)
    trainer = Trainer(
        network,
        run.text.train,
        run.text.valid,
        plan=_plan(run, 1.0, quantized_from=_NEVER),
        log_file=run.result.with_suffix(".csv"),
        worker=replace(worker, size=1),
    )
    speed, losses = _train(run, network, trainer)
    parameters = list(network.parameters())
    return {
        "name": run.name,
        "shape": {"tied": run.tied, **{n: getattr(run.shape, n) for n in Shape.__slots__}},
        "minutes": run.minutes,
        "peak": run.peak,
        "quantised_from": run.quantized_from,  # as spelled in existing results
        "parameters": sum(weight.numel() for weight in parameters),
        "bytes": sum(
            weight.numel() * 5 // 8 if weight.ndim == 2 else weight.numel() * 4
            for weight in parameters
        ),
        "tokens": trainer.tokens,
        "tokens_per_second": speed,
        "bytes_per_token": _bytes_per_token(run.text),
        "loss": losses,
    }


def _train(run: _Run, network: Llama, trainer: Trainer) -> tuple[float, dict[str, float]]:
    """Train in floating point, then from the fork through 4 bits; return tokens/s and losses."""
    started = time.monotonic()
    trainer.plan = _plan(run, 1.0, quantized_from=_NEVER)
    trainer.train(_ignore, until=run.quantized_from)
    fork = copy.deepcopy(trainer.snapshot())
    rest = 1 - run.quantized_from
    trainer.plan = _plan(run, rest, quantized_from=_NEVER)
    trainer.train(_ignore)
    speed = trainer.tokens / (time.monotonic() - started)
    losses = {"float": trainer.validate(share=0.0), "rounded_4bit": trainer.validate()}
    with _rounded(network, levels=256):
        losses["rounded_8bit"] = trainer.validate(share=0.0)
    trainer.restore(fork)
    trainer.plan = _plan(run, rest, quantized_from=run.quantized_from)
    trainer.train(_ignore)
    losses["trained_4bit"] = trainer.validate()
    return speed, losses


def _plan(run: _Run, share: float, *, quantized_from: float) -> Plan:
    return Plan(
        batch=run.batch,
        steps=10**9,
        deadline=time.monotonic() + share * run.minutes * 60,
        peak=run.peak,
        quantized_from=quantized_from,
    )


def _ignore(_: Llama) -> None:
    """Discard the network: only the loss is needed."""


@contextmanager
def _rounded(network: Llama, *, levels: int) -> Iterator[None]:
    kept = copy.deepcopy(network.state_dict())
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim == 2:
                weight.copy_(quantized(weight, levels=levels))
    yield
    network.load_state_dict(kept)


def _bytes_per_token(text: Text) -> float:
    rows = torch.from_numpy(text.valid).int()
    tokens = rows[:, 1:][(rows[:, 1:] & LEARNED) != 0] & TOKEN
    sizes = torch.tensor(json.loads(_bytes_file(text).read_text()))
    return float(sizes[tokens.long()].double().mean())
