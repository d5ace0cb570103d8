"""The tokens and variables that a chat template may use, and the messages for others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model.compile.conversation import describe_conversation
from model.compile.errors import CheckpointError
from model.compile.prompts import pieces
from model.compile.template import Template, messages_of
from model.compile.tokenizer import TextTokens
from tests.model.random_llama import CHATML, byte_tokenizer, write_tokenizer

pytestmark = pytest.mark.recipe

SPECIAL = ("<|begin|>", "<|im_start|>", "<|im_end|>", "<|start|>", "<|stop|>", "<|eot|>")
ASKED = messages_of("Hi", system="Be brief.")


def tokens_of(folder: Path, template: str, **named: Any) -> TextTokens:
    """Return a tokenizer with this chat template and these named tokens."""
    config = {"eos_token": "<|im_end|>", "chat_template": template, **named}
    return TextTokens.read(write_tokenizer(folder, byte_tokenizer(400, *SPECIAL), **config))


def opening(tokens: TextTokens) -> str:
    """Return the prompt of ASKED as WebLLM renders it."""
    return "".join(pieces(describe_conversation(tokens, name="mine").template, ASKED))


@pytest.mark.parametrize(
    "broken", ["{{ 1 // 0 }}", "{{ 'a' % 1 }}", "{{ 'x'.encode('none') }}", "{{ messages.a.b }}"]
)
def test_failing_template_is_rejected(tmp_path: Path, broken: str) -> None:
    with pytest.raises(
        CheckpointError, match="cannot render messages of the roles user, assistant"
    ):
        describe_conversation(tokens_of(tmp_path, broken + CHATML), name="mine")


def test_template_may_contain_every_named_token(tmp_path: Path) -> None:
    template = "{{ cls_token }}{{ sep_token }}{{ turn_token }}{{ image_token }}" + CHATML
    more = {"cls_token": {"content": "<|eot|>"}, "sep_token": "<|eot|>"}
    (tmp_path / "special_tokens_map.json").write_text(json.dumps(more))
    tokens = tokens_of(
        tmp_path,
        template,
        sep_token="<|start|>",
        turn_token="<|stop|>",
        add_bos_token=True,
        extra_special_tokens={"image_token": "<|begin|>"},
    )
    assert opening(tokens).startswith("<|eot|><|start|><|stop|><|begin|><|im_start|>system")


@pytest.mark.parametrize(
    "template",
    [
        "{{ sep_token }}" + CHATML,
        CHATML + "{{ persona }}",
        "{% for m in messages %}{% if m.role == 'system' %}{{ sep_token }}{% endif %}{% endfor %}"
        + CHATML,
        "{% generation %}{{ sep_token }}{% endgeneration %}" + CHATML,
    ],
    ids=["token", "other", "with a system message", "in a tag of transformers"],
)
def test_undefined_variable_is_rejected(tmp_path: Path, template: str) -> None:
    with pytest.raises(CheckpointError, match=r"undefined variables: (sep_token|persona)"):
        describe_conversation(tokens_of(tmp_path, template), name="mine")


@pytest.mark.parametrize(
    "tested",
    [
        "{% if enable_thinking is defined and enable_thinking %}{{ enable_thinking }}{% endif %}",
        "{% if not date is defined %}{% set date = 'today' %}{% endif %}{{ date }}\n",
        "{% if thinking %}{{ thinking }}{% endif %}{{ mood | default('calm') }}\n",
        "{{ mood or 'calm' }}{{ tools or '' }}\n{% for t in wares %}{{ t }}{% endfor %}",
        "{% if tools %}{{ tool_mark }}{% endif %}",
        "{% macro said(m) %}{{ m.content }}{% endmacro %}{% set ns = namespace(n=range(2)) %}",
        "{{ sep_token }}",
    ],
)
def test_variable_that_the_template_tests_may_be_undefined(tmp_path: Path, tested: str) -> None:
    tokens = tokens_of(tmp_path, tested + CHATML, sep_token=None)
    assert opening(tokens) == Template(tested + CHATML, tokens).render(ASKED)
