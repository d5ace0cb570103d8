"""`python -m model build PATH`: compile a checkpoint, and print how a page loads the result."""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from model.compile.architecture import DTYPES, Architecture, quantization
from model.compile.bert.build import build_bert
from model.compile.bert.shape import is_bert
from model.compile.build import compile_checkpoint
from model.compile.card import card, chat_facts
from model.compile.checkpoint import Checkpoint
from model.compile.conversation import describe_conversation, read_conversation
from model.compile.errors import CheckpointError
from model.compile.parameters import Parameter, parameters
from model.compile.quality.measure import Quality, measure
from model.compile.source import Source

__all__ = ["build", "warnings"]

log = logging.getLogger("pywebllm.model")

_OUT: Final = Path("build/model")
_MB: Final = 1_000_000
# What every WebGPU can bind as one buffer, and the limit that WebLLM 0.2.86 requests.
_SAFE_BUFFER: Final = 128 * 2**20
_LARGEST_BUFFER: Final = 1024 * 2**20
_LARGE: Final = 1_000 * _MB
_SLOW: Final = 500_000_000  # parameters


def build(options: argparse.Namespace) -> None:
    """Compile one checkpoint.

    Raises:
        ToolError: A tool is missing, has the wrong version, or failed.
        CompileError: A download differs from its pin, the checkpoint is not supported, or the
            compiled model loses too much quality.
    """
    source = Source.find(options.source)
    dtype = DTYPES[options.dtype]
    name = _checked(options.name or f"{source.name}-{quantization(options.bits, dtype)}")
    out = options.out or _OUT / name
    if is_bert(source.path):
        if dtype == "float16":
            raise CheckpointError("A BERT is built in float32 only. Omit --dtype.")
        measured = not options.skip_quality
        build_bert(
            source, out, name=name, bits=options.bits, runtime=options.runtime, measured=measured
        )
        sys.stdout.write(_USE_EMBEDDINGS.format(name=name, out=out))
        return
    checkpoint = Checkpoint.read(
        source.path,
        context=options.context,
        prefill_chunk=options.prefill_chunk,
        bits=options.bits,
        embedding_bits=options.embedding_bits,
        dtype=dtype,
    )
    if options.conversation is None:
        conversation = describe_conversation(
            checkpoint.tokens, name=name, system_message=options.system
        )
    else:
        conversation = read_conversation(options.conversation)
    cut = _cut(checkpoint.architecture, options.context)
    for note in (*conversation.notes, *cut, *warnings(checkpoint.architecture)):
        sys.stderr.write(f"note: {note}\n")
    quality = None if options.skip_quality else _measured(checkpoint, options.max_loss)
    facts = chat_facts(checkpoint.architecture, quality)
    compile_checkpoint(
        checkpoint,
        conversation,
        out,
        runtime=options.runtime,
        card=lambda folder: card(name, source, facts, folder),
    )
    needs = _NEEDS_F16 if dtype == "float16" else _FOR_GPUS
    sys.stdout.write(_USE.format(name=name, out=out, needs=needs))


def warnings(shape: Architecture) -> Iterator[str]:
    """Yield a warning for each size that may be too large for a page.

    Raises:
        CheckpointError: No page can load the model.
    """
    declared = parameters(shape)
    largest = max(declared, key=_bytes)
    total = sum(map(_bytes, declared))
    if _bytes(largest) > _LARGEST_BUFFER:
        raise CheckpointError(
            f"The largest GPU buffer must be at most {_LARGEST_BUFFER // _MB} MB, the limit that "
            f"WebLLM requests, got {_bytes(largest) // _MB} MB for {largest.name}. Use a smaller "
            "checkpoint."
        )
    if _bytes(largest) > _SAFE_BUFFER:
        yield (
            f"{largest.name} takes {_bytes(largest) // _MB} MB in one GPU buffer; not every WebGPU "
            f"implementation can bind more than {_SAFE_BUFFER // _MB} MB"
        )
    if total > _LARGE:
        yield f"the weights take {total // _MB} MB: few visitors will wait for the download"
    if (count := _count(shape)) > _SLOW:
        yield (
            f"{count // _MB} million parameters: the kernels are optimized for a few million, so "
            "expect few tokens per second"
        )


_USE: Final = """
Copy the files to where your page is served from; each revision needs a new folder:

    mkdir -p static/models/{name}/resolve/v1
    cp {out}/* static/models/{name}/resolve/v1/

and load them with a URL relative to the page:

    from pywebllm import AsyncWebLLM, ModelRecord

    base = "models/{name}/resolve/v1/"
    mine = ModelRecord(model_id="{name}", model=base, model_lib=base + "model.wasm",
                       {needs})
    async with AsyncWebLLM(model=mine) as llm:
        ask = {{"role": "user", "content": "Hello"}}
        reply = await llm.chat.completions.create(messages=[ask])
        print(reply.choices[0].message.content)
"""


_FOR_GPUS: Final = 'gpu_model_lib=base + "model-gpu.wasm"'
_NEEDS_F16: Final = 'required_features=("shader-f16",)'


def _cut(shape: Architecture, asked: int | None) -> Iterator[str]:
    if asked is None and shape.context < (shape.trained_context or 0):
        yield (
            f"the context is cut to {shape.context} of {shape.trained_context} tokens, the longest "
            "that the kernels support"
        )


def _measured(checkpoint: Checkpoint, max_loss: float) -> Quality:
    log.info("measuring the quality …")
    quality = measure(checkpoint)
    log.info("%s", quality)
    quality.check(max_loss)
    return quality


_USE_EMBEDDINGS: Final = """
Copy the files to where your page is served from; each revision needs a new folder:

    mkdir -p static/models/{name}/resolve/v1
    cp {out}/* static/models/{name}/resolve/v1/

and load them with a URL relative to the page:

    from pywebllm import AsyncWebLLM, ModelRecord

    base = "models/{name}/resolve/v1/"
    mine = ModelRecord(
        model_id="{name}", model=base, model_lib=base + "model.wasm", model_type=1
    )
    async with AsyncWebLLM(records=[mine]) as llm:
        found = await llm.embeddings.create(model="{name}", input=["Hello"])
        print(len(found.data[0].embedding))
"""


def _checked(name: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        return name
    raise CheckpointError(
        f"A model name must consist of letters, digits, '.', '_' and '-', got {name!r}. Choose "
        "another with --name."
    )


def _bytes(parameter: Parameter) -> int:
    count = 4
    for size in parameter.shape:
        count *= size
    return count


def _count(shape: Architecture) -> int:
    """Return the number of weights; a tied head counts once."""
    layer = shape.hidden * (shape.qkv_size + shape.attention_size + 3 * shape.feed_forward)
    return shape.layers * layer + shape.vocabulary * shape.hidden * (1 if shape.tied else 2)
