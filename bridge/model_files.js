/**
 * The files of the model that is being loaded, for WebLLM: downloads are checked before they are
 * cached, and kept in memory where the browser stores nothing.
 */

import { CHECKED, FileDownload, LOAD_DELAYS } from "./downloads/file_download.js";
import { modelFolder } from "./downloads/file_list.js";
import { PARTIAL_CACHE } from "./downloads/partial_file.js";
import { DownloadProgress } from "./download_progress.js";
import { BridgeError, invalidFileError, isInvalidFile } from "./errors.js";
import { MANIFEST, expectedFiles } from "./expected_files.js";
import { CACHES, VIRTUAL_BASE } from "./files.js";
import { MemoryCache } from "./memory_cache.js";
import { ReadAhead } from "./read_ahead.js";

/** @import { Locks } from "./downloads/file_lock.js" */
/** @import { DownloadReport } from "./download_progress.js" */
/** @import { EarlyFiles } from "./early_files.js" */
/** @import { ModelRecord } from "./types.js" */

/** The largest model that is kept in memory, in bytes: a tab with more may crash. */
const MEMORY_LIMIT = 2 ** 30;

/**
 * What of the browser is used.
 * @typedef {object} Browser
 * @property {typeof fetch} fetch
 * @property {(name: string) => Promise<Cache>} openCache
 * @property {Locks} [locks]
 */

/**
 * A file in a cache: the part of `Response` that is used. Reading rejects if it is not the expected one.
 * @typedef {object} CachedFile
 * @property {() => Promise<ArrayBuffer>} arrayBuffer
 * @property {() => Promise<any>} json
 * @property {() => Promise<Blob>} blob checked by its size only; its content stays in the cache
 */

export class ModelFiles {
  #record;
  #browser;
  #expected;
  #progress;
  #published;
  #delays;
  #early;
  /** @type {Map<string, Promise<Cache | MemoryCache>>} */
  #caches = new Map();
  #isInMemory = false;
  #ahead = new ReadAhead((name) => this.#cache(name));

  /**
   * @param {ModelRecord} record
   * @param {Browser} browser
   * @param {(report: DownloadReport) => void} report
   * @param {ReadonlyMap<string, Blob>} published files that the page could not put into a cache
   * @param {object} [more]
   * @param {number[]} [more.delays] seconds before each further attempt to download a file
   * @param {EarlyFiles | undefined} [more.early] files that are being read already
   */
  constructor(record, browser, report, published, { delays = LOAD_DELAYS, early } = {}) {
    this.#record = record;
    this.#browser = browser;
    this.#expected = expectedFiles(record);
    this.#progress = new DownloadProgress(this.#expected, report);
    this.#published = published;
    this.#delays = delays;
    this.#early = early;
  }

  /** Whether files are kept in memory only, because the browser stores none. */
  get isInMemory() {
    return this.#isInMemory;
  }

  /** What the files must be. */
  get expected() {
    return this.#expected;
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

  /** Read weights that the browser has, when the smaller files that are needed before them have been read. */
  #readAhead() {
    if (!this.#isInMemory && "weights" in this.#expected) this.#ahead.start(this.#expected.weights);
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
      delete: (/** @type {Request | string} */ request) => this.#delete(cache, urlOf(request)),
    };
  }

  /**
   * Fetch the library, which WebLLM does not cache where its URL contains "localhost".
   * @returns {Promise<{ arrayBuffer(): Promise<ArrayBuffer> }>}
   */
  async fetchLibrary() {
    const url = this.#record.model_lib;
    const memory = new MemoryCache();
    await this.#download(memory, url);
    return /** @type {Response} */ (await memory.match(url));
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
    const early = await this.#early?.match(url);
    const response = early?.response ?? (await cache.match(url));
    if (!response) return undefined;
    this.#progress.cached(url);
    return this.#checkedOnRead(cache, url, response, early?.buffer);
  }

  /**
   * A file in the cache may be that of an earlier version, or damaged: a wrong one is deleted, so
   * that the next load fetches it.
   * @param {Cache | MemoryCache} cache @param {string} url
   * @param {Response} response @param {ArrayBuffer | undefined} read its content, if it has been read @returns {CachedFile}
   */
  #checkedOnRead(cache, url, response, read) {
    const isChecked = response.headers.has(CHECKED) || url.startsWith(VIRTUAL_BASE);
    const arrayBuffer = async () => {
      const buffer = read ?? (await this.#ahead.take(url)) ?? (await response.arrayBuffer());
      if (url === this.#record.model_lib) this.#readAhead();
      await this.#requireNone(await this.#expected.problemOfCached(url, buffer, isChecked), cache, url);
      return buffer;
    };
    const json = async () => JSON.parse(new TextDecoder().decode(await arrayBuffer()));
    const blob = async () => {
      const found = read ? new Blob([read]) : await response.blob();
      await this.#requireNone(this.#expected.problemOfSize(url, found.size), cache, url);
      return found;
    };
    return { arrayBuffer, json, blob };
  }

  /** @param {string} problem of a cached file, or "" @param {Cache | MemoryCache} cache @param {string} url */
  async #requireNone(problem, cache, url) {
    if (!problem) return;
    await this.#forget(cache, url);
    throw invalidFileError(url, `${problem}, in this browser's cache`);
  }

  /** @param {Cache | MemoryCache} cache @param {Request} request */
  async #add(cache, { url, signal }) {
    try {
      await this.#download(cache, url, signal);
    } catch (error) {
      // What was cached wrongly, if anything, and the list of the weights, if they do not match.
      if (isInvalidFile(error)) await this.#forget(cache, url);
      throw error;
    }
  }

  /** @param {Cache | MemoryCache} cache @param {string} url @param {AbortSignal} [signal] */
  async #download(cache, url, signal) {
    const target = {
      url,
      cache,
      partials: await this.#cache(PARTIAL_CACHE),
      check: () => this.#expected.check(url),
      hasChecksum: this.#expected.hasChecksum(url),
    };
    const means = {
      fetch: this.#browser.fetch,
      locks: this.#browser.locks,
      signal,
      delays: this.#delays,
      onBytes: (/** @type {number} */ received, /** @type {number} */ announced) => {
        this.#expected.announce(url, announced);
        this.#progress.received(url, received, announced);
      },
      onWait: (/** @type {string} */ text) => this.#progress.waiting(url, text),
    };
    await new FileDownload(target, means).run();
  }

  /** The list of the weights may be the older one of two versions. @param {Cache | MemoryCache} cache @param {string} url */
  async #forget(cache, url) {
    await this.#delete(cache, url);
    const { manifestUrl } = this.#expected;
    if (manifestUrl !== undefined && this.#expected.shard(url)) await this.#delete(cache, manifestUrl);
  }

  /** @param {Cache | MemoryCache} cache @param {string} url */
  async #delete(cache, url) {
    this.#early?.delete(url);
    return cache.delete(url);
  }
}

/** @param {Request | string} request */
function urlOf(request) {
  return typeof request === "string" ? request : request.url;
}

/** @param {string} model @param {number} bytes */
function noStorageError(model, bytes) {
  const size = `${Math.ceil(bytes / 2 ** 20)} MiB`;
  return new BridgeError("NoStorageError", `This page cannot store files, and the ${size} of ${model} are too many for its memory.`);
}
