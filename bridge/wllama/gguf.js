/** Writes GGUF, the file format of llama.cpp: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 3. */

import { concatenate } from "../bytes.js";
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
  head.bytes(new TextEncoder().encode("GGUF"));
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
  return new LazyFile([concatenate(head.parts(), head.length), padding(head.length), ...parts]);
}

/** @param {Bytes} out @param {Value} value */
function writeValue(out, value) {
  if (typeof value === "string") {
    out.uint32(STRING);
    out.string(value);
  } else if (typeof value === "boolean") {
    out.uint32(BOOL);
    out.bytes(Uint8Array.of(value ? 1 : 0));
  } else if (typeof value === "number") {
    out.uint32(UINT32);
    out.uint32(value);
  } else if (Array.isArray(value)) {
    out.array(STRING, value.length);
    for (const text of value) out.string(text);
  } else if ("integers" in value) {
    out.array(INT32, value.integers.length);
    out.bytes(new Uint8Array(Int32Array.from(value.integers).buffer));
  } else if ("uint16" in value) {
    out.uint32(UINT16);
    out.bytes(new Uint8Array(Uint16Array.of(value.uint16).buffer));
  } else if ("int32" in value) {
    out.uint32(INT32);
    out.bytes(new Uint8Array(Int32Array.of(value.int32).buffer));
  } else {
    out.uint32(FLOAT32);
    out.bytes(new Uint8Array(Float32Array.of(value.float).buffer));
  }
}

/** Collects bytes. All numbers are little-endian, as every browser's typed arrays are. */
class Bytes {
  length = 0;
  /** @type {Uint8Array<ArrayBuffer>[]} */
  #parts = [];

  parts() {
    return this.#parts;
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  bytes(bytes) {
    this.#parts.push(bytes);
    this.length += bytes.length;
  }

  /** @param {number} value */
  uint32(value) {
    this.bytes(new Uint8Array(Uint32Array.of(value).buffer));
  }

  /** @param {number} value */
  uint64(value) {
    this.bytes(new Uint8Array(BigUint64Array.of(BigInt(value)).buffer));
  }

  /** @param {string} text */
  string(text) {
    const bytes = new TextEncoder().encode(text);
    this.uint64(bytes.length);
    this.bytes(bytes);
  }

  /** @param {number} type of the items @param {number} length */
  array(type, length) {
    this.uint32(ARRAY);
    this.uint32(type);
    this.uint64(length);
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
