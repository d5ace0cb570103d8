#!/usr/bin/env bash
# The behavior of a Split pre-tokenizer is ignored, so token ids differ from Python's.
#
# Packages: @huggingface/tokenizers 0.2.0 (npm), inside transformers.js 4.3.2; tokenizers 0.23.3 (PyPI).
# MergedWithPrevious, MergedWithNext and Contiguous act in JavaScript as Isolated does, and so does
# Removed when the pattern is a string. The tokenizer loads without a warning and produces other
# tokens than the model was trained on.
# Expected: the five behaviors that the documentation of tokenizers lists, as Python applies them.
# Instead: compare the ids of a few sentences with Python's before publishing a model for browsers.
. "$(dirname "$0")/lib.sh"

pip_install tokenizers==0.23.3
npm_install @huggingface/tokenizers@0.2.0
python_tokens=$(py_run <<'PY'
import json
from tokenizers import Tokenizer, models, pre_tokenizers

vocabulary = ["[UNK]", "a", "b", " ", "  ", "a ", " b"]
saved = {}
for behavior in ["isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous"]:
    tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", behavior)
    saved[behavior] = json.loads(tokenizer.to_str())
    print(behavior, json.dumps(tokenizer.encode("a  b").tokens))
json.dump(saved, open("saved.json", "w"))
PY
)
javascript_tokens=$(node_run <<'JS'
import fs from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";

for (const [behavior, json] of Object.entries(JSON.parse(fs.readFileSync("saved.json")))) {
  const { tokens } = new Tokenizer(json, {}).encode("a  b");
  console.log(`${behavior} ${JSON.stringify(tokens).replaceAll(",", ", ")}`);
}
JS
)
seen="Python:
$python_tokens
JavaScript:
$javascript_tokens"
finding "@huggingface/tokenizers 0.2.0, tokenizers 0.23.3" \
  "Split on a string acts as Isolated whatever its behavior" "$seen" <<'SEEN'
Python:
isolated ["a", " ", " ", "b"]
removed ["a", "b"]
merged_with_previous ["a ", " ", "b"]
merged_with_next ["a", " ", " b"]
contiguous ["a", "  ", "b"]
JavaScript:
isolated ["a", " ", " ", "b"]
removed ["a", " ", " ", "b"]
merged_with_previous ["a", " ", " ", "b"]
merged_with_next ["a", " ", " ", "b"]
contiguous ["a", " ", " ", "b"]
SEEN
