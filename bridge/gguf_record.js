/** Records of models that are GGUF files. Their fields are those of WebLLM's records, and the URLs of the files. */

import { nameOf } from "./urls.js";

/** @import { Check } from "./expected_files.js" */
/** @import { ModelRecord } from "./types.js" */

/** `gguf_sizes` are the bytes of the files, 0 where a server has not said them. @typedef {ModelRecord & { gguf?: string[], gguf_sizes?: number[] }} GgufRecord */

/** The bytes with which a GGUF file begins. */
const MAGIC = "GGUF";

/** @param {ModelRecord} record @returns {string[]} the URLs of its parts; none for a model of WebLLM */
export function partsOf(record) {
  return /** @type {GgufRecord} */ (record).gguf ?? [];
}

/** @param {Blob} blob */
export async function isGguf(blob) {
  return (await blob.slice(0, MAGIC.length).text()) === MAGIC;
}

/** What the files of a GGUF model must be: `ExpectedFiles` of a model of WebLLM. */
export class ExpectedGguf {
  /** No file describes the others. */
  manifestUrl = undefined;
  /** The bytes of each file; 0 while unknown. @type {Map<string, number>} */
  #sizes;
  /** @type {Record<string, string>} */
  #checksums;

  /** @param {GgufRecord} record */
  constructor(record) {
    const { gguf_sizes = [] } = record;
    this.#sizes = new Map(partsOf(record).map((url, index) => [url, gguf_sizes[index] ?? 0]));
    this.#checksums = /** @type {any} */ (record.integrity)?.files ?? {};
  }

  /** Of all files; 0 while the size of one is unknown. */
  get weightBytes() {
    const sizes = [...this.#sizes.values()];
    return sizes.includes(0) ? 0 : sizes.reduce((sum, size) => sum + size, 0);
  }

  /** @param {string} url */
  shard(url) {
    const nbytes = this.#sizes.get(url);
    return nbytes ? { nbytes } : undefined;
  }

  /** Some servers say only in the download how large a file is, and less before if they compress it. @param {string} url @param {number} size */
  announce(url, size) {
    const known = this.#sizes.get(url);
    if (known !== undefined) this.#sizes.set(url, Math.max(known, size));
  }

  /** @param {string} url */
  hasChecksum(url) {
    return this.#checksums[nameOf(url)] !== undefined;
  }

  /** Only the first bytes are kept while a file arrives, unless it has a checksum. @param {string} url @returns {Check} */
  check(url) {
    const sri = this.#checksums[nameOf(url)];
    /** @type {Uint8Array[]} */
    const parts = [];
    let length = 0;
    return {
      update: (bytes) => {
        if (sri !== undefined || length < MAGIC.length) parts.push(sri === undefined ? bytes.slice(0, MAGIC.length) : bytes);
        length += bytes.length;
      },
      finish: async () => (length === 0 ? "it is empty" : problemOf(new Blob(/** @type {BlobPart[]} */ (parts)), sri)),
    };
  }

  /** The size that a server has announced may be that of the compressed file. @param {string} _url @param {number} size */
  problemOfSize(_url, size) {
    return size === 0 ? "it is empty" : "";
  }

  /** @param {string} _url @param {ArrayBuffer} buffer @returns {Promise<string>} */
  async problemOfCached(_url, buffer) {
    return problemOf(new Blob([buffer]), undefined);
  }
}

/** @param {Blob} content @param {string | undefined} sri @returns {Promise<string>} the end of a sentence, or "" */
async function problemOf(content, sri) {
  if (!(await isGguf(content))) return "it is not a GGUF file";
  const isWrong = sri !== undefined && !(await matchesSri(await content.arrayBuffer(), sri));
  return isWrong ? `its ${sri.slice(0, 6)} checksum is a different one` : "";
}

/** @param {ArrayBuffer | Uint8Array<ArrayBuffer>} bytes @param {string} sri for example `sha256-` and the digest in base64 */
export async function matchesSri(bytes, sri) {
  const [, bits = "", digest] = /^sha(256|384|512)-(.*)$/.exec(sri) ?? [];
  const found = new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, bytes));
  return btoa(String.fromCharCode(...found)) === digest;
}
