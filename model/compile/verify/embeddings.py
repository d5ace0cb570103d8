"""Compare the vectors of a compiled BERT in the browser with those of PyTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Error
from tokenizers import Tokenizer

from model.browser.page import open_page
from model.compile.bert.build import measure_likeness
from model.compile.bert.reference import BertReference
from model.compile.bert.shape import BertShape
from model.compile.bert.weights import BertWeights
from model.compile.errors import VerificationError
from model.compile.quality.measure import TEXT
from model.compile.verify.engine import WEBLLM

__all__ = ["verify_bert"]

# Of numbers whose squares add up to 1. Both sides add float32 numbers in a different order.
_TOLERANCE: Final = 1e-4
_TEXTS: Final = 6
_EMBED: Final = """async ({url, texts}) => {
  const {MLCEngine} = await import("/webllm.js");
  const record = {
    model_id: "model", model: url, model_lib: new URL("model.wasm", url).href, model_type: 1,
  };
  const engine = new MLCEngine({appConfig: {model_list: [record]}});
  await engine.reload("model");
  const found = await engine.embeddings.create({input: texts});
  return found.data.map(({embedding}) => embedding);
}"""


def verify_bert(source: Path, model: Path, *, bits: int, measured: bool) -> list[str]:
    """Compare some texts of different lengths; return what was found, in words.

    Raises:
        VerificationError: The vectors differ by more than rounding, or the model does not load.
        QualityError: The compiled weights give other vectors than those given.
        ToolError: Chromium or WebLLM is missing.
    """
    shape = BertShape.read(source, bits=bits)
    weights = BertWeights(source, shape)
    encoder = Tokenizer.from_file(str(model / "tokenizer.json"))
    texts = _texts(encoder, shape.context)
    reference = BertReference(source, shape, weights.dequantized())
    ids = [encoder.encode(text, add_special_tokens=False).ids for text in texts]
    expected = [reference.vector(each) for each in ids]
    found = _vectors(model, texts)
    worst = float(np.abs(found - np.stack(expected)).max())
    if worst > _TOLERANCE:
        raise VerificationError(
            f"The vectors must agree within {_TOLERANCE:.0e}, got a difference of {worst:.1e}. "
            "Find the wrong kernel by comparing each with PyTorch, as "
            "tests/model/test_compile_bert.py does."
        )
    lines = [f"vectors of {len(texts)} texts as in PyTorch: the largest difference is {worst:.1e}"]
    if measured:
        likeness = measure_likeness(source, shape, weights)
        likeness.check()
        lines.append(str(likeness))
    return lines


def _texts(encoder: Tokenizer, context: int) -> list[str]:
    """Return short texts and paragraphs that fit into the context."""
    paragraphs = [part for part in TEXT.read_text("utf-8").split("\n\n") if part.strip()]
    fitting = [part for part in paragraphs if len(encoder.encode(part).ids) <= context]
    return ["Hello", *fitting][:_TEXTS]


def _vectors(model: Path, texts: list[str]) -> npt.NDArray[np.float32]:
    with open_page(model, {"/webllm.js": WEBLLM}) as (page, url):
        try:
            found = page.evaluate(_EMBED, {"url": url, "texts": texts})
        except Error as error:
            raise VerificationError(
                f"The model could not embed texts in the browser: {error.message[:1000]}. Check "
                f"{json.dumps(str(model))} with `python -m model build`."
            ) from error
    return np.array(found, np.float32)
