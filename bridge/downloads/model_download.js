/** Downloads all files of a model that are not in WebLLM's caches, so that a later load finds them there. */

import { BridgeError, isInvalidFile } from "../errors.js";
import { ModelFiles } from "../model_files.js";
import { partsOf } from "../gguf_record.js";
import { nameOf } from "../urls.js";
import { measured, requireMemory } from "../wllama/gguf_sizes.js";
import { remember } from "./catalog.js";
import { DOWNLOAD_DELAYS } from "./file_download.js";
import { listFiles, placeOf } from "./file_list.js";
import { usingModel } from "./file_lock.js";
import { PARTIAL_CACHE, partialSizes } from "./partial_file.js";
import { requireSpace } from "./space.js";

/** @import { DownloadReport } from "../download_progress.js" */
/** @import { Browser } from "../model_files.js" */
/** @import { ModelRecord } from "../types.js" */
/** @import { ModelFile } from "./file_list.js" */
/** @import { Storage } from "./space.js" */

/** @typedef {Browser & { storage?: Storage }} Site */

/**
 * @typedef {object} Progress
 * @property {"queued" | "download" | "check"} phase
 * @property {number} received bytes, those of earlier downloads included
 * @property {number} total bytes; 0 if not known yet
 * @property {number} [rate] bytes per second
 * @property {string} file the name of the file, or ""
 * @property {string} text for a visitor
 */

/** How many files are downloaded at the same time. */
const PARALLEL = 3;

/**
 * @param {ModelRecord} record @param {Site} site
 * @param {(progress: Progress) => void} report @param {AbortSignal} signal
 */
export async function downloadModel(record, site, report, signal) {
  await usingModel(site.locks, placeOf(record), async () => {
    const known = await describedRecord(record, site, signal);
    await new ModelDownload(known, site, report, signal).run();
  });
}

/** With its sizes, if no file of it has them. @param {ModelRecord} record @param {Site} site @param {AbortSignal} signal */
async function describedRecord(record, site, signal) {
  if (partsOf(record).length === 0) return record;
  const known = await measured(record, site, signal);
  requireMemory(known);
  return known;
}

class ModelDownload {
  #record;
  #site;
  #signal;
  #files;

  /** @param {ModelRecord} record @param {Site} site @param {(progress: Progress) => void} report @param {AbortSignal} signal */
  constructor(record, site, report, signal) {
    this.#record = record;
    this.#site = site;
    this.#signal = signal;
    const onReport = (/** @type {DownloadReport} */ it) => report(progressOf(it));
    this.#files = new ModelFiles(record, site, onReport, new Map(), { delays: DOWNLOAD_DELAYS });
  }

  async run() {
    await this.#requireStorage();
    const { files } = await listFiles(this.#record, (file) => this.#json(file));
    await remember(this.#site.openCache, this.#record);
    await this.#requireSpace(files);
    const rest = files.values();
    const next = async () => {
      for (const file of rest) await this.#ensure(file);
    };
    await Promise.all(Array.from({ length: PARALLEL }, next));
  }

  async #requireStorage() {
    await this.#files.open(PARTIAL_CACHE);
    if (!this.#files.isInMemory) return;
    throw new BridgeError("NoStorageError", `This page cannot store files, so ${this.#record.model_id} cannot be kept.`);
  }

  /** @param {ModelFile[]} files */
  async #requireSpace(files) {
    const stored = await partialSizes(await this.#site.openCache(PARTIAL_CACHE));
    let [missing, largest] = [0, 0];
    for (const { url, cache, nbytes = 0 } of files) {
      if (await (await this.#site.openCache(cache)).match(url)) continue;
      missing += nbytes - (stored.get(url) ?? 0);
      largest = Math.max(largest, nbytes);
    }
    // A file is there twice while its parts are put together.
    await requireSpace(this.#site.storage, this.#record.model_id, missing > 0 ? missing + largest : 0);
  }

  /** @param {ModelFile} file */
  async #ensure({ url, cache: name }) {
    const cache = await this.#files.open(name);
    if (!(await cache.match(url))) await cache.add(new Request(url, { signal: this.#signal }));
  }

  /** @param {ModelFile} file */
  async #json(file) {
    try {
      return await this.#readJson(file);
    } catch (error) {
      if (!isInvalidFile(error)) throw error;
      // A wrong file that was in the cache is not there any more.
      return this.#readJson(file);
    }
  }

  /** @param {ModelFile} file */
  async #readJson(file) {
    await this.#ensure(file);
    return (await (await this.#files.open(file.cache)).match(file.url))?.json();
  }
}

/** @param {DownloadReport} report @returns {Progress} */
function progressOf({ text, url = "", bytes = { received: 0, total: 0 } }) {
  return { phase: "download", ...bytes, file: nameOf(url), text: text.replace("Fetching", "Downloading") };
}
