#!/usr/bin/env bash
# A stream of Python code loses one space of every indentation.
#
# Package: @huggingface/transformers 4.3.2 (npm), TextStreamer, with the decoder of Llama 2, Mistral
# and Phi-3 tokenizers (Replace, ByteFallback, Fuse, Strip of one space on the left).
# After a line break the streamer clears its tokens and decodes the next line alone. The decoder's
# Strip is meant for the beginning of the whole text and now removes a space from every line: four
# become three, and Python code taken from the stream does not run.
# Expected: the pieces of a stream, joined, are what decode() gives for all tokens.
# Instead: collect the ids with token_callback_function and decode all of them.
. "$(dirname "$0")/lib.sh"

npm_install @huggingface/transformers@4.3.2
seen=$(node_run <<'JS'
import { PreTrainedTokenizer, TextStreamer } from "@huggingface/transformers";

const words = ["<unk>", "\n", "▁▁▁▁", "if", "▁x", ":", "y", "▁", "x"];
const tokenizer = new PreTrainedTokenizer({
  added_tokens: [{ id: 0, content: "<unk>", special: true }],
  normalizer: { type: "Replace", pattern: { String: " " }, content: "▁" },
  pre_tokenizer: null, post_processor: null,
  decoder: { type: "Sequence", decoders: [
    { type: "Replace", pattern: { String: "▁" }, content: " " },
    { type: "ByteFallback" }, { type: "Fuse" }, { type: "Strip", content: " ", start: 1, stop: 0 },
  ] },
  model: { type: "BPE", unk_token: "<unk>", merges: ["▁ x"],
    vocab: Object.fromEntries(words.map((word, id) => [word, id])) },
}, { clean_up_tokenization_spaces: false });

const ids = ["if", "▁x", ":", "\n", "▁▁▁▁", "y", "\n"].map((word) => words.indexOf(word));
let streamed = "";
const streamer = new TextStreamer(tokenizer, {
  skip_prompt: true, callback_function: (text) => (streamed += text),
});
streamer.put([[0n]]);
for (const id of ids) streamer.put([[BigInt(id)]]);
streamer.end();
console.log(`decode: ${JSON.stringify(tokenizer.decode(ids))}`);
console.log(`stream: ${JSON.stringify(streamed)}`);
JS
)
finding "@huggingface/transformers 4.3.2" \
  "TextStreamer drops one space at the beginning of each line" "$seen" <<'SEEN'
decode: "if x:\n    y\n"
stream: "if x:\n   y\n"
SEEN
