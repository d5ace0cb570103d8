"""What WebLLM needs to know about a tokenizer: how tokens encode text, and which end an answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

from model.compile.errors import CheckpointError

__all__ = ["TOKENIZER_FILES", "TextTokens", "read_json", "tokenizer_texts"]

TOKENIZER_FILES: Final = ("tokenizer.json", "tokenizer_config.json")
_SPACE: Final = "▁"


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that contains one JSON object.

    Raises:
        CheckpointError: It is missing, cannot be read, or contains something else.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read: {error.strerror}. Pass a file that exists."
        ) from error
    except ValueError as error:
        raise CheckpointError(
            f"{path} is not valid JSON: {error}. Save the model again."
        ) from error
    if not isinstance(found, dict):
        raise CheckpointError(f"{path} must contain a JSON object. Save the model again.")
    return found


def tokenizer_texts(folder: Path) -> dict[str, str]:
    """Return the tokenizer's files by name, in the form that WebLLM reads soonest.

    They have no indentation, which is more than half of a large `tokenizer.json`, and each merge is
    one string instead of a list of two.

    Raises:
        CheckpointError: A file is missing, cannot be read, or is not a JSON object.
    """
    found = {name: read_json(folder / name) for name in TOKENIZER_FILES}
    found["tokenizer.json"] = _with_short_merges(found["tokenizer.json"])
    return {
        name: json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"
        for name, content in found.items()
    }


def _with_short_merges(tokenizer: dict[str, Any]) -> dict[str, Any]:
    model = tokenizer["model"]
    pairs = model.get("merges", [])
    # A string is cut at its space, so that a token must not contain one.
    if any(isinstance(pair, str) or " " in "".join(pair) for pair in pairs):
        return tokenizer
    return {**tokenizer, "model": {**model, "merges": [" ".join(pair) for pair in pairs]}}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTokens:
    """A checkpoint's tokenizer.

    `special` has the strings of `bos_token` and other special tokens by name, `absent` the names of
    those that the checkpoint sets to null; `ends` are the ids that end an answer; `starts` are the
    ids that training put before every text.
    """

    folder: Path
    spelling: str
    """The name in xgrammar: `byte_level` (as GPT-2) or `byte_fallback` (as SentencePiece)."""
    prepends_space: bool
    strips_space: bool
    ids: Mapping[str, int]
    added: tuple[str, ...]
    special: Mapping[str, str]
    absent: frozenset[str]
    ends: tuple[int, ...]
    starts: tuple[int, ...]
    _encoder: Any = field(repr=False)

    @classmethod
    def read(cls, folder: Path) -> TextTokens:
        """Read the tokenizer in `folder` and its configuration files.

        Raises:
            CheckpointError: A file cannot be read, or the grammars of WebLLM do not support the
                tokenizer.
        """
        path = folder / "tokenizer.json"
        tokenizer, config = read_json(path), read_json(folder / "tokenizer_config.json")
        added = {each["content"]: int(each["id"]) for each in tokenizer.get("added_tokens") or []}
        model = tokenizer.get("model") or {}
        if model.get("type") != "BPE":
            raise CheckpointError(
                f"The tokenizer in {path} must be BPE, got {model.get('type')}. Use a checkpoint "
                "with a BPE tokenizer, or train one with `tokenizers`."
            )
        ids = {**model.get("vocab", {}), **added}
        named = _named_tokens(folder, config)
        special = {name: token for name, token in named.items() if token is not None}
        decoders = list(_parts(tokenizer.get("decoder"), "decoders"))
        spelling = _spelling(path, model, decoders)
        encoder = _load(path)
        return cls(
            folder=folder,
            spelling=spelling,
            prepends_space=_prepends_space(tokenizer),
            strips_space=any(_strips_space(part) for part in decoders),
            ids=ids,
            added=tuple(added),
            special=special,
            absent=frozenset(named.keys() - special.keys()),
            ends=_ends(folder, ids.get(special.get("eos_token", ""))),
            starts=_starts(encoder),
            _encoder=encoder,
        )

    @property
    def info(self) -> dict[str, Any]:
        """The `tokenizer_info` of `mlc-chat-config.json`."""
        return {
            "token_postproc_method": self.spelling,
            "prepend_space_in_encode": self.prepends_space,
            "strip_space_in_decode": self.strips_space,
        }

    def encode(self, text: str) -> list[int]:
        """Return the tokens of `text`, as WebLLM encodes each piece of a prompt."""
        return list(self._encoder.encode(text, add_special_tokens=False).ids)

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of these tokens, including special ones."""
        return str(self._encoder.decode(list(tokens), skip_special_tokens=False))

    def id_of(self, name: str) -> int | None:
        """Return the id of `bos_token` or another special token, or None if there is none."""
        return self.ids.get(self.special.get(name, ""))

    def leading(self, text: str) -> str | None:
        """Return the longest added token that `text` starts with, or None."""
        found = (token for token in self.added if text.startswith(token))
        return max(found, key=len, default=None)


def _load(path: Path) -> Any:
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # The library raises nothing more specific.
        raise CheckpointError(
            f"{path} cannot be read: {error}. Save it again with the version of tokenizers in "
            "model/requirements.txt."
        ) from error


def _parts(part: Any, key: str) -> Iterator[dict[str, Any]]:
    """Yield a component of the tokenizer, or all components of a sequence."""
    if not part:
        return
    if part.get("type") == "Sequence":
        for inner in part.get(key) or part.get("normalizers") or part.get("pretokenizers") or []:
            yield from _parts(inner, key)
        return
    yield part


def _spelling(path: Path, model: Mapping[str, Any], decoders: list[dict[str, Any]]) -> str:
    kinds = {part.get("type") for part in decoders}
    if "ByteLevel" in kinds:
        return "byte_level"
    if "ByteFallback" in kinds and model.get("byte_fallback"):
        return "byte_fallback"
    raise CheckpointError(
        f"The decoder in {path} must be ByteLevel (GPT-2) or ByteFallback (SentencePiece), because "
        f"grammars need the bytes of each token, got {', '.join(map(str, kinds)) or 'none'}. Use a "
        "checkpoint with such a tokenizer."
    )


def _prepends_space(tokenizer: Mapping[str, Any]) -> bool:
    normalizers = _parts(tokenizer.get("normalizer"), "normalizers")
    if any(part.get("type") == "Prepend" and part.get("prepend") == _SPACE for part in normalizers):
        return True
    cutters = _parts(tokenizer.get("pre_tokenizer"), "pretokenizers")
    return any(_is_prepending_metaspace(part) for part in cutters)


def _is_prepending_metaspace(part: Mapping[str, Any]) -> bool:
    return part.get("type") == "Metaspace" and part.get("prepend_scheme", "always") != "never"


def _strips_space(part: Mapping[str, Any]) -> bool:
    strips = part.get("type") == "Strip" and part.get("content") == " " and part.get("start", 0) > 0
    return strips or _is_prepending_metaspace(part)


def _named_tokens(folder: Path, config: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the strings of all named tokens, None for those that the checkpoint sets to null.

    A template may contain any of them, as in `transformers`.
    """
    path = folder / "special_tokens_map.json"
    found: dict[str, str | None] = {}
    for given in (read_json(path) if path.is_file() else {}, config):
        for name, token in _tokens_of(given):
            content = token.get("content") if isinstance(token, dict) else token
            if content is None:
                found.setdefault(name, None)
            elif isinstance(content, str):  # add_bos_token, for example, is a flag
                found[name] = content
    return found


def _tokens_of(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((name, token) for name, token in given.items() if name.endswith("_token"))
    for key in ("extra_special_tokens", "model_specific_special_tokens"):
        if isinstance(more := given.get(key), dict):
            yield from more.items()


def _ends(folder: Path, eos: int | None) -> tuple[int, ...]:
    """Return all tokens that end an answer, that of the tokenizer first."""
    found = [] if eos is None else [eos]
    for name in ("generation_config.json", "config.json"):
        path = folder / name
        given = read_json(path).get("eos_token_id") if path.is_file() else None
        found += given if isinstance(given, list) else [] if given is None else [given]
    if wrong := [each for each in found if not isinstance(each, int)]:
        raise CheckpointError(
            f"eos_token_id in {folder} must be an integer or a list of integers, got {wrong[0]!r}. "
            "Correct it in generation_config.json and config.json."
        )
    return tuple(dict.fromkeys(found))


def _starts(encoder: Any) -> tuple[int, ...]:
    """Return the special tokens that the tokenizer puts before a text."""
    bare = encoder.encode("a", add_special_tokens=False).ids
    full = encoder.encode("a").ids
    for start in range(len(full)):
        if full[start : start + len(bare)] == bare:
            return tuple(full[:start])
    return ()
