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
 * The tensors read the file when they are read: no more than one matrix of it is in memory.
 * @param {Blob} shard @param {Entry[]} entries @param {Network} network
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
  /** The matrix that was read last: llama.cpp reads a large one in several pieces. @type {{ name: string, packed: Promise<Packed> } | undefined} */
  #last;

  /** @param {Blob} shard @param {Map<string, Entry>} entries */
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
    const { shape, nbytes } = this.#entry(vector);
    const read = async (/** @type {number} */ start, /** @type {Uint8Array<ArrayBuffer>} */ target) =>
      target.set(new Uint8Array(await this.#bytes(vector), start, target.length));
    return { name, shape, type: TYPES.f32, bytes: { size: nbytes, read } };
  }

  /** @param {string} name @param {string} matrix @param {number[]} [rows] its outputs, in this order @returns {Tensor} */
  matrix(name, matrix, rows = range(0, this.outputs(matrix))) {
    const columns = Number(this.#entry(`${matrix}.scales`).shape[0]) * GROUP;
    return { name, shape: [rows.length, columns], type: TYPES.f32, bytes: unpacked(() => this.#packed(matrix), rows, columns) };
  }

  /** @param {string} matrix @returns {Promise<Packed>} */
  #packed(matrix) {
    if (this.#last?.name !== matrix) this.#last = { name: matrix, packed: this.#read(matrix) };
    return this.#last.packed;
  }

  /** @param {string} matrix @returns {Promise<Packed>} */
  async #read(matrix) {
    const words = new Uint32Array(await this.#bytes(`${matrix}.words`));
    const scales = new Uint32Array(await this.#bytes(`${matrix}.scales`));
    return { words, scales, outputs: this.outputs(matrix) };
  }

  /** @param {string} name */
  #bytes(name) {
    const { byteOffset, nbytes } = this.#entry(name);
    return this.#shard.slice(byteOffset, byteOffset + nbytes).arrayBuffer();
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
 * @typedef {{ words: Uint32Array, scales: Uint32Array, outputs: number }} Packed
 */

/**
 * The float32 numbers of a matrix, made when they are read: they have eight times as many bytes.
 * @param {() => Promise<Packed>} packed @param {number[]} rows @param {number} columns @returns {LazyBytes}
 */
function unpacked(packed, rows, columns) {
  const values = new Float32Array(columns);
  const row = new Uint8Array(values.buffer);
  const read = async (/** @type {number} */ start, /** @type {Uint8Array<ArrayBuffer>} */ target) => {
    const matrix = await packed();
    for (let end = 0; end < target.length; ) {
      const from = (start + end) % row.length;
      dequantize(matrix, Number(rows[Math.floor((start + end) / row.length)]), values);
      const part = row.subarray(from, from + target.length - end);
      target.set(part, end);
      end += part.length;
    }
  };
  return { size: rows.length * row.length, read };
}

/** @param {Packed} packed @param {number} row @param {Float32Array} values are written */
function dequantize({ words, scales, outputs }, row, values) {
  for (let word = 0; word < values.length / PER_WORD; word += 1) {
    let bits = /** @type {number} */ (words[word * outputs + row]);
    const halves = /** @type {number} */ (scales[Math.floor(word / (GROUP / PER_WORD)) * outputs + row]);
    const scale = fromHalf(halves & 0xffff);
    const offset = fromHalf(halves >>> 16);
    for (let index = word * PER_WORD; index < (word + 1) * PER_WORD; index += 1) {
      values[index] = (bits & 15) * scale + offset;
      bits >>>= 4;
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
