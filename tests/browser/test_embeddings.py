"""Embeddings in the real engine, with a model that the recipe compiles; run by tests/recipe."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Route

from model.browser.python import PagePython

pytestmark = [
    pytest.mark.recipe,
    pytest.mark.skipif(
        find_spec("tvm") is None or shutil.which("emcc") is None,
        reason="tests/recipe runs it: it needs TVM and emscripten",
    ),
]

TEXTS = ["Ada likes tea.", "chess", "A third text, so that there is a second batch."]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    from tests.model.embedding_model import write_embedding_model

    folder = tmp_path_factory.mktemp("model") / "embedding"
    return folder, write_embedding_model(folder, runtime=Path("build/model/runtime"))


def test_embeddings_equal_those_that_the_model_defines(
    fresh_python: PagePython, model: tuple[Path, Any]
) -> None:
    folder, table = model

    async def embed(texts: list[str]) -> dict[str, Any]:
        import base64
        import struct

        from pywebllm import AsyncWebLLM, ModelRecord

        base = "embedding/resolve/v1/"
        record = ModelRecord(
            model_id="means", model=base, model_lib=base + "model.wasm", model_type=1
        )
        async with AsyncWebLLM(records=[record]) as llm:
            found = await llm.embeddings.create(input=texts, model="means")
            one = await llm.embeddings.create(input=[5, 6], model="means")
            coded = await llm.embeddings.create(
                input=texts[1], model="means", encoding_format="base64"
            )
            text = coded.data[0].embedding
            assert isinstance(text, str)
            data = base64.b64decode(text)
            return {
                "vectors": [each.embedding for each in found.data],
                "indices": [each.index for each in found.data],
                "tokens": found.usage.prompt_tokens,
                "of_tokens": one.data[0].embedding,
                "decoded": struct.unpack(f"<{len(data) // 4}f", data),
            }

    def answer(route: Route) -> None:
        route.fulfill(path=folder / Path(route.request.url).name)

    fresh_python.page.context.route("**/embedding/resolve/v1/*", answer)
    found = fresh_python.run(embed, texts=TEXTS)

    assert found["indices"] == [0, 1, 2]
    tokenizer = _tokens(folder, TEXTS)
    expected = [table[tokens].mean(axis=0) for tokens in tokenizer]
    np.testing.assert_allclose(found["vectors"], expected, atol=1e-5)
    np.testing.assert_allclose(found["of_tokens"], table[[5, 6]].mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(found["decoded"], expected[1], atol=1e-5)
    assert found["tokens"] == sum(len(tokens) for tokens in tokenizer)


def _tokens(folder: Path, texts: list[str]) -> list[list[int]]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return [tokenizer.encode(text).ids for text in texts]
