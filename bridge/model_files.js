/**
 * The files of the model that is being loaded, for WebLLM: downloads are checked before they are
 * cached, and kept in memory where the browser stores nothing.
 */

import { CHECKED, Download } from "./download.js";
import { DownloadProgress } from "./download_progress.js";
import { BridgeError, invalidFileError, isInvalidFile, nameAndMessage } from "./errors.js";
import { ExpectedFiles, MANIFEST } from "./expected_files.js";
import { CACHES, VIRTUAL_BASE } from "./files.js";
import { MemoryCache } from "./memory_cache.js";
import { nameOf } from "./urls.js";

/** @import { InitProgressReport, ModelRecord } from "./types.js" */

/** The largest model that is kept in memory, in bytes: a tab with more may crash. */
const MEMORY_LIMIT = 2 ** 30;

/**
 * What of the browser is used.
 * @typedef {object} Browser
 * @property {typeof fetch} fetch
 * @property {(name: string) => Promise<Cache>} openCache
 */

export class ModelFiles {
  #record;
  #browser;
  #expected;
  #progress;
  #published;
  /** @type {Map<string, Promise<Cache | MemoryCache>>} */
  #caches = new Map();
  #isInMemory = false;

  /**
   * @param {ModelRecord} record
   * @param {Browser} browser
   * @param {(report: InitProgressReport & { url?: string }) => void} report
   * @param {ReadonlyMap<string, Blob>} published files that the page could not put into a cache
   */
  constructor(record, browser, report, published) {
    this.#record = record;
    this.#browser = browser;
    this.#expected = new ExpectedFiles(record);
    this.#progress = new DownloadProgress(this.#expected, report);
    this.#published = published;
  }

  /**
   * Read the list of the weights first, so that progress is a share of the whole from the begin.
   * @param {AbortSignal} [signal]
   */
  async readManifest(signal) {
    if (this.#record.model_manifest !== undefined) return; // it may give the list another name
    const url = new URL(MANIFEST, modelFolder(this.#record.model)).href;
    const cache = await this.open(CACHES.weights);
    const request = new Request(url, signal ? { signal } : undefined);
    const found = (await cache.match(request)) ?? (await cache.add(request), await cache.match(request));
    await found?.json();
    const bytes = this.#expected.weightBytes;
    if (this.#isInMemory && bytes > MEMORY_LIMIT) throw noStorageError(this.#record.model_id, bytes);
  }

  /**
   * What `caches.open` returns to WebLLM: the methods that its `ArtifactCache` uses.
   * @param {string} name
   */
  async open(name) {
    const cache = await this.#cache(name);
    return {
      match: (/** @type {Request | string} */ request) => this.#match(cache, urlOf(request)),
      add: (/** @type {Request} */ request) => this.#add(cache, request),
      keys: async () => [...(await cache.keys()), ...Array.from(this.#published.keys(), (url) => ({ url }))],
      delete: (/** @type {Request | string} */ request) => cache.delete(urlOf(request)),
    };
  }

  /**
   * Fetch the library, which WebLLM does not cache where its URL contains "localhost".
   * @returns {Promise<{ arrayBuffer(): Promise<ArrayBuffer> }>}
   */
  async fetchLibrary() {
    const download = this.#download(this.#record.model_lib);
    return download.start(this.#browser.fetch, this.#record.model_lib);
  }

  /** @param {string} name */
  #cache(name) {
    const found = this.#caches.get(name) ?? this.#openCache(name);
    this.#caches.set(name, found);
    return found;
  }

  /** @param {string} name @returns {Promise<Cache | MemoryCache>} */
  async #openCache(name) {
    try {
      return await this.#browser.openCache(name);
    } catch {
      this.#isInMemory = true;
      return new MemoryCache();
    }
  }

  /** @param {Cache | MemoryCache} cache @param {string} url */
  async #match(cache, url) {
    const published = this.#published.get(url);
    if (published) return new Response(published);
    const response = await cache.match(url);
    if (!response) return undefined;
    this.#progress.cached(url);
    return this.#checkedOnRead(cache, url, response);
  }

  /**
   * A file in the cache may be that of an earlier version, or damaged: a wrong one is deleted, so
   * that the next load fetches it.
   * @param {Cache | MemoryCache} cache @param {string} url @param {Response} response
   */
  #checkedOnRead(cache, url, response) {
    const isChecked = response.headers.has(CHECKED) || url.startsWith(VIRTUAL_BASE);
    const arrayBuffer = async () => {
      const buffer = await response.arrayBuffer();
      const problem = await this.#expected.problemOfCached(url, buffer, isChecked);
      if (!problem) return buffer;
      await this.#forget(cache, url);
      throw invalidFileError(url, `${problem}, in this browser's cache`);
    };
    return { arrayBuffer, json: async () => JSON.parse(new TextDecoder().decode(await arrayBuffer())) };
  }

  /** @param {Cache | MemoryCache} cache @param {Request} request */
  async #add(cache, request) {
    const { url } = request;
    const download = this.#download(url);
    try {
      // Past the HTTP cache, which would keep a second copy, and answer with a wrong file again.
      await cache.put(url, await download.start(this.#browser.fetch, new Request(request, { cache: "no-store" })));
    } catch (error) {
      // What was cached wrongly, if anything, and the list of the weights, if they do not match.
      if (isInvalidFile(download.failure)) await this.#forget(cache, url);
      throw download.failure ?? storageError(url, error);
    }
  }

  /** @param {string} url */
  #download(url) {
    return new Download(url, this.#expected.check(url), (received, announced) =>
      this.#progress.received(url, received, announced),
    );
  }

  /** The list of the weights may be the older one of two versions. @param {Cache | MemoryCache} cache @param {string} url */
  async #forget(cache, url) {
    await cache.delete(url);
    const { manifestUrl } = this.#expected;
    if (manifestUrl !== undefined && this.#expected.shard(url)) await cache.delete(manifestUrl);
  }
}

/** As WebLLM 0.2.86 completes the URL of a model. @param {string} url */
function modelFolder(url) {
  const folder = url.replace(/\/?$/, "/");
  return /.+\/resolve\/.+\//.test(folder) ? folder : `${folder}resolve/main/`;
}

/** @param {Request | string} request */
function urlOf(request) {
  return typeof request === "string" ? request : request.url;
}

/** @param {string} url @param {unknown} error */
function storageError(url, error) {
  const { name, message } = nameAndMessage(error);
  return new BridgeError("StorageError", `The browser could not store ${nameOf(url)} from ${url} (${name}: ${message}).`);
}

/** @param {string} model @param {number} bytes */
function noStorageError(model, bytes) {
  const size = `${Math.ceil(bytes / 2 ** 20)} MiB`;
  return new BridgeError("NoStorageError", `This page cannot store files, and the ${size} of ${model} are too many for its memory.`);
}
