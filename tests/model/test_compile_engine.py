"""Compiled models of several shapes in the real engine, compared with PyTorch and definitions.

Takes minutes: it compiles small models, and TVM's runtime unless build/model/runtime has it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from model.compile.build import compile_model
from model.compile.checkpoint import Checkpoint
from model.compile.verify.engine import Engine, open_engine
from model.compile.verify.logits import compare_logits
from model.compile.verify.sampling import CHECKS
from tests.model.random_llama import write_llama
from tests.model.random_qwen import QWENS, write_qwen
from tests.model.random_windowed import WINDOWED, write_windowed

pytestmark = [
    pytest.mark.recipe,
    pytest.mark.skipif(shutil.which("emcc") is None, reason="emcc is not installed"),
]

RUNTIME = Path("build/model/runtime")
SHAPES: dict[str, dict[str, Any]] = {
    "grouped, tied": {},
    "ungrouped, untied": {
        "hidden_size": 96,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "head_dim": 80,
        "intermediate_size": 160,
        "vocab_size": 600,
        "tie_word_embeddings": False,
        "rope_theta": 500000.0,
    },
}


@pytest.fixture(scope="module", params=[*SHAPES, *QWENS, *WINDOWED])
def compiled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Checkpoint, Path]:
    folder = tmp_path_factory.mktemp("model")
    name: str = request.param
    if name in QWENS:
        source = write_qwen(folder / "hf", name)
    elif name in WINDOWED:
        source = write_windowed(folder / "hf", name)
    else:
        source = write_llama(folder / "hf", **SHAPES[name])
    out = folder / "out"
    compile_model(source, out, runtime=RUNTIME, context=1024, prefill_chunk=64)
    return Checkpoint.read(source, prefill_chunk=64), out


@pytest.fixture(scope="module")
def engine(compiled: tuple[Checkpoint, Path]) -> Iterator[Engine]:
    with open_engine(compiled[1]) as opened:
        opened.load()
        yield opened


def test_logits_equal_those_of_pytorch(compiled: tuple[Checkpoint, Path], engine: Engine) -> None:
    """In prefill chunks, further turns from the cache, and decode."""
    agreement = compare_logits(engine, compiled[0])
    agreement.check()
    assert agreement.same_best == agreement.positions


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_sampler_follows_its_definition(engine: Engine, check: Callable[[Engine], None]) -> None:
    check(engine)
