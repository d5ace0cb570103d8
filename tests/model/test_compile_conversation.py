"""Chat templates as strings for WebLLM: the same text, and if possible the same tokens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model.compile.conversation import Conversation, describe_conversation, read_conversation
from model.compile.errors import CheckpointError
from model.compile.prompts import pieces
from model.compile.template import Template, messages_of
from model.compile.tokenizer import TextTokens
from tests.model.random_llama import (
    CHATML,
    ZEPHYR,
    byte_tokenizer,
    word_tokenizer,
    write_tokenizer,
)
from tests.model.random_windowed import GEMMA_CHAT

pytestmark = pytest.mark.recipe

# Rewritten after the templates of well-known checkpoints.
ASSISTANT = (
    "{% if messages[0].role != 'system' %}<|im_start|>system\nYou are Ada.<|im_end|>\n{% endif %}"
    + CHATML
)
LLAMA_3 = (
    "{{ bos_token }}{% for m in messages %}<|start|>{{ m.role }}<|stop|>\n\n"
    "{{ m.content | trim }}<|eot|>{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant<|stop|>\n\n{% endif %}"
)
LLAMA_2 = (
    "{% set ns = namespace(system='') %}{% for m in messages %}"
    "{% if m.role == 'system' %}{% set ns.system = '<<SYS>>\n' + m.content + '\n<</SYS>>\n\n' %}"
    "{% elif m.role == 'user' %}{{ bos_token + '[INST] ' + ns.system + m.content + ' [/INST]' }}"
    "{% set ns.system = '' %}"
    "{% elif m.role == 'assistant' %}{{ ' ' + m.content + ' ' + eos_token }}"
    "{% else %}{{ raise_exception('no such role') }}{% endif %}{% endfor %}"
)
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}"
    "{% elif m.role == 'assistant' %}{{ ' ' + m.content + eos_token }}"
    "{% else %}{{ raise_exception('only user and assistant') }}{% endif %}{% endfor %}"
)
ALPACA = (
    "{% if messages[0].role == 'system' %}{{ messages[0].content }}{% set said = messages[1:] %}"
    "{% else %}Answer the request.{% set said = messages %}{% endif %}{% for m in said %}"
    "{% if m.role == 'user' %}\n\n### Instruction:\n{% else %}\n\n### Response:\n{% endif %}"
    "{{ m.content }}{% endfor %}{% if add_generation_prompt %}\n\n### Response:\n{% endif %}"
)
THINKING = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)
NUMBERED = "{% for m in messages %}{{ loop.index }}. {{ m.content }}\n{% endfor %}Answer: "
SHORTENED = "{% for m in messages[-1:] %}{{ m.content }}{% endfor %}</s>"

BYTES = ("<|begin|>", "<|im_start|>", "<|im_end|>", "<|start|>", "<|stop|>", "<|eot|>")
ASKED = ("Who are you?", "I am a model.\nA small one.", "How small?", "Tiny.", "Thank you!")


def byte_tokens(folder: Path, template: str | None, *, end: str = "<|im_end|>") -> TextTokens:
    config = {"bos_token": "<|begin|>", "eos_token": end}
    config |= {} if template is None else {"chat_template": template}
    return TextTokens.read(write_tokenizer(folder, byte_tokenizer(400, *BYTES), **config))


def word_tokens(folder: Path, template: str | None) -> TextTokens:
    config = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    config |= {} if template is None else {"chat_template": template}
    return TextTokens.read(write_tokenizer(folder, word_tokenizer(500), **config))


def written(found: Conversation, *texts: str, system: str | None = None) -> str:
    return "".join(pieces(found.template, messages_of(*texts, system=system)))


def encoded(tokens: TextTokens, found: Conversation, **messages: Any) -> list[int]:
    """Return the tokens of ASKED as WebLLM encodes them."""
    parts = pieces(found.template, messages_of(*ASKED, **messages))
    return [token for piece in parts for token in tokens.encode(piece)]


@pytest.mark.parametrize(
    ("template", "make"),
    [
        (CHATML, byte_tokens),
        (ASSISTANT, byte_tokens),
        (LLAMA_3, byte_tokens),
        (ALPACA, byte_tokens),
        (THINKING, byte_tokens),
        (ZEPHYR, byte_tokens),
        (ZEPHYR, word_tokens),
        (GEMMA_CHAT, byte_tokens),
    ],
    ids=[
        "chatml",
        "default system",
        "llama 3",
        "alpaca",
        "thinking",
        "zephyr",
        "zephyr in words",
        "gemma 3",
    ],
)
def test_conversation_has_the_tokens_of_transformers(
    tmp_path: Path, template: str, make: Any
) -> None:
    tokens = make(tmp_path, template)
    found = describe_conversation(tokens, name="mine")
    whole = Template(template, tokens).render(messages_of(*ASKED, system="Be brief."))
    assert encoded(tokens, found, system="Be brief.") == tokens.encode(whole)


@pytest.mark.parametrize(
    ("template", "make"), [(ASSISTANT, byte_tokens), (ALPACA, byte_tokens), (MISTRAL, word_tokens)]
)
def test_default_system_message_of_the_template_is_used(
    tmp_path: Path, template: str, make: Any
) -> None:
    tokens = make(tmp_path, template)
    found = describe_conversation(tokens, name="mine")
    assert encoded(tokens, found) == tokens.encode(
        Template(template, tokens).render(messages_of(*ASKED))
    )


def test_template_without_a_default_gets_an_empty_system_message_and_a_note(tmp_path: Path) -> None:
    tokens = byte_tokens(tmp_path, CHATML)
    found = describe_conversation(tokens, name="mine")
    assert written(found, "Hi").startswith("<|im_start|>system\n<|im_end|>\n<|im_start|>user\nHi")
    assert any("--system" in note for note in found.notes)
    named = describe_conversation(tokens, name="mine", system_message="Be kind.")
    assert written(named, "Hi") == written(found, "Hi", system="Be kind.")
    assert not named.notes


def test_note_reports_tokens_that_differ_between_pieces(tmp_path: Path) -> None:
    """Llama 2 has the user message after a line break; a separate piece starts with a space."""
    tokens = word_tokens(tmp_path, LLAMA_2)
    found = describe_conversation(tokens, name="mine")
    text = Template(LLAMA_2, tokens).render(messages_of(*ASKED, system="Be brief."))
    assert "slightly different tokens" in found.notes[-1]
    extra = len(encoded(tokens, found, system="Be brief.")) - len(tokens.encode(text))
    assert abs(extra) <= 1


def test_end_of_an_answer_belongs_to_the_next_user_message(tmp_path: Path) -> None:
    """WebLLM 0.2.86 adds nothing after its answer when it continues from its cache."""
    found = describe_conversation(byte_tokens(tmp_path, CHATML), name="mine")
    *before, asked, header = pieces(found.template, messages_of(*ASKED[:3]))
    assert before[-1].endswith(ASKED[1])
    assert asked.startswith("<|im_end|>\n")
    assert asked + header == (
        "<|im_end|>\n<|im_start|>user\nHow small?<|im_end|>\n<|im_start|>assistant\n"
    )


@pytest.mark.parametrize(
    ("template", "end", "ids", "texts"),
    [
        (CHATML, "<|im_end|>", [2], []),
        (CHATML, "<|eot|>", [5, 2], []),
        (ALPACA, "<|eot|>", [5], ["### Instruction:"]),
    ],
    ids=["its own end", "another end", "no end"],
)
def test_answer_ends_with_what_the_template_writes_after_it(
    tmp_path: Path, template: str, end: str, ids: list[int], texts: list[str]
) -> None:
    found = describe_conversation(byte_tokens(tmp_path, template, end=end), name="mine")
    assert (found.template["stop_token_ids"], found.template["stop_str"]) == (ids, texts)


def test_start_of_a_thought_is_in_the_prompt_only(tmp_path: Path) -> None:
    found = describe_conversation(byte_tokens(tmp_path, THINKING), name="mine")
    assert written(found, *ASKED[:3]).count("<think>") == 1


def test_date_is_that_of_the_build_and_noted(tmp_path: Path) -> None:
    dated = "{{ strftime_now('%Y') }}\n" + CHATML
    found = describe_conversation(byte_tokens(tmp_path, dated), name="mine")
    assert written(found, "Hi").startswith("20")
    assert any("the date" in note for note in found.notes)


def test_checkpoint_without_a_template_continues_the_messages(tmp_path: Path) -> None:
    found = describe_conversation(word_tokens(tmp_path, None), name="mine")
    assert written(found, "Once upon a time") == "Once upon a time"
    assert "no chat template" in found.notes[0]
    assert found.template["stop_token_ids"] == [2]


def test_template_in_a_separate_file_takes_precedence(tmp_path: Path) -> None:
    tokens = byte_tokens(tmp_path, ALPACA)
    (tmp_path / "chat_template.jinja").write_text(CHATML)
    assert "<|im_start|>" in written(describe_conversation(tokens, name="mine"), "Hi")


def test_default_of_several_templates_is_used(tmp_path: Path) -> None:
    tokens = byte_tokens(tmp_path, None)
    named = [{"name": "tools", "template": ALPACA}, {"name": "default", "template": CHATML}]
    config = {"eos_token": "<|im_end|>", "chat_template": named}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    assert "<|im_start|>" in written(describe_conversation(tokens, name="mine"), "Hi")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (NUMBERED, "--conversation"),
        (SHORTENED, "omits, changes or repeats"),
        ("{{ raise_exception('never') }}", "roles user, assistant, user: never"),
        ("{% for m in messages %}", "cannot render"),
    ],
    ids=["numbered", "last only", "rejecting", "broken"],
)
def test_template_that_strings_cannot_express_is_rejected(
    tmp_path: Path, template: str, message: str
) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        describe_conversation(byte_tokens(tmp_path, template), name="mine")
    assert "--conversation" in str(caught.value)


def test_system_message_that_the_template_rejects_is_rejected(tmp_path: Path) -> None:
    tokens = word_tokens(tmp_path, MISTRAL)
    with pytest.raises(CheckpointError, match="Omit --system"):
        describe_conversation(tokens, name="mine", system_message="Be kind.")


def test_checkpoint_without_an_end_token_is_rejected(tmp_path: Path) -> None:
    tokens = TextTokens.read(write_tokenizer(tmp_path, byte_tokenizer(400)))
    with pytest.raises(CheckpointError, match="eos_token_id"):
        describe_conversation(tokens, name="mine")


def test_custom_conv_template_is_used_unchanged(tmp_path: Path) -> None:
    made = describe_conversation(byte_tokens(tmp_path, CHATML), name="mine").template
    path = tmp_path / "form.json"
    path.write_text(json.dumps(made))
    assert read_conversation(path).template == made
    path.write_text(json.dumps({"roles": {}}))
    with pytest.raises(CheckpointError, match="system_template"):
        read_conversation(path)


def test_prompt_pieces_are_those_of_webllm() -> None:
    """With the older format, in which roles and separators are separate."""
    form = {
        "system_template": "<<{system_message}>>",
        "system_message": "default",
        "roles": {"user": "U", "assistant": "A"},
        "role_templates": {"user": "({user_message})", "assistant": "{assistant_message}"},
        "seps": [";", "."],
        "role_content_sep": ": ",
        "role_empty_sep": ":",
    }
    messages = messages_of("a", "b", "c")
    assert pieces(form, messages) == ["<<default>>", "U: (a);", "A: b.", "U: (c);", "A:"]
    bare = form | {"add_role_after_system_message": False}
    assert pieces(bare, [("system", "s"), ("user", "a")]) == ["<<s>>", "(a);", "A:"]
    silent = form | {"render_empty_system_message": False, "system_message": ""}
    assert pieces(silent, [("user", "a")]) == ["U: (a);", "A:"]


def test_tokens_before_every_text_are_in_the_conv_template(tmp_path: Path) -> None:
    tokenizer = word_tokenizer(500)
    form = json.loads(tokenizer.to_str())
    form["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [
            {"SpecialToken": {"id": "<s>", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
        ],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
    }
    write_tokenizer(tmp_path, tokenizer, eos_token="</s>")
    (tmp_path / "tokenizer.json").write_text(json.dumps(form))
    tokens = TextTokens.read(tmp_path)
    assert tokens.starts == (1,)
    assert describe_conversation(tokens, name="mine").template["system_prefix_token_ids"] == [1]
