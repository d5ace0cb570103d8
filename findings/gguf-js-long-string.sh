#!/usr/bin/env bash
# A metadata string that is longer than what has been fetched is cut off, without an error.
#
# Packages: @huggingface/gguf 0.4.6 (npm), and gguf 0.19.0 (PyPI), which writes the file and reads it.
# The header is fetched in pieces of 2,000,000 bytes. A number beyond the last piece makes gguf() fetch
# the next one and read the value again, but a string is sliced from what is there. Its whole length is
# skipped all the same, so the keys after it are right and nothing tells that it is incomplete. Remote
# files, the only ones in a browser, are read by the same code.
# Expected: the whole string, as in Python. GGUF names a key for strings of this size,
# tokenizer.huggingface.json, the whole tokenizer.json of a model.
# Instead: parse such a value (JSON.parse) before relying on it, or read the key by Python's gguf.
. "$(dirname "$0")/lib.sh"

pip_install gguf==0.19.0
npm_install @huggingface/gguf@0.4.6
python_seen=$(py_run <<'PY'
import json, gguf

text = json.dumps({"model": {"vocab": {f"token{i}": i for i in range(120_000)}}})
writer = gguf.GGUFWriter("model.gguf", "llama")
writer.add_string("tokenizer.huggingface.json", text)
writer.add_uint32("llama.block_count", 3)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
fields = gguf.GGUFReader("model.gguf").fields
print("tokenizer.huggingface.json:", len(fields["tokenizer.huggingface.json"].contents()), "characters")
print("llama.block_count:", fields["llama.block_count"].contents())
PY
)
javascript_seen=$(node_run <<'JS'
import { gguf } from "@huggingface/gguf";

const { metadata } = await gguf("model.gguf", { allowLocalFile: true });
console.log("tokenizer.huggingface.json:", metadata["tokenizer.huggingface.json"].length, "characters");
console.log("llama.block_count:", metadata["llama.block_count"]);
JS
)
seen="Python:
$python_seen
JavaScript:
$javascript_seen"
finding "@huggingface/gguf 0.4.6, gguf 0.19.0" \
  "a string that reaches beyond the first 2,000,000 bytes is cut off there" "$seen" <<'SEEN'
Python:
tokenizer.huggingface.json: 2537802 characters
llama.block_count: 3
JavaScript:
tokenizer.huggingface.json: 1999885 characters
llama.block_count: 3
SEEN
