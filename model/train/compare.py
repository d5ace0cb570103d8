"""`python -m model compare`: the same text and the same time for several shapes, and their losses.

Each run trains as floats to the end, is measured, goes back to the point where training through
4 bits begins, and trains the rest again that way. So one run tells what a shape learns, what
rounding costs, and what training through the rounding wins back.
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
from model.train.loop import Plan, Trainer
from model.train.network import Llama
from model.train.quantise import quantised
from model.train.schedule import QUANTISED_FROM
from model.train.shape import FULL, Shape
from model.train.shapes import SHAPES, UNTIED
from model.train.table import write_tables
from model.train.team import Team
from model.train.text import Text, text_of
from model.train.tokenizer import train_tokenizer

__all__ = ["compare"]

log = logging.getLogger("pywebllm.model")

_PEAK = 3e-3
# Other learning rates and times of quantisation, tried with the shape `base`.
_PEAKS = (1.5e-3, 6e-3)
_STARTS = (0.5, 0.85)
_NEVER = 2.0
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
    peak: float = _PEAK
    quantised_from: float = QUANTISED_FROM


def compare(arguments: argparse.Namespace) -> None:
    """Train what is asked for and write compare.md and compare.csv; finished runs are kept."""
    preset = PRESETS[arguments.preset]
    known = SHAPES if preset.shape == FULL else {_BASE: preset.shape}
    names = arguments.shapes.split(",") if arguments.shapes else list(known)
    if unknown := set(names) - set(known):
        raise RecipeError(f"no shapes {', '.join(sorted(unknown))}: there are {', '.join(known)}")
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
        varied = _varied(runs) if arguments.variations else ()
        _share_out([*runs, *varied], arguments.out)


def _varied(runs: list[_Run]) -> Iterator[_Run]:
    """Yield the runs of `base` with another learning rate or time of quantisation."""
    for run in runs:
        if run.name != _BASE:
            continue
        for peak in _PEAKS:
            name = f"{_BASE} at {peak:g}"
            yield replace(run, name=name, peak=peak, result=run.result.with_stem(name))
        for start in _STARTS:
            name = f"{_BASE} 4 bits from {100 * start:.0f} %"
            yield replace(run, name=name, quantised_from=start, result=run.result.with_stem(name))


def _texts(sizes: set[int], folder: Path, arguments: argparse.Namespace) -> dict[int, Text]:
    processes = arguments.processes or os.cpu_count() or 1
    preset = PRESETS[arguments.preset]
    samples = sample_texts(seed=arguments.seed, count=preset.tokenizer_texts, processes=processes)
    texts = {}
    for size in sorted(sizes):
        words = train_tokenizer(samples, vocabulary=size)
        texts[size] = text_of(
            words,
            folder,
            seed=arguments.seed,
            conversations=min(arguments.conversations, preset.conversations),
            held_out=preset.held_out,
            length=preset.row,
            processes=processes,
        )
        bytes_file = _bytes_file(texts[size])
        bytes_file.write_text(json.dumps(_bytes_of_tokens(words)))
    return texts


def _bytes_file(text: Text) -> Path:
    return text.train_file.with_suffix(".bytes.json")


def _bytes_of_tokens(words: Tokenizer) -> list[int]:
    """Return for each token how many bytes of text it stands for; special tokens stand for none."""
    pieces = [words.id_to_token(token) for token in range(words.get_vocab_size())]
    return [0 if piece.startswith("<|") else len(piece) for piece in pieces]


# --- several runs, each in a process of its own ---


def _share_out(runs: list[_Run], out: Path) -> None:
    """Run all on the GPUs there are, one on each at a time; write the tables after each."""
    # Started anew, not forked: the text is made, and every process has its own CUDA.
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
                log.info("%s starts on device %d", run.name, device)
                busy[device] = context.Process(target=_run, args=(run, device))
                busy[device].start()
        time.sleep(0.2)
    if missing := [run.name for run in runs if not run.result.is_file()]:
        raise RecipeError(f"{', '.join(missing)} failed; see above")


def _results(runs: list[_Run]) -> list[dict[str, Any]]:
    return [json.loads(run.result.read_text()) for run in runs if run.result.is_file()]


def _run(run: _Run, device: int) -> None:
    logging.basicConfig(level=logging.WARNING, format=f"{run.name}: %(message)s")
    torch.manual_seed(run.seed)
    torch.set_float32_matmul_precision("high")
    team = Team(rank=device)
    if team.device.type == "cuda":
        torch.cuda.set_device(team.device)
    found = _measured(run, team)
    partial = run.result.with_suffix(".part")
    partial.write_text(json.dumps(found, indent=2) + "\n")
    partial.replace(run.result)


def _measured(run: _Run, team: Team) -> dict[str, Any]:
    network = Llama(run.shape, tied=run.tied)
    trainer = Trainer(
        network,
        run.text.train,
        run.text.valid,
        plan=_plan(run, 1.0, quantised_from=_NEVER),
        log_file=run.result.with_suffix(".csv"),
        team=replace(team, size=1),
    )
    started = time.monotonic()
    trainer.plan = _plan(run, 1.0, quantised_from=_NEVER)
    trainer.train(_ignore, until=run.quantised_from)
    fork = copy.deepcopy(trainer.snapshot())
    rest = 1 - run.quantised_from
    trainer.plan = _plan(run, rest, quantised_from=_NEVER)
    trainer.train(_ignore)
    speed = trainer.tokens / (time.monotonic() - started)
    losses = {"float": trainer.validate(share=0.0), "rounded_4bit": trainer.validate()}
    with _rounded(network, steps=127):
        losses["rounded_8bit"] = trainer.validate(share=0.0)
    trainer.restore(fork)
    trainer.plan = _plan(run, rest, quantised_from=run.quantised_from)
    trainer.train(_ignore)
    losses["trained_4bit"] = trainer.validate()
    parameters = list(network.parameters())
    return {
        "name": run.name,
        "shape": {"tied": run.tied, **{n: getattr(run.shape, n) for n in Shape.__slots__}},
        "minutes": run.minutes,
        "peak": run.peak,
        "quantised_from": run.quantised_from,
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


def _plan(run: _Run, share: float, *, quantised_from: float) -> Plan:
    return Plan(
        batch=run.batch,
        steps=10**9,
        deadline=time.monotonic() + share * run.minutes * 60,
        peak=run.peak,
        quantised_from=quantised_from,
    )


def _ignore(_: Llama) -> None:
    """Keep nothing: the loss is all that is asked for."""


@contextmanager
def _rounded(network: Llama, *, steps: int) -> Iterator[None]:
    kept = copy.deepcopy(network.state_dict())
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim == 2:
                weight.copy_(quantised(weight, steps=steps))
    yield
    network.load_state_dict(kept)


def _bytes_per_token(text: Text) -> float:
    rows = torch.from_numpy(text.valid).int()
    tokens = rows[:, 1:][(rows[:, 1:] & LEARNED) != 0] & TOKEN
    sizes = torch.tensor(json.loads(_bytes_file(text).read_text()))
    return float(sizes[tokens.long()].double().mean())
