"""The tokenizer's files as WebLLM gets them: short, and still the same tokenizer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.compile.tokenizer import tokenizer_texts
from tests.model.random_llama import byte_tokenizer, write_tokenizer

pytestmark = pytest.mark.recipe


def test_files_lose_indentation_and_pairs_and_stay_the_same_tokenizer(tmp_path: Path) -> None:
    from tokenizers import Tokenizer  # noqa: PLC0415 - only the recipe has it

    folder = write_tokenizer(tmp_path, byte_tokenizer(400, "<|im_end|>"))
    texts = tokenizer_texts(folder)
    assert {len(text.splitlines()) for text in texts.values()} == {1}
    name = "tokenizer_config.json"
    assert json.loads(texts[name]) == json.loads((folder / name).read_text("utf-8"))
    made = texts["tokenizer.json"]
    merges = json.loads(made)["model"]["merges"]
    assert merges
    assert all(isinstance(merge, str) for merge in merges)
    given = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert Tokenizer.from_str(made).to_str() == given.to_str()


def test_merge_of_a_token_with_a_space_stays_a_pair(tmp_path: Path) -> None:
    folder = write_tokenizer(tmp_path, byte_tokenizer(400, "<|im_end|>"))
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text("utf-8"))
    tokenizer["model"]["merges"] = [["a ", "b"], ["c", "d"]]
    path.write_text(json.dumps(tokenizer), "utf-8")
    assert json.loads(tokenizer_texts(folder)["tokenizer.json"]) == tokenizer
