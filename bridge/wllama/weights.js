/**
 * The built-in model's weights as tensors of llama.cpp. `model/compile/quantize.py` describes what is read:
 * words of eight levels of 4 bits, and words of a scale and an offset, both input-major, of matrices that are
 * concatenated.
 */

import { TYPES } from "./gguf.js";

/** @import { Tensor } from "./gguf.js" */
/** @import { LazyBytes } from "./lazy_file.js" */

/**
 * Sizes of the network, as far as the shapes of its weights do not say them.
 * @typedef {object} Network
 * @property {number} heads of queries
 * @property {number} kvHeads
 * @property {number} headSize
 */

/** @typedef {{ name: string, shape: number[], dtype: string, byteOffset: number, nbytes: number }} Entry of `tensor-cache.json` */

/** Weights of one group share a scale and an offset, and eight of them a word. */
const GROUP = 32;
const PER_WORD = 8;

/**
 * @param {ArrayBuffer} shard @param {Entry[]} entries @param {Network} network
 * @returns {Tensor[]}
 */
export function llamaTensors(shard, entries, network) {
  const found = new Map(entries.map((entry) => [entry.name, entry]));
  const reader = new Reader(shard, found);
  const layers = [...found.keys()].filter((name) => name.endsWith("attention.norm")).length;
  const tensors = [
    reader.matrix("token_embd.weight", "embedding"),
    reader.vector("output_norm.weight", "norm"),
    ...(found.has("head.words") ? [reader.matrix("output.weight", "head")] : []),
  ];
  for (let layer = 0; layer < layers; layer += 1) tensors.push(...layerTensors(reader, layer, network));
  return tensors;
}

/** @param {Reader} reader @param {number} layer @param {Network} network @returns {Tensor[]} */
function layerTensors(reader, layer, { heads, kvHeads, headSize }) {
  const ours = `layers.${layer}`;
  const theirs = `blk.${layer}`;
  const queries = heads * headSize;
  const keys = kvHeads * headSize;
  const feedForward = reader.outputs(`${ours}.mlp.gate_up`) / 2;
  const qkv = `${ours}.attention.qkv`;
  return [
    reader.vector(`${theirs}.attn_norm.weight`, `${ours}.attention.norm`),
    reader.matrix(`${theirs}.attn_q.weight`, qkv, rotary(0, queries, headSize)),
    reader.matrix(`${theirs}.attn_k.weight`, qkv, rotary(queries, keys, headSize)),
    reader.matrix(`${theirs}.attn_v.weight`, qkv, range(queries + keys, keys)),
    reader.matrix(`${theirs}.attn_output.weight`, `${ours}.attention.out`),
    reader.vector(`${theirs}.ffn_norm.weight`, `${ours}.mlp.norm`),
    reader.matrix(`${theirs}.ffn_gate.weight`, `${ours}.mlp.gate_up`, range(0, feedForward)),
    reader.matrix(`${theirs}.ffn_up.weight`, `${ours}.mlp.gate_up`, range(feedForward, feedForward)),
    reader.matrix(`${theirs}.ffn_down.weight`, `${ours}.mlp.down`),
  ];
}

class Reader {
  #shard;
  #entries;
  #scratch = new Scratch();

  /** @param {ArrayBuffer} shard @param {Map<string, Entry>} entries */
  constructor(shard, entries) {
    this.#shard = shard;
    this.#entries = entries;
  }

  /** @param {string} matrix @returns {number} */
  outputs(matrix) {
    return Number(this.#entry(`${matrix}.scales`).shape[1]);
  }

  /** @param {string} name @param {string} vector @returns {Tensor} */
  vector(name, vector) {
    const { shape, byteOffset, nbytes } = this.#entry(vector);
    return { name, shape, type: TYPES.f32, bytes: new Uint8Array(this.#shard, byteOffset, nbytes) };
  }

  /** @param {string} name @param {string} matrix @param {number[]} [rows] its outputs, in this order @returns {Tensor} */
  matrix(name, matrix, rows = range(0, this.outputs(matrix))) {
    const words = this.#entry(`${matrix}.words`);
    const scales = this.#entry(`${matrix}.scales`);
    const columns = Number(scales.shape[0]) * GROUP;
    const packed = {
      words: new Uint32Array(this.#shard, words.byteOffset, words.nbytes / 4),
      scales: new Uint32Array(this.#shard, scales.byteOffset, scales.nbytes / 4),
      outputs: Number(scales.shape[1]),
      columns,
    };
    return { name, shape: [rows.length, columns], type: TYPES.f32, bytes: unpacked(packed, rows, this.#scratch) };
  }

  /** @param {string} name @returns {Entry} */
  #entry(name) {
    const entry = this.#entries.get(name);
    if (entry) return entry;
    throw new Error(`The weights of the model have no ${name}.`);
  }
}

/**
 * `words` is `[columns / 8, outputs]`, `scales` is `[columns / 32, outputs]`: the scale as float16 in the low half,
 * the offset in the high half.
 * @typedef {{ words: Uint32Array, scales: Uint32Array, outputs: number, columns: number }} Packed
 */

/** Memory for numbers that are made one after the other: without it, more than that of all of them would wait for the garbage collector. */
class Scratch {
  #values = new Float32Array();

  /** @param {number} length @returns {Float32Array<ArrayBuffer>} valid until the next call */
  take(length) {
    if (this.#values.length < length) this.#values = new Float32Array(length);
    return this.#values;
  }
}

/**
 * The float32 numbers of a matrix, made when they are read: they have eight times as many bytes.
 * @param {Packed} packed @param {number[]} rows @param {Scratch} scratch @returns {LazyBytes}
 */
function unpacked(packed, rows, scratch) {
  const rowBytes = packed.columns * 4;
  const read = (/** @type {number} */ start, /** @type {number} */ end) => {
    const first = Math.floor(start / rowBytes);
    const found = rows.slice(first, Math.ceil(end / rowBytes));
    const values = scratch.take(found.length * packed.columns);
    dequantize(packed, found, values);
    return new Uint8Array(values.buffer, start - first * rowBytes, end - start);
  };
  return { size: rows.length * rowBytes, read };
}

/** @param {Packed} packed @param {number[]} rows @param {Float32Array} values are written */
function dequantize({ words, scales, outputs, columns }, rows, values) {
  let index = 0;
  for (const row of rows) {
    for (let word = 0; word < columns / PER_WORD; word += 1) {
      let bits = /** @type {number} */ (words[word * outputs + row]);
      const halves = /** @type {number} */ (scales[Math.floor(word / (GROUP / PER_WORD)) * outputs + row]);
      const scale = fromHalf(halves & 0xffff);
      const offset = fromHalf(halves >>> 16);
      for (let count = 0; count < PER_WORD; count += 1) {
        values[index] = (bits & 15) * scale + offset;
        bits >>>= 4;
        index += 1;
      }
    }
  }
}

/** @param {number} bits of a float16 that is zero or a normal number, as `model/compile/grid.py` writes them */
function fromHalf(bits) {
  const exponent = (bits >> 10) & 31;
  if (exponent === 0) return 0;
  const size = 2 ** (exponent - 25) * (1024 + (bits & 1023));
  return bits & 0x8000 ? -size : size;
}

/** @param {number} start @param {number} length */
function range(start, length) {
  return Array.from({ length }, (_, index) => start + index);
}

/**
 * llama.cpp rotates neighbors, the library of the model the numbers of the two halves of a head.
 * @param {number} start @param {number} length @param {number} headSize
 */
function rotary(start, length, headSize) {
  const half = headSize / 2;
  return range(0, length).map((row) => {
    const within = row % headSize;
    return start + row - within + (within % 2) * half + Math.floor(within / 2);
  });
}
