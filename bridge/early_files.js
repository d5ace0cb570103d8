/**
 * Reads the small files of a model from the cache, and compiles its library, while the worker imports
 * WebLLM, which then reads one after the other, and compiles before it reads the next.
 */

import { modelFolder } from "./downloads/file_list.js";
import { MANIFEST } from "./expected_files.js";
import { CACHES, cacheOf } from "./files.js";

/** @import { OpenCache } from "./downloads/catalog.js" */
/** @import { ModelRecord } from "./types.js" */

/** @typedef {{ response: Response, buffer: ArrayBuffer }} EarlyFile whose response has been read */

const NAMES = ["mlc-chat-config.json", MANIFEST, "tokenizer.json"];

export class EarlyFiles {
  #record;
  /** Those that were in the cache, by URL. @type {Map<string, Promise<EarlyFile | undefined>>} */
  #files = new Map();
  /** @type {Promise<{ buffer: ArrayBuffer, module: WebAssembly.Module } | undefined>} */
  #library;

  /** @param {OpenCache} openCache @param {ModelRecord} record */
  constructor(openCache, record) {
    this.#record = record;
    const folder = modelFolder(record.model);
    this.#files.set(record.model_lib, read(openCache, CACHES.library, record.model_lib));
    for (const name of NAMES) {
      const url = new URL(name, folder).href;
      this.#files.set(url, read(openCache, cacheOf(url), url));
    }
    this.#library = this.match(record.model_lib).then(compiled);
  }

  /** Whether these are the files of a record. @param {ModelRecord} record */
  areOf({ model, model_lib }) {
    return this.#record.model === model && this.#record.model_lib === model_lib;
  }

  /** @param {string} url @returns {Promise<EarlyFile | undefined>} undefined: the cache has to be asked */
  async match(url) {
    return this.#files.get(url);
  }

  /** Forget a file, which is a wrong one or is being replaced. @param {string} url */
  delete(url) {
    this.#files.delete(url);
  }

  /** @param {BufferSource} bytes the buffer that `match` has given @returns {Promise<WebAssembly.Module | undefined>} */
  async moduleOf(bytes) {
    const library = await this.#library;
    return library?.buffer === bytes ? library?.module : undefined;
  }
}

/** @param {OpenCache} openCache @param {string} name of the cache @param {string} url @returns {Promise<EarlyFile | undefined>} */
async function read(openCache, name, url) {
  try {
    const response = await (await openCache(name)).match(url);
    return response && { response, buffer: await response.arrayBuffer() };
  } catch {
    return undefined; // whoever needs the file reads it again, and reports the error
  }
}

/** @param {EarlyFile | undefined} file */
async function compiled(file) {
  try {
    return file && { buffer: file.buffer, module: await WebAssembly.compile(file.buffer) };
  } catch {
    return undefined; // WebLLM compiles it, and reports the error
  }
}

/** What this worker reads for its next load. @type {EarlyFiles | undefined} */
let started;

/** Begin to read the files of a model that is about to be loaded. @param {OpenCache} openCache @param {ModelRecord} record */
export function readEarly(openCache, record) {
  started = new EarlyFiles(openCache, record);
}

/** @param {ModelRecord} record @returns {EarlyFiles | undefined} what was begun to be read of it, once */
export function takeEarlyFiles(record) {
  const found = started;
  started = undefined;
  return found?.areOf(record) ? found : undefined;
}
