#!/usr/bin/env bash
# The Whitespace pre-tokenizer splits words at accented letters.
#
# Packages: @huggingface/tokenizers 0.2.0 (npm), inside transformers.js 4.3.2; tokenizers 0.23.3 (PyPI).
# Whitespace splits by \w+|[^\w\s]+. In JavaScript \w is ASCII only, so "é" counts as punctuation and
# "café" becomes two words; a model that knows the word gets [UNK] twice. Words in other alphabets
# stay whole but merge with the punctuation next to them.
# Expected: Unicode letters, as in Python; the documentation gives the same expression for both.
# Instead: use a Split pre-tokenizer whose expression names \p{L}, \p{M} and \p{N}.
. "$(dirname "$0")/lib.sh"

seen=$(both_tokenizers "café noir" "мир!" <<'PY'
from tokenizers import Tokenizer, models, pre_tokenizers

vocabulary = ["[UNK]", "café", "noir", "мир", "!"]
tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(vocabulary)}, unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
PY
)
finding "@huggingface/tokenizers 0.2.0, tokenizers 0.23.3" \
  "Whitespace treats letters beyond ASCII as punctuation" "$seen" <<'SEEN'
Python:
['café', 'noir']
['мир', '!']
JavaScript:
[ '[UNK]', '[UNK]', 'noir' ]
[ '[UNK]' ]
SEEN
