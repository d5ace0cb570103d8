"""All steps from the folder of a BERT to the folder that WebLLM loads for `embeddings`."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from tokenizers import Tokenizer

from model.compile.bert.reference import BertReference
from model.compile.bert.shape import BertShape
from model.compile.bert.weights import BertWeights
from model.compile.build import Parts, compile_parts
from model.compile.card import card
from model.compile.errors import QualityError
from model.compile.linker import Linker
from model.compile.quality.measure import TEXT
from model.compile.source import Source
from model.compile.tokenizer import read_json

__all__ = ["Likeness", "build_bert", "measure_likeness", "unpadded_tokenizer"]

log = logging.getLogger("pywebllm.model")

_LEAST: Final = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How similar the vectors of the compiled weights are to those of the weights as given."""

    mean: float
    """The mean cosine similarity of the vectors of the same text."""
    least: float
    texts: int

    def __str__(self) -> str:
        """Return the figures in words."""
        return (
            f"the vectors of {self.texts} texts have a cosine similarity to those of the given "
            f"weights of {self.mean:.4f} on average, and at least {self.least:.4f}"
        )

    def check(self) -> None:
        """Check that the vectors are similar enough to be used together.

        Raises:
            QualityError: They are not.
        """
        if self.mean < _LEAST:
            raise QualityError(
                f"The vectors must have a mean cosine similarity of at least {_LEAST}, got "
                f"{self.mean:.4f}: {self}. Build with --bits 8."
            )


def build_bert(
    source: Source, out: Path, *, name: str, bits: int, runtime: Path, measured: bool = True
) -> None:
    """Compile a BERT for embeddings into the folder `out`.

    Raises:
        ToolError: A tool is missing, has the wrong version, or failed.
        CompileError: The network is not supported, or the vectors would differ too much.
    """
    shape = BertShape.read(source.path, bits=bits)
    weights = BertWeights(source.path, shape)
    likeness = measure_likeness(source.path, shape, weights) if measured else None
    if likeness is not None:
        log.info("%s", likeness)
        likeness.check()

    def libraries(folder: Path, linker: Linker) -> None:
        # Imported late because it needs TVM, which compile_parts() has found.
        from model.compile.bert.network import bert_module  # noqa: PLC0415
        from model.compile.library import link_module, webgpu_target  # noqa: PLC0415

        target = webgpu_target()
        with target:
            link_module(bert_module(shape), target, folder / "model.wasm", linker)

    texts = {
        "tokenizer.json": unpadded_tokenizer(source.path),
        "tokenizer_config.json": read_json(source.path / "tokenizer_config.json"),
        "mlc-chat-config.json": _settings(shape),
    }
    facts = {
        "network": f"bert, {shape.layers} layers, hidden size {shape.hidden}",
        "context": f"{shape.context} tokens",
        "weights": f"q{bits}f32_1",
        "quality": str(likeness or "not measured"),
    }
    parts = Parts(
        libraries=libraries,
        weights=weights.fill,
        texts={file: json.dumps(each, ensure_ascii=False) for file, each in texts.items()},
        card=lambda folder: card(name, source, facts, folder),
    )
    compile_parts(parts, out, runtime=runtime)


def measure_likeness(folder: Path, shape: BertShape, weights: BertWeights) -> Likeness:
    """Compare the vectors of some paragraphs of our own."""
    encoder = Tokenizer.from_str(json.dumps(unpadded_tokenizer(folder)))
    texts = [text for text in TEXT.read_text("utf-8").split("\n\n") if text.strip()]
    tokens = [encoder.encode(text, add_special_tokens=False).ids for text in texts]
    given = BertReference(folder, shape, weights.given)
    compiled = BertReference(folder, shape, weights.dequantized())
    cosines = [
        float(given.vector(ids[: shape.context]) @ compiled.vector(ids[: shape.context]))
        for ids in tokens
    ]
    return Likeness(mean=float(np.mean(cosines)), least=min(cosines), texts=len(cosines))


def unpadded_tokenizer(folder: Path) -> dict[str, Any]:
    """Return `tokenizer.json` without truncation and padding, which would change short texts."""
    return {**read_json(folder / "tokenizer.json"), "truncation": None, "padding": None}


def _settings(shape: BertShape) -> dict[str, Any]:
    """Return `mlc-chat-config.json`."""
    return {
        "version": "0.1.0",
        "model_type": "bert",
        "quantization": f"q{shape.bits}f32_1",
        "vocab_size": shape.vocabulary,
        "context_window_size": shape.context,
        "prefill_chunk_size": shape.context,
        "sliding_window_size": -1,
        "tokenizer_files": ["tokenizer.json", "tokenizer_config.json"],
    }
