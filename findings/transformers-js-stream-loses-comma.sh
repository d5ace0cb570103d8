#!/usr/bin/env bash
# A tokenizer saved by transformers 5 decodes differently in JavaScript, and a stream loses commas.
#
# Packages: transformers 5.24.0 (PyPI), @huggingface/transformers 4.3.2 (npm).
# save_pretrained() of transformers 5 does not write clean_up_tokenization_spaces, which is off there
# by default; transformers.js reads a missing key as on. decode() then removes the space before "," "."
# "!" and "?". TextStreamer, which emits what decode() has added since the last token, finds the text
# shorter than before and emits nothing for the comma.
# Expected: decode() returns the text that was encoded, as in Python, and the stream equals decode().
# Instead: put "clean_up_tokenization_spaces": false into tokenizer_config.json.
. "$(dirname "$0")/lib.sh"

pip_install transformers==5.24.0
npm_install @huggingface/transformers@4.3.2
python_text=$(py_run <<'PY'
import json
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
bytes_only = Tokenizer(models.BPE({c: i for i, c in enumerate(alphabet)}, []))
bytes_only.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
bytes_only.decoder = decoders.ByteLevel()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=bytes_only)
tokenizer.save_pretrained("saved")
print(tokenizer.decode(tokenizer("a , b").input_ids))
PY
)
javascript_text=$(node_run <<'JS'
import fs from "node:fs";
import { PreTrainedTokenizer, TextStreamer } from "@huggingface/transformers";

const read = (name) => JSON.parse(fs.readFileSync(`saved/${name}`));
const saved = read("tokenizer_config.json");
for (const extra of [{}, { clean_up_tokenization_spaces: false }]) {
  const tokenizer = new PreTrainedTokenizer(read("tokenizer.json"), { ...saved, ...extra });
  const ids = tokenizer("a , b", { return_tensor: false }).input_ids;
  let streamed = "";
  const streamer = new TextStreamer(tokenizer, {
    skip_prompt: true, callback_function: (text) => (streamed += text),
  });
  streamer.put([[0n]]);
  for (const id of ids) streamer.put([[BigInt(id)]]);
  streamer.end();
  const [decode, stream] = [tokenizer.decode(ids), streamed].map((text) => JSON.stringify(text));
  console.log(`transformers.js ${JSON.stringify(extra)}: decode ${decode}, stream ${stream}`);
}
JS
)
seen="transformers: decode \"$python_text\"
$javascript_text"
finding "@huggingface/transformers 4.3.2, transformers 5.24.0" \
  "the text \"a , b\" decodes to \"a, b\" and streams without its comma" "$seen" <<'SEEN'
transformers: decode "a , b"
transformers.js {}: decode "a, b", stream "a  b"
transformers.js {"clean_up_tokenization_spaces":false}: decode "a , b", stream "a , b"
SEEN
