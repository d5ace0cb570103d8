"""Training the byte-level BPE tokenizer, and saving it in Hugging Face format."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from model.data.chatml import END, PAD, SPECIAL_TOKENS, START
from model.data.language.lexicon import templates
from model.tools import RecipeError

__all__ = ["load_tokenizer", "save_tokenizer", "train_tokenizer"]

# How text is split before pairs of bytes are merged. A capitalized word is separated from the space
# before it, so that a name has the same tokens at the start of a sentence, within it and in the
# form, which makes it easier to copy. The space belongs to the punctuation before it, if there is
# any. Each digit is separate.
_WORDS = (
    r"'(?:s|t|re|ve|m|ll|d)(?!\p{L})"
    r"|\p{Lu}[\p{L}\p{M}]*"
    r"| ?[\p{Ll}\p{Lo}\p{Lt}\p{Lm}\p{M}][\p{L}\p{M}]*"
    r"|\p{N}"
    r"| ?[^\s\p{L}\p{M}\p{N}]+(?: (?=[\p{Lu}\p{N}]))?"
    r"|\s"
)


def train_tokenizer(texts: Iterable[str], *, vocabulary: int) -> Tokenizer:
    """Return a tokenizer trained on `texts`, with exactly `vocabulary` tokens.

    Raises:
        RecipeError: The texts are too few for this vocabulary.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    if tokenizer.get_vocab_size() != vocabulary:
        raise RecipeError(
            f"the vocabulary must have {vocabulary} tokens, got {tokenizer.get_vocab_size()}. "
            "Train the tokenizer on more conversations."
        )
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path, *, context: int) -> None:
    """Write tokenizer.json and tokenizer_config.json; `context` is in tokens."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": PAD,
        "eos_token": END,
        "pad_token": PAD,
        "add_bos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": context,
        "chat_template": _chat_template(),
    }
    text = json.dumps(config, indent=2, ensure_ascii=False)
    (folder / "tokenizer_config.json").write_text(text + "\n", "utf-8")


def _chat_template() -> str:
    """Return ChatML as Jinja; the default system message is the first of the lexicon."""
    system = templates("requests", "system")[0].text
    return (
        "{% if messages[0].role != 'system' %}"
        f"{START}system\n{system}{END}\n"
        "{% endif %}"
        "{% for message in messages %}"
        f"{START}{{{{ message.role }}}}\n{{{{ message.content }}}}{END}\n"
        "{% endfor %}"
        f"{{% if add_generation_prompt %}}{START}assistant\n{{% endif %}}"
    )


def load_tokenizer(folder: Path) -> Tokenizer:
    """Read the tokenizer of a folder.

    Raises:
        RecipeError: The folder has none.
    """
    file = folder / "tokenizer.json"
    if not file.is_file():
        raise RecipeError(f"{folder} has no tokenizer.json. Run `python -m model tokenizer` first.")
    return Tokenizer.from_file(str(file))
