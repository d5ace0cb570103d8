/** The GGUF file that is written of the built-in model's weights, and what is read of a GGUF file. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { TYPES, writeGguf } from "../../../bridge/wllama/gguf.js";
import { LazyFile } from "../../../bridge/wllama/lazy_file.js";
import { readModelInfo } from "../../../bridge/wllama/gguf_reader.js";
import { llamaTensors } from "../../../bridge/wllama/weights.js";

const METADATA = {
  "general.architecture": "llama",
  "llama.context_length": 512,
  "llama.rope.freq_base": { float: 10000 },
  "tokenizer.ggml.add_bos_token": false,
  "tokenizer.ggml.tokens": ["<s>", "é", "<tag>"],
  "tokenizer.ggml.token_type": { integers: [3, 1, 4] },
  "tokenizer.chat_template": "{{ messages }}",
};

test("metadata that was written is read again", async () => {
  const tensor = { name: "a", shape: [2, 3], type: TYPES.f32, bytes: new Uint8Array(24) };
  const info = await readModelInfo(writeGguf(METADATA, [tensor]));
  assert.deepEqual(info, { architecture: "llama", hasTemplate: true, controlTokens: ["<s>", "<tag>"], contextLength: 512 });
});

test("tensors begin at multiples of 32 bytes, with the innermost dimension first", async () => {
  const bytes = (/** @type {number} */ value) => new Uint8Array(4).fill(value);
  const blob = writeGguf({}, [
    { name: "a", shape: [1, 1], type: TYPES.f32, bytes: bytes(7) },
    { name: "b", shape: [1], type: TYPES.f32, bytes: bytes(9) },
  ]);
  const content = new Uint8Array(await blob.arrayBuffer());
  const start = content.indexOf(7, 24 + 60);
  assert.equal(start % 32, 0);
  assert.deepEqual([...content.slice(start + 32, start + 36)], [9, 9, 9, 9]);
  assert.equal(content.length, start + 64);
});

for (const [what, bytes] of /** @type {[string, Uint8Array][]} */ ([
  ["an HTML page", new TextEncoder().encode("<!doctype html>")],
  ["the first version", Uint8Array.of(71, 71, 85, 70, 1, 0, 0, 0, 0, 0, 0, 0)],
])) {
  test(`${what} is not a GGUF file of a known version`, async () => {
    await assert.rejects(readModelInfo(new Blob([/** @type {BlobPart} */ (bytes)])), /it is not a GGUF file of version 2 or 3/);
  });
}

test("a file that ends within its metadata is reported", async () => {
  const whole = writeGguf(METADATA, []);
  await assert.rejects(readModelInfo(whole.slice(0, 60)), /it ends before its metadata does/);
});

/** A matrix of 32 inputs whose weight is `(input % 16 - 7.5) * (output + 1)`, as the recipe packs it. @param {number} outputs */
function packed(outputs) {
  const words = new Uint32Array(4 * outputs);
  for (let input = 0; input < 32; input += 1) {
    for (let output = 0; output < outputs; output += 1) {
      const at = Math.floor(input / 8) * outputs + output;
      words[at] = ((words[at] ?? 0) | ((input % 16) << (4 * (input % 8)))) >>> 0;
    }
  }
  const scales = Uint32Array.from({ length: outputs }, (_, output) => toHalf(output + 1) | (toHalf(-7.5 * (output + 1)) << 16));
  return { words, scales };
}

/** The bits of a float16 with at most ten bits after the first. @param {number} value of at least 1, or at most -1 */
function toHalf(value) {
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  const fraction = Math.abs(value) / 2 ** exponent - 1;
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | (fraction * 1024);
}

test("weights are unpacked, taken apart, and rotated as llama.cpp rotates them", async () => {
  /** @type {Uint8Array[]} */
  const parts = [];
  /** @type {any[]} */
  const entries = [];
  let byteOffset = 0;
  const add = (/** @type {string} */ name, /** @type {number[]} */ shape, /** @type {any} */ array) => {
    entries.push({ name, shape, dtype: "", byteOffset, nbytes: array.byteLength });
    parts.push(new Uint8Array(array.buffer));
    byteOffset += array.byteLength;
  };
  const matrix = (/** @type {string} */ name, /** @type {number} */ outputs) => {
    const { words, scales } = packed(outputs);
    add(`${name}.words`, [4, outputs], words);
    add(`${name}.scales`, [1, outputs], scales);
  };
  matrix("embedding", 2);
  add("layers.0.attention.norm", [32], new Float32Array(32).fill(0.5));
  matrix("layers.0.attention.qkv", 12);
  matrix("layers.0.attention.out", 2);
  add("layers.0.mlp.norm", [32], new Float32Array(32));
  matrix("layers.0.mlp.gate_up", 4);
  matrix("layers.0.mlp.down", 2);
  add("norm", [32], new Float32Array(32));
  const shard = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.forEach((part, index) => shard.set(part, entries[index].byteOffset));

  const tensors = llamaTensors(new Blob([shard]), entries, { heads: 1, kvHeads: 1, headSize: 4 });
  const valuesOf = async (/** @type {string} */ name) => {
    const found = /** @type {any} */ (tensors.find((tensor) => tensor.name === name));
    return new Float32Array(await new LazyFile([found.bytes]).arrayBuffer());
  };
  const scalesOf = async (/** @type {string} */ name) => {
    const values = await valuesOf(`blk.0.${name}.weight`);
    // The weight of input 8 is half the scale of the output.
    return Array.from({ length: values.length / 32 }, (_, row) => 2 * (values[row * 32 + 8] ?? 0));
  };
  assert.deepEqual(await scalesOf("attn_q"), [1, 3, 2, 4]);
  assert.deepEqual(await scalesOf("attn_k"), [5, 7, 6, 8]);
  assert.deepEqual(await scalesOf("attn_v"), [9, 10, 11, 12]);
  assert.deepEqual([await scalesOf("ffn_gate"), await scalesOf("ffn_up")], [[1, 2], [3, 4]]);
  const embedding = await valuesOf("token_embd.weight");
  // Any bytes of it can be read, within a row or over several.
  const whole = new LazyFile(tensors.map(({ bytes }) => bytes));
  const all = new Uint8Array(await whole.arrayBuffer());
  for (const [start, end] of [[3, 130], [126, 131], [255, 600]]) {
    assert.deepEqual(new Uint8Array(await whole.slice(start, end).arrayBuffer()), all.slice(start, end));
  }
  const streamed = new Uint8Array(await new Response(/** @type {BodyInit} */ (whole.stream())).arrayBuffer());
  assert.deepEqual(streamed, all);
  assert.deepEqual([...embedding.slice(0, 16)], Array.from({ length: 16 }, (_, input) => input - 7.5));
  assert.equal(tensors.find(({ name }) => name === "output.weight"), undefined, "the embedding is the head, too");
});
