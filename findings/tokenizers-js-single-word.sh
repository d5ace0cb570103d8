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

pip_install tokenizers==0.23.3
npm_install @huggingface/tokenizers@0.2.0
python_tokens=$(py_run <<'PY'
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

vocabulary = ["[UNK]", "tele", "telephone", "phone", "call"]
tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(vocabulary)}, unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer.add_tokens([AddedToken("phone", single_word=True), AddedToken("tele", single_word=True)])
tokenizer.save("tokenizer.json")
for text in ["phone call", "telephone call"]:
    print(tokenizer.encode(text).tokens)
PY
)
javascript_tokens=$(node_run <<'JS'
import fs from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";

const tokenizer = new Tokenizer(JSON.parse(fs.readFileSync("tokenizer.json")), {});
for (const text of ["phone call", "telephone call"]) console.log(tokenizer.encode(text).tokens);
JS
)
seen="Python:
$python_tokens
JavaScript:
$javascript_tokens"
finding "@huggingface/tokenizers 0.2.0, tokenizers 0.23.3" \
  "an added token that must be a word of its own is found inside of words" "$seen" <<'SEEN'
Python:
['phone', 'call']
['telephone', 'call']
JavaScript:
[ 'phone', 'call' ]
[ 'tele', 'phone', 'call' ]
SEEN
