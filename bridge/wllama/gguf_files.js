/** The files of a GGUF model: cached, or downloaded and checked before they are cached. */

import { BridgeError, invalidFileError } from "../errors.js";
import { CACHES } from "../files.js";
import { isGguf, partsOf } from "../gguf_record.js";
import { ModelFiles } from "../model_files.js";
import { nameOf } from "../urls.js";

/** @import { DownloadReport } from "../download_progress.js" */
/** @import { GgufRecord } from "../gguf_record.js" */
/** @import { Browser } from "../model_files.js" */

export class GgufFiles {
  #urls;
  #files;
  #signal;

  /** @param {GgufRecord} record @param {Browser} browser @param {(report: DownloadReport) => void} report @param {AbortSignal} [signal] */
  constructor(record, browser, report, signal) {
    this.#urls = partsOf(record);
    this.#files = new ModelFiles(record, browser, report, new Map());
    this.#signal = signal;
  }

  /** @returns {Promise<Blob[]>} in the order of the URLs */
  async read() {
    const cache = await this.#files.open(CACHES.weights);
    const blobs = [];
    for (const url of this.#urls) {
      if (!(await cache.match(url))) await cache.add(new Request(url, this.#signal ? { signal: this.#signal } : undefined));
      blobs.push(await this.#cached(url));
    }
    return blobs;
  }

  /** Delete a file that turned out to be invalid. @param {string} url */
  async forget(url) {
    await (await this.#files.open(CACHES.weights)).delete(url);
  }

  /** @param {string} url @returns {Promise<Blob>} */
  async #cached(url) {
    const response = await (await this.#files.open(CACHES.weights)).match(url);
    if (!response) throw new BridgeError("StorageError", `The browser did not keep ${nameOf(url)} from ${url}.`);
    const blob = await response.blob();
    // The checksum of a file was compared before it was cached by this library.
    if (await isGguf(blob)) return blob;
    await this.forget(url);
    throw invalidFileError(url, "it is not a GGUF file, in this browser's cache");
  }
}
