"""The checks of `verify`, with a page that computes with PyTorch instead of WebGPU."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from playwright.sync_api import Error, Page

from model.compile.checkpoint import Checkpoint
from model.compile.conversation import describe_conversation
from model.compile.errors import VerificationError
from model.compile.prompts import pieces
from model.compile.reference import Reference
from model.compile.settings import chat_settings
from model.compile.verify.command import timed_request
from model.compile.verify.conversation import SENTENCE, fit
from model.compile.verify.engine import Engine
from model.compile.verify.logits import compare_logits
from model.compile.verify.sampling import CHECKS, a_grammar_is_obeyed
from tests.model.random_llama import CHATML, byte_tokenizer, write_llama, write_tokenizer

pytestmark = pytest.mark.recipe

IN_WORDS = (
    "{% for m in messages %}{% if m.role == 'user' %}\n\n### Question:\n"
    "{% elif m.role == 'assistant' %}\n\n### Answer:\n{% endif %}{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}\n\n### Answer:\n{% endif %}"
)
THINKING = CHATML.replace("assistant\n{% endif %}", "assistant\n<think>\n{% endif %}")
SAMPLERS = [check for check in CHECKS if check is not a_grammar_is_obeyed]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Use one thread, which is faster for small networks, especially next to other tests."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class FakePage:
    """Behaves like `probe.js` with WebLLM 0.2.86, except for grammars."""

    def __init__(self, checkpoint: Checkpoint, settings: dict[str, Any]) -> None:
        self._tokens = checkpoint.tokens
        self._vocabulary = checkpoint.architecture.vocabulary
        self._network = Reference.quantized(checkpoint)
        self._settings = settings
        self._form: dict[str, Any] = settings["conv_template"]
        self._cache: list[int] = []

    def evaluate(self, script: str, argument: tuple[str, Any]) -> Any:
        name, given = argument
        assert f"[{name}]" not in script
        return {"load": self._load, "trace": self._trace, "complete": self._complete}[name](given)

    def _load(self, given: dict[str, Any]) -> dict[str, Any]:
        self._form = {**self._form, **(given["ends"] or {})}
        return {"milliseconds": 1, "adapter": "none"}

    def _trace(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        self._cache = [] if given["fresh"] else self._cache
        events = self._fed(self._prompt(given["request"]))
        written: list[int] = []
        while len(self._cache) < self._settings["context_window_size"]:
            logits = self._network.logits(self._cache)[-1]
            scores = self._penalized(dict(enumerate(logits)), Counter(written), given["request"])
            token = max(scores, key=lambda each: scores[each])
            token = token if len(written) < given["tokens"] else given["stop"]
            events += [{"logits": logits.tolist()}, {"sampled": token}]
            if token in self._form["stop_token_ids"]:
                break
            written.append(token)
            if any(end in self._tokens.decode(written) for end in self._form["stop_str"]):
                break
            events += self._fed([token])
        return [*events, {"text": self._tokens.decode(written), "usage": {}}]

    def _complete(self, given: dict[str, Any]) -> dict[str, Any]:
        request, self._cache = given["request"], []
        room = self._settings["context_window_size"] - len(self._prompt(request)) + 1
        forced = dict(given["forced"])
        assert max(forced) < self._vocabulary
        assert not {self._tokens.ids[text] for text in self._tokens.added} & forced.keys()
        for token, bias in request.get("logit_bias", {}).items():
            forced[int(token)] += bias
        random = np.random.default_rng(request.get("seed"))
        written: list[int] = []
        while len(written) < min(room, request["max_tokens"]):
            scores = self._penalized(forced, Counter(written), request)
            shares = probabilities(scores, request["temperature"], request.get("top_p", 1))
            written.append(int(random.choice([*shares], p=[*shares.values()])))
            assert request.get("ignore_eos") or written[-1] not in self._form["stop_token_ids"]
        top = [{"logprob": float(np.log(each))} for each in probabilities(forced, 1, 1).values()]
        return {"tokens": written, "logprobs": [{"top_logprobs": top}], "finish": "length"}

    def _prompt(self, request: dict[str, Any]) -> list[int]:
        messages = [(each["role"], each["content"]) for each in request["messages"]]
        parts = pieces(self._form, messages)[-2 if self._cache else 0 :]
        start = [] if self._cache else self._form.get("system_prefix_token_ids") or []
        prompt = [*start, *(token for part in parts for token in self._tokens.encode(part))]
        if len(self._cache) + len(prompt) > self._settings["context_window_size"]:
            raise Error("ContextWindowSizeExceededError")
        return prompt

    def _fed(self, tokens: list[int]) -> list[dict[str, Any]]:
        past, chunk = len(self._cache), self._settings["prefill_chunk_size"]
        self._cache += tokens
        return [
            {"fed": tokens[at : at + chunk], "past": past + at}
            for at in range(0, len(tokens), chunk)
        ]

    def _penalized(
        self, scores: Mapping[int, float], seen: Counter[int], request: dict[str, Any]
    ) -> dict[int, float]:
        options = self._settings | request
        found = dict(scores)
        for token, times in seen.items():
            found[token] -= options["presence_penalty"] + times * options["frequency_penalty"]
            factor = options["repetition_penalty"]
            found[token] *= factor if found[token] < 0 else 1 / factor
        return found


def probabilities(
    scores: Mapping[int, float], temperature: float, top_p: float
) -> dict[int, float]:
    """Return the probabilities to sample from, in descending order."""
    values = np.array([*scores.values()]) / max(temperature, 1e-6)
    shares = dict(zip(scores, np.exp(values - values.max()), strict=True))
    total, kept, mass = sum(shares.values()), dict[int, float](), 0.0
    for token in sorted(shares, key=lambda each: -shares[each]):
        if mass < top_p:
            kept[token] = shares[token] / total
            mass += kept[token]
    return {token: share / mass for token, share in kept.items()}


def opened(
    source: Path, *, page: type[FakePage] = FakePage, **options: Any
) -> tuple[Engine, Checkpoint]:
    """Return an engine with the checkpoint `source`, as `build` would describe it."""
    checkpoint = Checkpoint.read(source, **options)
    form = describe_conversation(checkpoint.tokens, name="mine").template
    out = source.parent / "built"
    out.mkdir()
    settings = chat_settings(checkpoint, form)
    (out / "mlc-chat-config.json").write_text(json.dumps(settings))
    shutil.copyfile(source / "tokenizer.json", out / "tokenizer.json")
    engine = Engine(cast("Page", page(checkpoint, settings)), "", out)
    engine.load()
    return engine, checkpoint


def without_end(source: Path) -> Path:
    """Remove the tokens that end an answer, so that only a stop string is left."""
    for name in ("config.json", "generation_config.json"):
        path = source / name
        path.write_text(json.dumps(json.loads(path.read_text()) | {"eos_token_id": None}))
    return source


def with_template(source: Path, template: str | None) -> Path:
    config = {} if template is None else {"chat_template": template}
    (source / "tokenizer_config.json").write_text(json.dumps(config))
    return source


def starting_with_a_token(source: Path) -> Path:
    """Make the tokenizer put a token before every text, and remove the chat template."""
    form = json.loads((source / "tokenizer.json").read_text())
    form["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [
            {"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
        ],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {
            "<|endoftext|>": {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}
        },
    }
    (source / "tokenizer.json").write_text(json.dumps(form))
    return with_template(source, None)


@pytest.mark.parametrize(
    "change",
    [
        lambda source: source,
        starting_with_a_token,
        lambda source: with_template(source, THINKING),
        lambda source: without_end(with_template(source, IN_WORDS)),
    ],
    ids=["chatml", "first token", "thinking", "ends in words"],
)
def test_supported_checkpoints_can_be_verified(
    tmp_path: Path, change: Callable[[Path], Path]
) -> None:
    engine, checkpoint = opened(change(write_llama(tmp_path / "hf")), prefill_chunk=64)
    agreement = compare_logits(engine, checkpoint)
    agreement.check()
    assert agreement.positions == 3 * 13
    assert agreement.tokens > 64


@pytest.mark.parametrize("context", [80, 120, 180, 256])
def test_short_context_is_verified_with_a_shorter_conversation(
    tmp_path: Path, context: int
) -> None:
    engine, checkpoint = opened(write_llama(tmp_path / "hf"), context=context)
    agreement = compare_logits(engine, checkpoint)
    agreement.check()
    assert agreement.tokens < context


@pytest.mark.parametrize(("context", "length"), [(64, 5), (1024, 50)])
def test_timed_request_fits_in_a_short_context(tmp_path: Path, context: int, length: int) -> None:
    engine, checkpoint = opened(write_llama(tmp_path / "hf"), context=context)
    [message] = timed_request(engine.settings, checkpoint.tokens)["messages"]
    assert len(message["content"]) == length


def test_conversation_fits_in_the_context() -> None:
    """With one token per word."""

    def extent(context: int, chunk: int) -> tuple[int, int]:
        form = {
            "system_template": "{system_message}",
            "system_message": "",
            "roles": {"user": "", "assistant": ""},
            "role_templates": {"user": "{user_message}", "assistant": "{assistant_message}"},
            "seps": [""],
            "role_content_sep": "",
            "role_empty_sep": "",
        }
        sizes = {"context_window_size": context, "prefill_chunk_size": chunk}
        return fit({**sizes, "conv_template": form}, lambda text: len(text.split()))

    words = len(SENTENCE.split())
    assert extent(1024, 256) == (256 // words + 1, 3)
    assert extent(128, 128) == ((128 - 1 - 3 - 7 - 36) // words, 3)
    assert extent(40, 40) == (0, 2)
    assert extent(20, 20) == (0, 1)
    with pytest.raises(VerificationError, match="longer --context"):
        extent(16, 16)


@pytest.mark.parametrize("check", SAMPLERS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("context", [64, 1024])
def test_samplers_can_be_checked_with_a_small_vocabulary(
    tmp_path: Path, check: Callable[[Engine], None], context: int
) -> None:
    source = write_llama(tmp_path / "hf", vocab_size=264)
    (source / "generation_config.json").write_text(json.dumps({"repetition_penalty": 1.5}))
    engine, _ = opened(source, context=context)
    check(engine)


def test_json_answer_truncated_by_the_context_is_reported(tmp_path: Path) -> None:
    class Truncating(FakePage):
        def _complete(self, given: dict[str, Any]) -> dict[str, Any]:
            return {"text": '{"tone":', "tokens": [5, 6], "finish": "length"}

    engine, _ = opened(write_llama(tmp_path / "hf"), page=Truncating)
    with pytest.raises(VerificationError, match="--skip-sampling"):
        a_grammar_is_obeyed(engine)


def test_samplers_are_checked_with_tokens_of_letters_and_digits(tmp_path: Path) -> None:
    source = write_llama(tmp_path / "hf", vocab_size=2000, num_hidden_layers=1)
    write_tokenizer(source, byte_tokenizer(700, "<|im_end|>"), eos_token="<|im_end|>")
    engine, checkpoint = opened(source)
    texts = [checkpoint.tokens.decode([token]) for token in engine.ordinary]
    assert len(texts) == 200
    assert all(text.isascii() and text.isalnum() for text in texts)
