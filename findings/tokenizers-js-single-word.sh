#!/usr/bin/env bash
# An added token with "single_word": true is also found inside of other words.
#
# Packages: @huggingface/tokenizers 0.2.0 (npm), inside transformers.js 4.3.2; tokenizers 0.23.3 (PyPI).
# tokenizer.json says of each added token whether it must be a word of its own. JavaScript reads the
# field and does not use it, so a word that begins or ends like the token is split there: the model
# gets other tokens than it was trained with.
# Expected: as in Python, whose documentation of AddedToken says that "ing" must not match in
# "tokenizing" then.
# Instead: leave such tokens to the model's vocabulary, or encode in Python.
. "$(dirname "$0")/lib.sh"

seen=$(both_tokenizers "phone call" "telephone call" <<'PY'
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

vocabulary = ["[UNK]", "tele", "telephone", "phone", "call"]
tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(vocabulary)}, unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer.add_tokens([AddedToken("phone", single_word=True), AddedToken("tele", single_word=True)])
PY
)
finding "@huggingface/tokenizers 0.2.0, tokenizers 0.23.3" \
  "an added token that must be a word of its own is found inside of words" "$seen" <<'SEEN'
Python:
['phone', 'call']
['telephone', 'call']
JavaScript:
[ 'phone', 'call' ]
[ 'tele', 'phone', 'call' ]
SEEN
