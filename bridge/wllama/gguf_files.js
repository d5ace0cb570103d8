/** The files of a GGUF model: cached, or downloaded and checked before they are cached. */

import { CHECKED, FileDownload, LOAD_DELAYS } from "../downloads/file_download.js";
import { PARTIAL_CACHE } from "../downloads/partial_file.js";
import { DownloadProgress } from "../download_progress.js";
import { BridgeError, invalidFileError, isInvalidFile } from "../errors.js";
import { CACHES } from "../files.js";
import { MemoryCache } from "../memory_cache.js";
import { withTimeout } from "../timeout.js";
import { nameOf } from "../urls.js";
import { matchesSri } from "../expected_files.js";

/** @import { Browser } from "../model_files.js" */
/** @import { InitProgressReport } from "../types.js" */
/** @import { Check } from "../expected_files.js" */

/** @typedef {{ urls: string[], checksums: Record<string, string>, memory: number }} Wanted `memory` is the most bytes that all files may have */

/** Seconds that a server may take to say how large a file is. */
const SIZE_TIMEOUT = 10;

export class GgufFiles {
  #wanted;
  #browser;
  #signal;
  /** The bytes of each file that is missing; 0 if the server has not said. @type {Map<string, number>} */
  #sizes = new Map();
  #progress;

  /**
   * @param {Wanted} wanted @param {Browser} browser
   * @param {(report: InitProgressReport & { url?: string }) => void} report @param {AbortSignal} [signal]
   */
  constructor(wanted, browser, report, signal) {
    this.#wanted = wanted;
    this.#browser = browser;
    this.#signal = signal;
    this.#progress = new DownloadProgress(this, report);
  }

  /** Of all files that are missing; 0 while the size of one is unknown. */
  get weightBytes() {
    const sizes = [...this.#sizes.values()];
    return sizes.includes(0) ? 0 : sizes.reduce((sum, size) => sum + size, 0);
  }

  /** @param {string} url */
  shard(url) {
    const nbytes = this.#sizes.get(url);
    return nbytes ? { nbytes } : undefined;
  }

  /** @returns {Promise<Blob[]>} in the order of the URLs */
  async read() {
    const cache = await this.#cache();
    const found = await Promise.all(this.#wanted.urls.map((url) => cache.match(url)));
    const missing = this.#wanted.urls.filter((_, index) => !found[index]);
    await Promise.all(missing.map((url) => this.#measure(url)));
    this.#requireMemory();
    for (const url of missing) await this.#add(cache, url);
    const blobs = [];
    for (const url of this.#wanted.urls) blobs.push(await this.#cached(cache, url));
    return blobs;
  }

  /** Delete a file that turned out to be invalid. @param {string} url */
  async forget(url) {
    await (await this.#cache()).delete(url);
  }

  async #cache(name = CACHES.weights) {
    try {
      return await this.#browser.openCache(name);
    } catch {
      return new MemoryCache();
    }
  }

  /** Ask for the size of a file, which some servers do not say. @param {string} url */
  async #measure(url) {
    const options = { method: "HEAD", ...(this.#signal && { signal: this.#signal }) };
    const answer = this.#browser.fetch(url, options).catch(() => undefined);
    const response = await withTimeout(SIZE_TIMEOUT, answer);
    const size = response?.ok ? Number(response.headers.get("Content-Length") ?? 0) : 0;
    this.#sizes.set(url, size);
  }

  /** Refuse before the download what cannot be loaded after it. */
  #requireMemory() {
    const size = [...this.#sizes.values()].reduce((sum, it) => sum + it, 0);
    const { memory } = this.#wanted;
    if (size <= memory) return;
    const message = `The model has ${mebibytes(size)} MiB, and at most ${mebibytes(memory)} MiB fit into this browser's memory.`;
    throw new BridgeError("OutOfMemoryError", message);
  }

  /** @param {Cache | MemoryCache} cache @param {string} url */
  async #add(cache, url) {
    const target = {
      url,
      cache,
      partials: await this.#cache(PARTIAL_CACHE),
      check: () => this.#check(url),
      hasChecksum: this.#wanted.checksums[nameOf(url)] !== undefined,
    };
    const means = {
      fetch: this.#browser.fetch,
      locks: this.#browser.locks,
      signal: this.#signal,
      delays: LOAD_DELAYS,
      onBytes: (/** @type {number} */ received, /** @type {number} */ announced) => {
        // Some servers say it only now.
        this.#sizes.set(url, Math.max(this.#sizes.get(url) ?? 0, announced));
        this.#progress.received(url, received, announced);
      },
      onWait: (/** @type {string} */ reason) => this.#progress.waiting(url, reason),
    };
    try {
      await new FileDownload(target, means).run();
    } catch (error) {
      if (isInvalidFile(error)) await cache.delete(url);
      throw error;
    }
  }

  /** @param {Cache | MemoryCache} cache @param {string} url @returns {Promise<Blob>} */
  async #cached(cache, url) {
    const response = await cache.match(url);
    if (!response) throw new BridgeError("StorageError", `The browser did not keep ${nameOf(url)} from ${url}.`);
    const blob = await response.blob();
    // The checksum of a file was compared before it was cached by this library.
    if (blob.size > 0 && (response.headers.has(CHECKED) || (await isGguf(blob)))) return blob;
    await cache.delete(url);
    throw invalidFileError(url, "it is not a GGUF file, in this browser's cache");
  }

  /** Only the first bytes are kept while a file arrives, unless it has a checksum. @param {string} url @returns {Check} */
  #check(url) {
    const sri = this.#wanted.checksums[nameOf(url)];
    /** @type {Uint8Array[]} */
    const parts = [];
    let length = 0;
    return {
      update: (bytes) => {
        if (sri !== undefined || length < 4) parts.push(bytes);
        length += bytes.length;
      },
      finish: async () => {
        const content = new Blob(/** @type {BlobPart[]} */ (parts));
        if (length === 0) return "it is empty";
        if (!(await isGguf(content))) return "it is not a GGUF file";
        const isWrong = sri !== undefined && !(await matchesSri(new Uint8Array(await content.arrayBuffer()), sri));
        return isWrong ? `its ${sri.slice(0, 6)} checksum is a different one` : "";
      },
    };
  }
}

/** @param {Blob} blob */
async function isGguf(blob) {
  return (await blob.slice(0, 4).text()) === "GGUF";
}

/** @param {number} bytes */
function mebibytes(bytes) {
  return Math.ceil(bytes / 2 ** 20);
}
