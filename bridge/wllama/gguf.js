/** Writes GGUF, the file format of llama.cpp: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 3. */

import { LazyFile, sizeOf } from "./lazy_file.js";

/** @import { LazyBytes } from "./lazy_file.js" */

/** Numbers of ggml's types. */
export const TYPES = /** @type {const} */ ({ f32: 0, f16: 1, q4_0: 2 });

/**
 * A tensor, with the number of ggml's type and its bytes. Rows are contiguous: `shape` is `[rows, columns]`, or
 * `[columns]` for a vector.
 * @typedef {{ name: string, shape: number[], type: number, bytes: Uint8Array<ArrayBuffer> | LazyBytes }} Tensor
 */

/**
 * A value of the metadata. GGUF distinguishes types that JavaScript does not: an integer is unsigned, a number in
 * an object is what its key says.
 * @typedef {string | boolean | number | { float: number } | { uint16: number } | { int32: number } | string[] | { integers: number[] }} Value
 */

/** The types of values in GGUF. */
const UINT16 = 2;
const UINT32 = 4;
const INT32 = 5;
const FLOAT32 = 6;
const BOOL = 7;
const STRING = 8;
const ARRAY = 9;

const ALIGNMENT = 32;

/**
 * @param {Record<string, Value>} metadata
 * @param {Tensor[]} tensors
 * @returns {LazyFile}
 */
export function writeGguf(metadata, tensors) {
  const head = new Bytes();
  head.text("GGUF");
  head.uint32(3);
  head.uint64(tensors.length);
  head.uint64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    head.string(key);
    writeValue(head, value);
  }
  let offset = 0;
  for (const { name, shape, type, bytes } of tensors) {
    head.string(name);
    head.uint32(shape.length);
    // The innermost dimension comes first.
    for (const size of [...shape].reverse()) head.uint64(size);
    head.uint32(type);
    head.uint64(offset);
    offset += padded(sizeOf(bytes));
  }
  const parts = tensors.flatMap(({ bytes }) => [bytes, padding(sizeOf(bytes))]);
  return new LazyFile([head.whole(), padding(head.length), ...parts]);
}

/** @param {Bytes} out @param {Value} value */
function writeValue(out, value) {
  if (typeof value === "string") {
    out.uint32(STRING);
    out.string(value);
  } else if (typeof value === "boolean") {
    out.uint32(BOOL);
    out.bool(value ? 1 : 0);
  } else if (typeof value === "number") {
    out.uint32(UINT32);
    out.uint32(value);
  } else if (Array.isArray(value)) {
    out.array(STRING, value.length);
    for (const text of value) out.string(text);
  } else if ("integers" in value) {
    out.array(INT32, value.integers.length);
    for (const integer of value.integers) out.int32(integer);
  } else if ("uint16" in value) {
    out.uint32(UINT16);
    out.uint16(value.uint16);
  } else if ("int32" in value) {
    out.uint32(INT32);
    out.int32(value.int32);
  } else {
    out.uint32(FLOAT32);
    out.float32(value.float);
  }
}

/** Numbers are little-endian. In one buffer: a buffer for each of ten thousand tokens would take a multiple of their bytes. */
class Bytes {
  length = 0;
  #bytes = new Uint8Array(2 ** 16);
  #view = new DataView(this.#bytes.buffer);

  /** All bytes so far. */
  whole() {
    return this.#bytes.subarray(0, this.length);
  }

  /** @param {number} value */
  bool(value) {
    const start = this.#take(1);
    this.#view.setUint8(start, value);
  }

  /** @param {number} value */
  uint16(value) {
    const start = this.#take(2);
    this.#view.setUint16(start, value, true);
  }

  /** @param {number} value */
  uint32(value) {
    const start = this.#take(4);
    this.#view.setUint32(start, value, true);
  }

  /** @param {number} value */
  int32(value) {
    const start = this.#take(4);
    this.#view.setInt32(start, value, true);
  }

  /** @param {number} value */
  uint64(value) {
    const start = this.#take(8);
    this.#view.setBigUint64(start, BigInt(value), true);
  }

  /** @param {number} value */
  float32(value) {
    const start = this.#take(4);
    this.#view.setFloat32(start, value, true);
  }

  /** @param {string} text without its length @returns {number} of bytes */
  text(text) {
    // A unit of UTF-16 has at most three bytes in UTF-8.
    const start = this.#take(3 * text.length);
    const { written } = new TextEncoder().encodeInto(text, this.#bytes.subarray(start));
    this.length = start + written;
    return written;
  }

  /** @param {string} text */
  string(text) {
    const start = this.#take(8);
    const length = this.text(text);
    this.#view.setBigUint64(start, BigInt(length), true);
  }

  /** @param {number} type of the items @param {number} length */
  array(type, length) {
    this.uint32(ARRAY);
    this.uint32(type);
    this.uint64(length);
  }

  /** @param {number} count of bytes @returns {number} where they begin */
  #take(count) {
    const start = this.length;
    this.length += count;
    if (this.length > this.#bytes.length) this.#grow();
    return start;
  }

  #grow() {
    const bytes = new Uint8Array(2 * this.length);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

/** @param {number} length */
function padded(length) {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

/** @param {number} length */
function padding(length) {
  return new Uint8Array(padded(length) - length);
}
