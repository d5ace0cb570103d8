"""The tokenizer in a GGUF file, as `tokenizer.json` and `tokenizer_config.json`."""

from __future__ import annotations

from typing import Any, Final

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from model.compile.errors import CheckpointError
from model.compile.gguf.metadata import Metadata

__all__ = ["tokenizer", "tokenizer_config"]

_KEY: Final = "tokenizer.ggml"
_UNKNOWN, _CONTROL, _USER_DEFINED = 2, 3, 4  # in token_type
_SPACE: Final = "▁"
_NAMED: Final = {
    "bos": "bos_token",
    "eos": "eos_token",
    "unknown": "unk_token",
    "padding": "pad_token",
}
# How texts are cut before merging, by the name that llama.cpp gives to it.
_WORDS: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{digits}"
    r"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_GPT2: Final = ("gpt-2",)
_DIGITS: Final = ("smollm",)
_LLAMA3: Final = ("llama-bpe", "llama3", "llama-v3")
_QWEN2: Final = ("qwen2",)


def tokenizer(file: Metadata) -> Tokenizer:
    """Return the tokenizer.

    Raises:
        CheckpointError: It is of a kind that is not supported.
    """
    kind = file.require(f"{_KEY}.model")
    if kind == "gpt2":
        found = _byte_level(file)
    elif kind == "llama":
        found = _sentence_piece(file)
    else:
        raise CheckpointError(
            f"{_KEY}.model in {file.path} must be gpt2 or llama, got {kind}. Use a model with a "
            "BPE tokenizer."
        )
    tokens, kinds = file.require(f"{_KEY}.tokens"), file.require(f"{_KEY}.token_type")
    # All at once: the library prepares a search for all added tokens at each call.
    for its_kind, add in (
        (_CONTROL, found.add_special_tokens),
        (_USER_DEFINED, found.add_tokens),
    ):
        add(
            [
                AddedToken(token, special=its_kind == _CONTROL, normalized=False)
                for token, kind_of_token in zip(tokens, kinds, strict=True)
                if kind_of_token == its_kind
            ]
        )
    if file.get(f"{_KEY}.add_bos_token", kind == "llama"):
        start = tokens[file.require(f"{_KEY}.bos_token_id")]
        found.post_processor = processors.TemplateProcessing(
            single=f"{start} $A", special_tokens=[(start, tokens.index(start))]
        )
    return found


def tokenizer_config(file: Metadata) -> dict[str, Any]:
    """Return the contents of a `tokenizer_config.json`: named tokens and the chat template."""
    tokens = file.require(f"{_KEY}.tokens")
    ids = {name: file.get(f"{_KEY}.{key}_token_id") for key, name in _NAMED.items()}
    found = {name: tokens[index] for name, index in ids.items() if index is not None}
    template = file.get("tokenizer.chat_template")
    return found if template is None else {**found, "chat_template": template}


def _byte_level(file: Metadata) -> Tokenizer:
    name = file.require(f"{_KEY}.pre")
    vocabulary = {token: index for index, token in enumerate(file.require(f"{_KEY}.tokens"))}
    merges = [tuple(merge.split(" ", 1)) for merge in file.require(f"{_KEY}.merges")]
    found = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=name in _LLAMA3))
    found.decoder = decoders.ByteLevel()
    words = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if name in _DIGITS:
        words = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), words])
    elif name in _LLAMA3 or name in _QWEN2:
        words = _split("{1,3}" if name in _LLAMA3 else "")
    elif name not in _GPT2:
        known = ", ".join((*_GPT2, *_DIGITS, *_LLAMA3, *_QWEN2))
        raise CheckpointError(
            f"{_KEY}.pre in {file.path} must be one of {known}, got {name}. Use the checkpoint in "
            "safetensors that the file was made from."
        )
    if name in _QWEN2:
        found.normalizer = normalizers.NFC()
    found.pre_tokenizer = words
    return found


def _split(digits: str) -> Any:
    cut = pre_tokenizers.Split(Regex(_WORDS.format(digits=digits)), "isolated")
    return pre_tokenizers.Sequence(
        [cut, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )


def _sentence_piece(file: Metadata) -> Tokenizer:
    tokens, kinds = file.require(f"{_KEY}.tokens"), file.require(f"{_KEY}.token_type")
    vocabulary = {token: index for index, token in enumerate(tokens)}
    unknown = file.get(f"{_KEY}.unknown_token_id")
    if unknown is None:
        unknown = kinds.index(_UNKNOWN)
    merges = _merges(vocabulary, file.require(f"{_KEY}.scores"))
    found = Tokenizer(
        models.BPE(vocabulary, merges, unk_token=tokens[unknown], fuse_unk=True, byte_fallback=True)
    )
    prepends = file.get(f"{_KEY}.add_space_prefix", True)
    spaces = normalizers.Replace(" ", _SPACE)
    found.normalizer = (
        normalizers.Sequence([normalizers.Prepend(_SPACE), spaces]) if prepends else spaces
    )
    parts = [decoders.Replace(_SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    found.decoder = decoders.Sequence([*parts, *([decoders.Strip(" ", 1, 0)] if prepends else [])])
    return found


def _merges(vocabulary: dict[str, int], scores: list[float]) -> list[tuple[str, str]]:
    """Return the pairs that form a token, in the order in which SentencePiece merges them."""
    pairs = [
        (-scores[index], vocabulary[token[:cut]], vocabulary[token[cut:]])
        for token, index in vocabulary.items()
        for cut in range(1, len(token))
        if token[:cut] in vocabulary and token[cut:] in vocabulary
    ]
    names = list(vocabulary)
    return [(names[left], names[right]) for _, left, right in sorted(pairs)]
