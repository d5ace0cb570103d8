#!/usr/bin/env bash
# Truncation removes the closing special token.
#
# Packages: @huggingface/transformers 4.3.2 (npm), tokenizers 0.23.3 (PyPI).
# With {truncation: true, max_length: n} the finished list of ids is sliced, special tokens included:
# [CLS] a b c [SEP] becomes [CLS] a b c. A BERT embedding of a long text is computed without its
# separator and differs from the one that Python computes for the same text and length.
# Expected: room is kept for the special tokens, as in Python, which gives [CLS] a b [SEP].
# Instead: truncate to n - 1 and append the id of the separator before calling the model.
. "$(dirname "$0")/lib.sh"

pip_install tokenizers==0.23.3
npm_install @huggingface/transformers@4.3.2
python_ids=$(py_run <<'PY'
from tokenizers import Tokenizer, models, pre_tokenizers, processors

words = ["[UNK]", "[CLS]", "[SEP]", "one", "two", "three", "four", "five"]
tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
tokenizer.add_special_tokens(words[:3])
tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
)
tokenizer.save("tokenizer.json")
tokenizer.enable_truncation(max_length=4)
print(" ".join(tokenizer.encode("one two three four five").tokens))
PY
)
javascript_ids=$(node_run <<'JS'
import fs from "node:fs";
import { PreTrainedTokenizer } from "@huggingface/transformers";

const tokenizer = new PreTrainedTokenizer(JSON.parse(fs.readFileSync("tokenizer.json")), {});
const { input_ids } = tokenizer("one two three four five", {
  truncation: true, max_length: 4, return_tensor: false,
});
console.log(tokenizer.decode(input_ids));
JS
)
seen="tokenizers:   $python_ids
transformers.js: $javascript_ids"
finding "@huggingface/transformers 4.3.2, tokenizers 0.23.3" \
  "truncation to 4 tokens loses [SEP] in JavaScript and keeps it in Python" "$seen" <<'SEEN'
tokenizers:   [CLS] one two [SEP]
transformers.js: [CLS] one two three
SEEN
