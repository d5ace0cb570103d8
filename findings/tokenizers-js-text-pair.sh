#!/usr/bin/env bash
# The second text of a pair is dropped if the post-processor is ByteLevel.
#
# Packages: @huggingface/tokenizers 0.2.0 (npm), inside transformers.js 4.3.2; tokenizers 0.23.3 (PyPI).
# encode(text, { text_pair }) hands both texts to the post-processor of tokenizer.json and takes only
# the tokens of the first from its answer. ByteLevel, the post-processor of tokenizers of the kind of
# GPT-2, does not join the two, so the second text is gone, without an error. A tokenizer without any
# post-processor joins them.
# Expected: the ids of both, as in Python.
# Instead: encode the two texts one by one and join the ids.
. "$(dirname "$0")/lib.sh"

pip_install tokenizers==0.23.3
npm_install @huggingface/tokenizers@0.2.0
python_tokens=$(py_run <<'PY'
from tokenizers import Tokenizer, models, pre_tokenizers, processors

vocabulary = {letter: i for i, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
tokenizer = Tokenizer(models.BPE(vocabulary, []))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.save("none.json")
print("no post-processor:", tokenizer.encode("why", "so").tokens)
tokenizer.post_processor = processors.ByteLevel()
tokenizer.save("byte_level.json")
print("ByteLevel:", tokenizer.encode("why", "so").tokens)
PY
)
javascript_tokens=$(node_run <<'JS'
import fs from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";

for (const [name, file] of [["no post-processor:", "none.json"], ["ByteLevel:", "byte_level.json"]]) {
  const tokenizer = new Tokenizer(JSON.parse(fs.readFileSync(file)), {});
  console.log(name, tokenizer.encode("why", { text_pair: "so" }).tokens);
}
JS
)
seen="Python:
$python_tokens
JavaScript:
$javascript_tokens"
finding "@huggingface/tokenizers 0.2.0, tokenizers 0.23.3" \
  "text_pair is dropped if the post-processor is ByteLevel" "$seen" <<'SEEN'
Python:
no post-processor: ['w', 'h', 'y', 's', 'o']
ByteLevel: ['w', 'h', 'y', 's', 'o']
JavaScript:
no post-processor: [ 'w', 'h', 'y', 's', 'o' ]
ByteLevel: [ 'w', 'h', 'y' ]
SEEN
