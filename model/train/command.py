"""The commands `tokenizer`, `text`, `train`, `curve` and `sample`."""

from __future__ import annotations

import argparse
import logging
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from model.tools import RecipeError
from model.train import folder
from model.train import state as state_file
from model.train.curve import draw
from model.train.distributed import SINGLE_WORKER, Worker, run_workers
from model.train.generate import Sampling
from model.train.loop import Plan, Trainer
from model.train.report import report
from model.train.schedule import PEAK, QUANTIZED_FROM
from model.train.shape import FULL, SMOKE, Shape
from model.train.shapes import SHAPES, UNTIED
from model.train.start import starting_network
from model.train.text import Text, text_of, tokenizer_of
from model.train.tokenizer import load_tokenizer, save_tokenizer

__all__ = ["PRESETS", "Job", "Preset", "curve", "sample", "text", "tokenizer", "train"]

log = logging.getLogger("pywebllm.model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The sizes of one run.

    `held_out` conversations measure the loss, `samples` forms make the report; `reserve` is the
    number of seconds kept for the report when time is limited. `batch` is in rows per process.
    """

    shape: Shape
    tokenizer_texts: int
    conversations: int
    row: int
    batch: int
    steps: int
    held_out: int
    samples: int
    minutes: float
    reserve: float
    limit: int = 200


PRESETS = {
    "full": Preset(
        shape=FULL,
        tokenizer_texts=40_000,
        conversations=1_000_000,
        row=1024,
        batch=64,
        steps=100_000,
        held_out=2048,
        samples=200,
        minutes=9,
        reserve=45,
    ),
    "smoke": Preset(
        shape=SMOKE,
        tokenizer_texts=1500,
        conversations=400,
        row=384,
        batch=4,
        steps=20,
        held_out=64,
        samples=4,
        minutes=1,
        reserve=10,
        limit=10,
    ),
}


def tokenizer(arguments: argparse.Namespace) -> None:
    """Write the tokenizer to the folder; train it if it does not exist yet."""
    _tokenizer(PRESETS[arguments.preset], arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The arguments of every training process."""

    shape: Shape
    text: Text
    plan: Plan
    out: Path
    state: Path
    seed: int
    weights: Path | None


def text(arguments: argparse.Namespace) -> None:
    """Make the tokenizer and the rows in advance, for `train` with the same settings."""
    preset = _adjusted(PRESETS[arguments.preset], arguments)
    _text(preset, _tokenizer(preset, arguments), arguments)


def train(arguments: argparse.Namespace) -> None:
    """Run all steps from text to report within the time limit.

    Raises:
        RecipeError: The shape does not exist, or the state or the weights to start from belong to
            another shape.
    """
    started = time.monotonic()
    preset = _adjusted(PRESETS[arguments.preset], arguments)
    out: Path = arguments.out
    state: Path = arguments.state
    if arguments.fresh:
        state.unlink(missing_ok=True)
        (out / "loss.csv").unlink(missing_ok=True)
    weights: Path | None = arguments.weights
    if weights is not None:
        # Checked now, before minutes are spent on text for weights of another shape.
        starting_network(preset.shape, weights)
    rows = _text(preset, _resumed_tokenizer(preset, arguments), arguments)
    plan = Plan(
        batch=preset.batch,
        steps=preset.steps,
        deadline=started + preset.minutes * 60 - preset.reserve,
        peak=arguments.peak or PEAK,
        # Weights to start from already have the 4-bit form.
        quantized_from=QUANTIZED_FROM if weights is None else 0.0,
    )
    job = Job(
        shape=preset.shape,
        text=rows,
        plan=plan,
        out=out,
        state=state,
        seed=arguments.seed,
        weights=weights,
    )
    log.info("network: %.2f M parameters", preset.shape.parameters / 1e6)
    workers = arguments.workers or max(torch.cuda.device_count(), 1)
    if workers == 1 or not run_workers(_work, job, size=workers):
        _work(job, SINGLE_WORKER)
    draw(out / "loss.csv", out / "loss.svg")
    log.info("finished training after %.0f s, writing samples", time.monotonic() - started)
    _report(preset, out, arguments.seed)


def _work(job: Job, worker: Worker) -> None:
    torch.manual_seed(job.seed)
    torch.set_float32_matmul_precision("high")
    trainer = Trainer(
        starting_network(job.shape, job.weights),
        job.text.train,
        job.text.valid,
        plan=job.plan,
        log_file=job.out / "loss.csv",
        state=job.state,
        worker=worker,
    )
    trainer.train(lambda network: folder.save(network, job.out))


def curve(arguments: argparse.Namespace) -> None:
    """Draw the loss curve of a trained folder."""
    draw(arguments.out / "loss.csv", arguments.out / "loss.svg")


def sample(arguments: argparse.Namespace) -> None:
    """Write the sample report of a trained folder and print its summary."""
    preset = PRESETS[arguments.preset]
    samples = preset.samples if arguments.count is None else arguments.count
    _report(replace(preset, samples=samples), arguments.out, arguments.seed)


def _adjusted(preset: Preset, arguments: argparse.Namespace) -> Preset:
    given = {
        name: value
        for name in ("minutes", "steps", "batch", "conversations")
        if (value := getattr(arguments, name, None)) is not None
    }
    if name := getattr(arguments, "shape", None):
        trainable = [one for one in SHAPES if one not in UNTIED]
        if name not in trainable:
            raise RecipeError(
                f"--shape must be one of {', '.join(trainable)}, got {name}. Choose one of them."
            )
        preset = replace(preset, shape=SHAPES[name])
    return replace(preset, **given)


def _processes(arguments: argparse.Namespace) -> int:
    return arguments.processes or os.cpu_count() or 1


def _resumed_tokenizer(preset: Preset, arguments: argparse.Namespace) -> Tokenizer:
    """Return the tokenizer of the state or of the weights; without them, that of the text."""
    if not arguments.state.is_file():
        return _tokenizer(preset, arguments)
    # Checked now, before minutes are spent on text for a state of another shape.
    state_file.read(arguments.state, preset.shape)
    return load_tokenizer(arguments.out)


def _tokenizer(preset: Preset, arguments: argparse.Namespace) -> Tokenizer:
    weights: Path | None = getattr(arguments, "weights", None)
    trained = load_tokenizer(weights) if weights else _trained_tokenizer(preset, arguments)
    save_tokenizer(trained, arguments.out, context=preset.shape.max_position_embeddings)
    return trained


def _trained_tokenizer(preset: Preset, arguments: argparse.Namespace) -> Tokenizer:
    return tokenizer_of(
        arguments.state.parent / "text",
        seed=arguments.seed,
        texts=preset.tokenizer_texts,
        vocabulary=preset.shape.vocab_size,
        processes=_processes(arguments),
    )


def _text(preset: Preset, trained: Tokenizer, arguments: argparse.Namespace) -> Text:
    return text_of(
        trained,
        arguments.state.parent / "text",
        seed=arguments.seed,
        conversations=preset.conversations,
        held_out=preset.held_out,
        length=preset.row,
        processes=_processes(arguments),
    )


def _report(preset: Preset, out: Path, seed: int) -> None:
    trained = load_tokenizer(out)
    network = folder.load(out).eval()
    if torch.cuda.is_available():
        network = network.cuda()
    sampling = Sampling(seed=seed, limit=preset.limit)
    text = report(network, trained, held_out=preset.samples, sampling=sampling)
    (out / "samples.txt").write_text(text, "utf-8")
    log.info("%s\n%s", out / "samples.txt", text.split("\n# held-out", 2)[0])
