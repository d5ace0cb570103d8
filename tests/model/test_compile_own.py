"""A custom checkpoint, from the command line to the real engine.

It differs from the built-in model in everything that may differ: shape, rotary positions, an untied
head, an odd vocabulary, bfloat16 in shards, words instead of bytes, chat template, two end tokens.
It is built with 4 and with 8 bits. Takes three minutes, and more if TVM's runtime is not compiled.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from pywebllm import ModelRecord

from model.__main__ import main
from model.compile.checkpoint import Checkpoint
from model.compile.reference import Reference
from model.compile.template import Template
from model.compile.tokenizer import tokenizer_texts
from model.compile.verify.engine import Engine, open_engine
from model.compile.verify.logits import compare_logits
from model.compile.verify.sampling import a_grammar_is_obeyed
from tests.model.random_llama import ZEPHYR, write_other_llama

pytestmark = [
    pytest.mark.recipe,
    pytest.mark.skipif(shutil.which("emcc") is None, reason="emcc is not installed"),
]

MESSAGES = (("system", "You are brief."), ("user", "Who are you, and what do you like?"))
REQUEST = {"messages": [{"role": role, "content": text} for role, text in MESSAGES]}
LENGTH = 24
# Random weights generate bytes that form no characters, whose text depends on the chunks.
BIAS = dict.fromkeys(range(3, 259), -100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    checkpoint: Checkpoint
    folder: Path
    printed: str
    notes: str


@pytest.fixture(scope="module", params=[4, 8], ids=["4 bits", "8 bits"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    bits: int = request.param
    home = tmp_path_factory.mktemp("own")
    source = write_other_llama(home / "mine")
    out = home / "out"
    options = ["--out", str(out), "--name", "mine", "--prefill-chunk", "64", "--bits", str(bits)]
    printed, notes = io.StringIO(), io.StringIO()
    with redirect_stdout(printed), redirect_stderr(notes):
        assert main(["build", str(source), *options]) == 0
    return Built(
        checkpoint=Checkpoint.read(source, prefill_chunk=64, bits=bits),
        folder=out,
        printed=printed.getvalue(),
        notes=notes.getvalue(),
    )


@pytest.fixture(scope="module")
def engine(built: Built) -> Iterator[Engine]:
    with open_engine(built.folder) as opened:
        opened.load()
        yield opened


@pytest.fixture(scope="module")
def greedy(built: Built) -> list[int]:
    """The tokens that transformers generates after MESSAGES, with quantized weights and BIAS."""
    network, tokens = Reference.quantized(built.checkpoint), built.checkpoint.tokens
    sequence = tokens.encode(Template(ZEPHYR, tokens).render(MESSAGES))
    start = len(sequence)
    while len(sequence) < start + LENGTH and sequence[-1] not in tokens.ends[:1]:
        logits = network.logits(sequence)[-1]
        logits[[*BIAS]] += [*BIAS.values()]
        sequence.append(int(logits.argmax()))
    return sequence[start:]


def test_tokenizer_is_written_as_webllm_reads_it_soonest(built: Built) -> None:
    for name, text in tokenizer_texts(built.checkpoint.folder).items():
        assert (built.folder / name).read_text("utf-8") == text


def test_logits_equal_those_of_pytorch(built: Built, engine: Engine) -> None:
    agreement = compare_logits(engine, built.checkpoint)
    agreement.check()
    assert agreement.same_best == agreement.positions


def test_answer_equals_that_of_transformers(
    built: Built, engine: Engine, greedy: list[int]
) -> None:
    request = {**REQUEST, "temperature": 0, "max_tokens": LENGTH}
    answer = engine.complete(request | {"logit_bias": {str(token): BIAS[token] for token in BIAS}})
    assert answer["tokens"] == greedy
    assert answer["text"] == built.checkpoint.tokens.decode(greedy)


def test_each_end_token_ends_an_answer(built: Built, engine: Engine) -> None:
    assert built.checkpoint.tokens.ends == (2, 7)
    for end in built.checkpoint.tokens.ends:
        answer = engine.complete({**REQUEST, "max_tokens": 4}, forced={end: 5.0})
        assert (answer["finish"], answer["text"]) == ("stop", "")


def test_character_of_several_bytes_is_streamed_as_a_whole(built: Built, engine: Engine) -> None:
    """Such characters have no token; their bytes are generated separately."""
    bytes_of_e = [built.checkpoint.tokens.ids[f"<0x{byte:02X}>"] for byte in "é".encode()]
    form = {"type": "grammar", "grammar": 'root ::= "é is é"'}
    answer = engine.complete({**REQUEST, "max_tokens": 20, "response_format": form})
    assert answer["text"] == "é is é"
    assert set(bytes_of_e) <= set(answer["tokens"])


def test_answer_follows_the_grammar(engine: Engine) -> None:
    a_grammar_is_obeyed(engine)


def test_build_prints_how_to_use_the_result(built: Built) -> None:
    assert f"cp {built.folder}/* static/models/mine/resolve/v1/" in built.printed
    assert "note: for a request without a system message" in built.notes
    code = dedent(built.printed[built.printed.index("    from pywebllm") :])
    compile(f"async def page():\n{_indented(code)}", "page", "exec")
    names: dict[str, object] = {}
    exec(code[: code.index("async with")], names)
    base = "models/mine/resolve/v1/"
    assert names["mine"] == ModelRecord(
        model_id="mine",
        model=base,
        model_lib=f"{base}model.wasm",
        gpu_model_lib=f"{base}model-gpu.wasm",
    )


def _indented(code: str) -> str:
    return "".join(f"    {line}\n" for line in code.splitlines())
