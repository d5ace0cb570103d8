/**
 * Downloads one file into a cache: continues where an earlier download ended, tries again when a
 * connection breaks, and stores the file only if it is the expected one.
 */

import { concatenate } from "../bytes.js";
import { BridgeError, invalidFileError, nameAndMessage } from "../errors.js";
import { nameOf } from "../urls.js";
import { withFileLock } from "./file_lock.js";
import { PartialFile, partialSizes } from "./partial_file.js";
import { TransientError, receive } from "./transfer.js";

/** @import { Check } from "../expected_files.js" */
/** @import { MemoryCache } from "../memory_cache.js" */
/** @import { Locks } from "./file_lock.js" */

/** The header of a file in the cache that was checked before it was put there. */
export const CHECKED = "X-Pywebllm-Checked";

/** The header with the SHA-256 digest of a file for which no checksum is known, in base64. */
export const DIGEST = "X-Pywebllm-Digest";

/** The seconds before each further attempt of a load, which somebody waits for, and of a download. */
export const LOAD_DELAYS = [0.5, 1, 2];
export const DOWNLOAD_DELAYS = [0.5, 1, 2, 4, 8, 16, 30];

/** The largest file without a checksum that is checked as a whole, in bytes. */
const MAX_WHOLE = 2 ** 27;

/** The longest time that a server may ask to wait, in seconds. */
const MAX_DELAY = 60;

/**
 * @typedef {object} Target
 * @property {string} url
 * @property {Cache | MemoryCache} cache where the complete file is put
 * @property {Cache | MemoryCache} partials where its parts are until then
 * @property {() => Check} check begins a check of the file
 * @property {boolean} hasChecksum whether the check has a checksum
 */

/**
 * @typedef {object} Means
 * @property {typeof fetch} fetch
 * @property {Locks} locks
 * @property {AbortSignal | undefined} signal
 * @property {number[]} delays seconds before each further attempt
 * @property {(received: number, announced: number) => void} onBytes see `transfer.js`
 * @property {(text: string) => void} onWait is called with what it waits for
 */

export class FileDownload {
  #target;
  #means;

  /** @param {Target} target @param {Means} means */
  constructor(target, means) {
    this.#target = target;
    this.#means = means;
  }

  /**
   * Download the file unless it is in the cache.
   * @returns {Promise<void>} rejects with a {@link BridgeError}, or with an `AbortError`
   */
  async run() {
    const { url, cache } = this.#target;
    const { locks, signal } = this.#means;
    try {
      await withFileLock(locks, url, { signal, onWait: () => this.#watchOther() }, async () => {
        if (!(await cache.match(url))) await this.#download();
      });
    } catch (error) {
      // The reason of an abort may be anything; WebLLM's is a string.
      throw signal?.aborted ? new DOMException("The download was stopped.", "AbortError") : error;
    }
  }

  /** Report what the tab that has the lock has stored so far. */
  async #watchOther() {
    const stored = (await partialSizes(this.#target.partials)).get(this.#target.url) ?? 0;
    this.#means.onWait("waiting for another tab that downloads it");
    if (stored > 0) this.#means.onBytes(stored, 0);
  }

  async #download() {
    const partial = await this.#stored(() => PartialFile.open(this.#target.partials, this.#target.url));
    const wasContinued = partial.length > 0;
    try {
      await this.#complete(partial);
    } catch (error) {
      if (!wasContinued || nameAndMessage(error).name !== "IntegrityError") throw error;
      // The bytes of before were wrong, or those of another version that could not be distinguished.
      await this.#complete(partial);
    }
  }

  /** @param {PartialFile} partial */
  async #complete(partial) {
    await this.#receiveAll(partial);
    const problem = await this.#store(partial);
    await partial.clear();
    if (problem) throw invalidFileError(this.#target.url, partial.type.startsWith("text/html") ? "it is an HTML page" : problem);
  }

  /** @param {PartialFile} partial */
  async #receiveAll(partial) {
    const { delays, ...means } = this.#means;
    const source = { ...means, url: this.#target.url, hasChecksum: this.#target.hasChecksum };
    let failures = 0;
    let most = partial.length;
    for (;;) {
      try {
        return await this.#attempt(source, partial);
      } catch (error) {
        // Progress, and not only the same bytes again: the next failure counts as the first.
        failures = partial.length > most ? 1 : failures + 1;
        most = Math.max(most, partial.length);
        const delay = delays[failures - 1];
        if (!(error instanceof TransientError) || delay === undefined) throw error;
        await this.#pause(error, delay);
      }
    }
  }

  /** What has arrived is stored, however the attempt ends. @param {import("./transfer.js").Source} source @param {PartialFile} partial */
  async #attempt(source, partial) {
    try {
      await this.#stored(() => receive(source, partial));
    } catch (error) {
      await partial.flush().catch(() => {});
      throw error;
    }
  }

  /** @param {TransientError} error @param {number} delay */
  async #pause({ reason, retryAfter }, delay) {
    const { signal, onWait } = this.#means;
    // Spread, so that the visitors of a server that was down do not return all at once.
    const usual = delay * (0.75 + Math.random() / 2);
    const seconds = retryAfter !== undefined && retryAfter >= 0 ? Math.min(retryAfter, MAX_DELAY) : usual;
    if (seconds >= 1) onWait(`trying again in ${Math.round(seconds)} s, because ${reason}`);
    signal?.throwIfAborted();
    await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, seconds * 1000);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    });
  }

  /** Put the file into the cache. @param {PartialFile} partial @returns {Promise<string>} what is wrong with it, or "" */
  async #store(partial) {
    const check = this.#target.check();
    const headers = {
      "Content-Type": partial.type,
      "Content-Length": String(partial.length),
      Date: new Date().toUTCString(),
      ...(partial.version?.etag && { ETag: partial.version.etag }),
      [CHECKED]: "1",
    };
    const isLarge = this.#target.hasChecksum || partial.length > MAX_WHOLE;
    return isLarge && partial.isStored
      ? this.#storeParts(partial, check, headers)
      : this.#storeWhole(partial, check, headers);
  }

  /** @param {PartialFile} partial @param {Check} check @param {Record<string, string>} headers */
  async #storeWhole(partial, check, headers) {
    const parts = [];
    for await (const part of partial.read()) {
      check.update(part);
      parts.push(part);
    }
    const problem = await check.finish();
    if (problem) return problem;
    if (!this.#target.hasChecksum) headers[DIGEST] = await digestOf(concatenate(parts, partial.length));
    await this.#put(new Response(new Blob(parts), { headers }));
    return "";
  }

  /** A part at a time, since all of it may be too much for the memory. @param {PartialFile} partial @param {Check} check @param {Record<string, string>} headers */
  async #storeParts(partial, check, headers) {
    let problem = "";
    const parts = partial.read();
    const body = new ReadableStream({
      async pull(controller) {
        const { value, done } = await parts.next();
        if (!done) {
          check.update(value);
          return controller.enqueue(value);
        }
        problem = await check.finish();
        // An error, so that nothing is stored.
        if (problem) controller.error(new Error(problem));
        else controller.close();
      },
    });
    try {
      await this.#put(new Response(body, { headers }));
    } catch (error) {
      if (!problem) throw error;
    }
    return problem;
  }

  /** @param {Response} response */
  async #put(response) {
    await this.#stored(() => this.#target.cache.put(this.#target.url, response));
  }

  /**
   * @template T
   * @param {() => Promise<T>} work that stores something
   * @returns {Promise<T>} rejects with a StorageError where storing fails
   */
  async #stored(work) {
    try {
      return await work();
    } catch (error) {
      const { name } = nameAndMessage(error);
      if (error instanceof BridgeError || name === "AbortError") throw error;
      throw storageError(this.#target.url, error);
    }
  }
}

/** @param {BufferSource} bytes @returns {Promise<string>} */
export async function digestOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return btoa(String.fromCharCode(...digest));
}

/** @param {string} url @param {unknown} error */
function storageError(url, error) {
  const { name, message } = nameAndMessage(error);
  return new BridgeError("StorageError", `The browser could not store ${nameOf(url)} from ${url} (${name}: ${message}).`);
}
