/**
 * What the files of a model must be: their sizes and checksums as far as `tensor-cache.json` and the
 * record's `integrity` have them, and the form of JSON and WebAssembly.
 */

import { concatenate } from "./bytes.js";
import { ExpectedGguf, matchesSri, partsOf } from "./gguf_record.js";
import { Md5 } from "./md5.js";
import { nameOf } from "./urls.js";

/** @import { ModelRecord } from "./types.js" */

/** @typedef {{ nbytes: number, md5: string | undefined }} Shard as `tensor-cache.json` describes it */

/**
 * A check of one file while its bytes arrive.
 * @typedef {object} Check
 * @property {(bytes: Uint8Array) => void} update
 * @property {() => Promise<string>} finish what is wrong with the file, as the end of a sentence, or ""
 */

/** The name of the list of a model's weights. */
export const MANIFEST = "tensor-cache.json";

/** The keys that WebLLM 0.2.86 reads of each JSON file, by the file's name. @type {Record<string, string>} */
const KEYS = { [MANIFEST]: "records", "mlc-chat-config.json": "tokenizer_files", "tokenizer.json": "model" };

/** @param {ModelRecord} record @returns {ExpectedFiles | ExpectedGguf} */
export function expectedFiles(record) {
  return partsOf(record).length > 0 ? new ExpectedGguf(record) : new ExpectedFiles(record);
}

export class ExpectedFiles {
  /** @type {Map<string, Shard>} the weights by their URLs */
  #shards = new Map();
  /** @type {string} */
  #library;
  /** @type {Record<string, string>} checksums as in Subresource Integrity, by names of files */
  #checksums;
  /** @type {string | undefined} */
  manifestUrl;

  /** @param {ModelRecord} record */
  constructor(record) {
    this.#library = record.model_lib;
    this.#checksums = checksumsOf(record);
  }

  /** The size of all weights in bytes, 0 until the manifest has been read. */
  get weightBytes() {
    return [...this.#shards.values()].reduce((sum, { nbytes }) => sum + nbytes, 0);
  }

  /** The files of the weights, in the order of the manifest. */
  get weights() {
    return Array.from(this.#shards, ([url, { nbytes }]) => ({ url, nbytes }));
  }

  /** @param {string} url @returns {Shard | undefined} */
  shard(url) {
    return this.#shards.get(url);
  }

  /** Whether a checksum of the file is known. @param {string} url */
  hasChecksum(url) {
    return this.#shards.get(url)?.md5 !== undefined || this.#checksum(url) !== undefined;
  }

  /** The sizes are in the list of the weights. @param {string} _url @param {number} _size */
  announce(_url, _size) {}

  /** Begin to check a download. @param {string} url @returns {Check} */
  check(url) {
    const shard = this.#shards.get(url);
    const sri = this.#checksum(url);
    const isWhole = !shard || sri !== undefined;
    const md5 = shard?.md5 === undefined ? undefined : new Md5();
    /** @type {Uint8Array[]} */
    const parts = [];
    let length = 0;
    return {
      update: (bytes) => {
        length += bytes.length;
        md5?.update(bytes);
        if (isWhole) parts.push(bytes);
      },
      finish: async () => {
        const problem = sizeProblem(length, shard);
        if (problem) return problem;
        if (md5 && md5.hex() !== shard?.md5) return "its MD5 checksum is a different one";
        return isWhole ? this.#checkWhole(url, concatenate(parts, length), sri) : "";
      },
    };
  }

  /**
   * Check a file that is in the cache: its size, and the rest unless that was checked before it was cached.
   * @param {string} url @param {ArrayBuffer} buffer @param {boolean} isChecked
   * @returns {Promise<string>} what is wrong with it, or ""
   */
  async problemOfCached(url, buffer, isChecked) {
    const problem = this.problemOfSize(url, buffer.byteLength);
    if (problem || this.#shards.has(url) || (isChecked && nameOf(url) !== MANIFEST)) return problem;
    return this.#checkWhole(url, new Uint8Array(buffer), isChecked ? undefined : this.#checksum(url));
  }

  /** What is wrong with the size of a file, or "". @param {string} url @param {number} size in bytes */
  problemOfSize(url, size) {
    return sizeProblem(size, this.#shards.get(url));
  }

  /** @param {string} url @returns {string | undefined} */
  #checksum(url) {
    const ofLibrary = url === this.#library ? this.#checksums["model_lib"] : undefined;
    return ofLibrary ?? this.#checksums[nameOf(url)];
  }

  /** @param {string} url @param {Uint8Array<ArrayBuffer>} bytes @param {string | undefined} sri @returns {Promise<string>} */
  async #checkWhole(url, bytes, sri) {
    if (sri !== undefined && !(await matchesSri(bytes, sri))) return `its ${sri.slice(0, 6)} checksum is a different one`;
    if (url === this.#library) return WebAssembly.validate(bytes) ? "" : "it is not valid WebAssembly";
    const name = nameOf(url);
    if (!name.endsWith(".json")) return "";
    const value = parseJson(bytes);
    if (value === undefined) return "it is not valid JSON";
    const key = KEYS[name];
    if (key !== undefined && !(key in value)) return `it has no "${key}"`;
    return name === MANIFEST ? this.#learn(url, value["records"]) : "";
  }

  /** @param {string} url @param {any} records @returns {string} what is wrong with them */
  #learn(url, records) {
    try {
      for (const { dataPath, nbytes, md5sum } of records) {
        if (typeof dataPath !== "string" || !Number.isSafeInteger(nbytes)) return "its records have no sizes";
        this.#shards.set(new URL(dataPath, url).href, { nbytes, md5: md5sum });
      }
    } catch {
      return "its records are not a list of files";
    }
    this.manifestUrl = url;
    return "";
  }
}

/** @param {number} length @param {Shard | undefined} shard */
function sizeProblem(length, shard) {
  if (length === 0) return "it is empty";
  return shard && length !== shard.nbytes ? `it has ${length} bytes instead of ${shard.nbytes}` : "";
}

/** @param {ModelRecord} record @returns {Record<string, string>} */
function checksumsOf({ integrity }) {
  if (!integrity || integrity.onFailure === "warn") return {};
  // WebLLM's own keys do not cover the weights; `files` is a key of this library.
  const { config, model_lib, tokenizer, files } = /** @type {any} */ (integrity);
  return {
    ...tokenizer,
    ...files,
    ...(config && { "mlc-chat-config.json": config }),
    ...(model_lib && { model_lib }),
  };
}

/** @param {Uint8Array} bytes @returns {any} an object; undefined if the bytes are not JSON of one */
function parseJson(bytes) {
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
