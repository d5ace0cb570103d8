"""The command `evaluate`: cases, replay and judgment, one of them, or a folder to replay."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from model.evaluate.case import read_answers, read_cases, write_cases
from model.evaluate.judge import judge
from model.evaluate.report import report_json, report_markdown, results
from model.tools import RecipeError, require

__all__ = ["run"]

log = logging.getLogger("pywebllm.model")


def run(arguments: argparse.Namespace) -> None:
    """Run the selected steps.

    Raises:
        RecipeError: An input is missing, an argument is invalid, or a promise is not kept.
    """
    if arguments.count < 1 or arguments.pages < 1:
        raise RecipeError(
            f"--count and --pages must be above zero, got {arguments.count} and {arguments.pages}. "
            "Pass positive integers."
        )
    out: Path = arguments.out
    cases = out / "cases.json"
    step: str | None = arguments.only
    if step in (None, "cases"):
        _cases(cases, arguments)
    if step in (None, "replay"):
        _replay(cases, arguments)
    if step == "pack":
        if arguments.engine == "pytorch":
            raise RecipeError("PyTorch needs no browser. Leave out --only pack.")
        # Imported late, like all modules for browsers: judging does not need one.
        from model.evaluate.pack import pack  # noqa: PLC0415

        folder = pack(
            _model(arguments),
            cases,
            out / "pack",
            parts=arguments.pages,
            seconds=arguments.seconds,
            thread=arguments.thread,
            engine=arguments.engine,
        )
        log.info("serve %s and evaluate %s in its pages", folder / "site", folder / "part-*.js")
    if step in (None, "judge"):
        transcripts = arguments.transcripts or [out / "transcripts.jsonl"]
        _judge(cases, transcripts, out, fail=not arguments.no_fail)


def _cases(path: Path, arguments: argparse.Namespace) -> None:
    from model.evaluate.cases import make_cases  # noqa: PLC0415

    cases = make_cases(count=arguments.count, seed=arguments.seed)
    write_cases(path, cases)
    turns = sum(ask.judged for case in cases for ask in case.asks)
    log.info("%d cases with %d answers to judge in %s", len(cases), turns, path)


def _replay(cases: Path, arguments: argparse.Namespace) -> None:
    if arguments.engine == "pytorch":
        _answer_in_pytorch(cases, arguments)
        return
    require("playwright")
    from model.evaluate.replay import replay  # noqa: PLC0415

    out = arguments.out / "transcripts.jsonl"
    how = {"pages": arguments.pages, "engine": arguments.engine}
    replay(_model(arguments), read_cases(cases), **how, out=out)


def _answer_in_pytorch(cases: Path, arguments: argparse.Namespace) -> None:
    require("torch", "tokenizers", "transformers", "safetensors")
    from model.evaluate.pytorch import answer_cases  # noqa: PLC0415

    if arguments.model is None:
        raise RecipeError("MODEL_DIR is missing. Pass the folder that `train` wrote.")
    out = arguments.out / "transcripts.jsonl"
    answer_cases(arguments.model, read_cases(cases), out=out, seed=arguments.seed)


def _model(arguments: argparse.Namespace) -> Path:
    model: Path | None = arguments.model
    if model is None or not (model / "mlc-chat-config.json").is_file():
        raise RecipeError(
            f"MODEL_DIR must be a folder with mlc-chat-config.json, got {model}. Pass a folder "
            "that `python -m model build` wrote."
        )
    return model


def _judge(cases: Path, transcripts: Sequence[Path], out: Path, *, fail: bool) -> None:
    answers, about = read_answers(transcripts)
    asked = read_cases(cases)
    about |= {"cases": len(asked), "answered": sum(case.id in answers for case in asked)}
    judged = judge(asked, answers)
    report = report_json(judged, about)
    text = report_markdown(judged, about)
    (out / "report.json").write_text(
        json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8"
    )
    (out / "report.md").write_text(text, "utf-8")
    print(text.partition("\n# Failures")[0])
    broken = [one.name for one in results(judged) if not one.kept]
    log.info("the failures are listed in %s", out / "report.md")
    if broken and fail:
        raise RecipeError(
            f"promises not kept: {'; '.join(broken)}. See the failures in {out / 'report.md'}."
        )
