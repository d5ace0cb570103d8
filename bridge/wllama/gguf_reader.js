/** Reads the metadata of a GGUF file: what is needed of a model before it is loaded. */

/** @import { LazyFile } from "./lazy_file.js" */

/** Bytes that are read of a file at a time. */
const PIECE = 2 ** 20;

/** The sizes in bytes of the types of fixed size in GGUF, by their numbers. @type {Record<number, number>} */
const SIZES = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const INTEGERS = new Set([4, 5]);
const STRING = 8;
const ARRAY = 9;

/** The types of tokens whose text becomes the token wherever it stands. */
const CONTROL = 3;
const USER_DEFINED = 4;

/**
 * @typedef {object} ModelInfo
 * @property {string} architecture
 * @property {boolean} hasTemplate whether it has a chat template
 * @property {string[]} controlTokens the texts of tokens that are more than their text
 * @property {number} contextLength in tokens
 */

/** Rejects with the end of a sentence that says what is wrong. @param {Blob | LazyFile} blob the first part of a model @returns {Promise<ModelInfo>} */
export async function readModelInfo(blob) {
  const reader = new BlobReader(blob);
  const metadata = await readMetadata(reader);
  const architecture = String(metadata.get("general.architecture") ?? "");
  const tokens = /** @type {string[]} */ (metadata.get("tokenizer.ggml.tokens") ?? []);
  const types = /** @type {number[]} */ (metadata.get("tokenizer.ggml.token_type") ?? []);
  return {
    architecture,
    hasTemplate: metadata.has("tokenizer.chat_template"),
    controlTokens: tokens.filter((_, id) => types[id] === CONTROL || types[id] === USER_DEFINED),
    contextLength: Number(metadata.get(`${architecture}.context_length`) ?? 0),
  };
}

/** @param {BlobReader} reader @returns {Promise<Map<string, unknown>>} */
async function readMetadata(reader) {
  const magic = new TextDecoder().decode(await reader.bytes(4));
  const version = await reader.uint32();
  if (magic !== "GGUF" || version < 2 || version > 3) {
    throw new Error("it is not a GGUF file of version 2 or 3");
  }
  await reader.uint64();
  const count = await reader.uint64();
  /** @type {Map<string, unknown>} */
  const metadata = new Map();
  for (let index = 0; index < count; index += 1) {
    const key = await reader.string();
    metadata.set(key, await readValue(reader, await reader.uint32()));
  }
  return metadata;
}

/** Numbers other than 32-bit integers are skipped: nothing here needs them. @param {BlobReader} reader @param {number} type @returns {Promise<unknown>} */
async function readValue(reader, type) {
  if (type === STRING) return reader.string();
  if (INTEGERS.has(type)) return reader.uint32();
  if (type !== ARRAY) return void (await reader.bytes(SIZES[type] ?? 0));
  const itemType = await reader.uint32();
  const length = await reader.uint64();
  const items = [];
  for (let index = 0; index < length; index += 1) items.push(await readValue(reader, itemType));
  return items;
}

class BlobReader {
  #blob;
  #position = 0;
  #piece = new Uint8Array();
  #start = 0;

  /** @param {Blob | LazyFile} blob */
  constructor(blob) {
    this.#blob = blob;
  }

  /** @param {number} length @returns {Promise<Uint8Array>} */
  async bytes(length) {
    const end = this.#position + length;
    if (end > this.#start + this.#piece.length) await this.#read(length);
    const from = this.#position - this.#start;
    this.#position = end;
    return this.#piece.subarray(from, from + length);
  }

  async uint32() {
    const bytes = await this.bytes(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }

  async uint64() {
    const bytes = await this.bytes(8);
    return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  }

  async string() {
    const length = await this.uint64();
    return new TextDecoder().decode(await this.bytes(length));
  }

  /** @param {number} length */
  async #read(length) {
    const end = this.#position + length;
    if (end > this.#blob.size) throw new Error("it ends before its metadata does");
    const piece = this.#blob.slice(this.#position, Math.max(end, this.#position + PIECE));
    this.#start = this.#position;
    this.#piece = new Uint8Array(await piece.arrayBuffer());
  }
}
