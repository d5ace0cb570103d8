"""What a chat template may write and ask for, and what is said about the rest."""

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
    """Return a tokenizer with this chat template, and with tokens that have these names."""
    config = {"eos_token": "<|im_end|>", "chat_template": template, **named}
    return TextTokens.read(write_tokenizer(folder, byte_tokenizer(400, *SPECIAL), **config))


def opening(tokens: TextTokens) -> str:
    """Return the text of ASKED as WebLLM makes it."""
    return "".join(pieces(describe_conversation(tokens, name="mine").template, ASKED))


@pytest.mark.parametrize(
    "broken", ["{{ 1 // 0 }}", "{{ 'a' % 1 }}", "{{ 'x'.encode('none') }}", "{{ messages.a.b }}"]
)
def test_a_template_that_fails_is_told(tmp_path: Path, broken: str) -> None:
    with pytest.raises(CheckpointError, match="cannot write user then assistant"):
        describe_conversation(tokens_of(tmp_path, broken + CHATML), name="mine")


def test_a_template_may_write_every_named_token(tmp_path: Path) -> None:
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
def test_a_hole_in_the_text_is_refused(tmp_path: Path, template: str) -> None:
    with pytest.raises(CheckpointError, match=r"writes (sep_token|persona), but nobody says"):
        describe_conversation(tokens_of(tmp_path, template), name="mine")


@pytest.mark.parametrize(
    "asking",
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
def test_what_a_template_only_asks_for_is_no_hole(tmp_path: Path, asking: str) -> None:
    tokens = tokens_of(tmp_path, asking + CHATML, sep_token=None)
    assert opening(tokens) == Template(asking + CHATML, tokens).render(ASKED)
