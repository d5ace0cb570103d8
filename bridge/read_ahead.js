/**
 * Reads the weights of a model from the cache before WebLLM asks for them: WebLLM reads one file after
 * the other, each when the one before is on the GPU. A few files at a time, since a model may be larger
 * than the memory.
 */

import { CACHES } from "./files.js";

/** @import { MemoryCache } from "./memory_cache.js" */

/** How many bytes are read ahead at most; one file always is. */
const MOST_BYTES = 2 ** 26;

/** @typedef {{ url: string, nbytes: number }} Weights a file of them */

export class ReadAhead {
  #open;
  /** Those that have not been read yet, in order. @type {Weights[]} */
  #rest = [];
  /** @type {Map<string, { nbytes: number, buffer: Promise<ArrayBuffer | undefined> }>} */
  #read = new Map();

  /** @param {(name: string) => Promise<Cache | MemoryCache>} open opens a cache */
  constructor(open) {
    this.#open = open;
  }

  /** @param {Weights[]} files in the order in which they will be taken */
  start(files) {
    this.#rest = [...files];
    this.#fill();
  }

  /**
   * Take a file, and read the next ones.
   * @param {string} url @returns {Promise<ArrayBuffer | undefined>} undefined: it was not read ahead
   */
  async take(url) {
    const found = this.#read.get(url);
    const buffer = await found?.buffer;
    this.#read.delete(url);
    // What is before it will not be taken any more.
    const at = this.#rest.findIndex((file) => file.url === url);
    this.#rest.splice(0, at + 1);
    this.#fill();
    return buffer;
  }

  #fill() {
    let sum = [...this.#read.values()].reduce((bytes, { nbytes }) => bytes + nbytes, 0);
    for (let next = this.#rest[0]; next && (sum === 0 || sum + next.nbytes <= MOST_BYTES); next = this.#rest[0]) {
      const { url, nbytes } = next;
      this.#read.set(url, { nbytes, buffer: this.#buffer(url) });
      this.#rest.shift();
      sum += nbytes;
    }
  }

  /** @param {string} url */
  async #buffer(url) {
    try {
      const cache = await this.#open(CACHES.weights);
      return await (await cache.match(url))?.arrayBuffer();
    } catch {
      return undefined; // whoever needs the file reads it again, and reports the error
    }
  }
}
