/**
 * The bytes of a download that is not complete. They are kept as entries of a cache, so that they outlive
 * the page; only what arrived last is in memory.
 */

import { VIRTUAL_BASE } from "../files.js";

/** @import { MemoryCache } from "../memory_cache.js" */
/** @import { Version } from "./version.js" */

/** The name of the cache with all incomplete downloads. */
export const PARTIAL_CACHE = "pywebllm/partial";

const BASE = `${VIRTUAL_BASE}partial/`;

/** How many bytes, and milliseconds, may be in memory only. */
const [MAX_BYTES, MAX_TIME] = [2 ** 23, 2000];

const VERSION = "X-Pywebllm-Version";

export class PartialFile {
  /** The version of the file that these bytes are of. @type {Version | undefined} */
  version;
  /** Bytes, those in memory included. */
  length = 0;
  /** The MIME type that the server sent. */
  type = "";
  #cache;
  #url;
  /** The keys of the stored parts, in order. @type {string[]} */
  #keys = [];
  /** @type {Uint8Array<ArrayBuffer>[]} */
  #recent = [];
  #recentBytes = 0;
  #lastFlush = performance.now();

  /** @param {Cache | MemoryCache} cache @param {string} url */
  constructor(cache, url) {
    this.#cache = cache;
    this.#url = url;
  }

  /** Find what an earlier download has left. @param {Cache | MemoryCache} cache @param {string} url */
  static async open(cache, url) {
    const partial = new PartialFile(cache, url);
    await partial.#find();
    return partial;
  }

  /** Whether anything of it is stored. */
  get isStored() {
    return this.#keys.length > 0;
  }

  /** Begin a new file. @param {Version} version @param {string} type */
  async restart(version, type) {
    await this.clear();
    this.version = version;
    this.type = type;
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  async append(bytes) {
    this.#recent.push(bytes);
    this.#recentBytes += bytes.length;
    this.length += bytes.length;
    const isOld = performance.now() - this.#lastFlush > MAX_TIME;
    if (this.#recentBytes >= MAX_BYTES || isOld) await this.flush();
  }

  /** Store what is in memory only. */
  async flush() {
    this.#lastFlush = performance.now();
    if (this.#recentBytes === 0) return;
    const start = this.length - this.#recentBytes;
    const key = `${prefix(this.#url)}${start}-${this.length}`;
    const headers = { "Content-Type": this.type, [VERSION]: JSON.stringify(this.version) };
    await this.#cache.put(key, new Response(new Blob(this.#recent), { headers }));
    this.#keys.push(key);
    this.#recent = [];
    this.#recentBytes = 0;
  }

  /** All bytes in order, a part at a time. @returns {AsyncGenerator<Uint8Array<ArrayBuffer>>} */
  async *read() {
    for (const key of this.#keys) {
      const part = await this.#cache.match(key);
      if (!part) throw new Error("The browser has evicted a part of the download.");
      yield new Uint8Array(await part.arrayBuffer());
    }
    yield* this.#recent;
  }

  async clear() {
    for (const key of this.#keys) await this.#cache.delete(key);
    [this.#keys, this.#recent, this.#recentBytes, this.length] = [[], [], 0, 0];
    this.version = undefined;
  }

  async #find() {
    for (const { key, start, end } of await partsOf(this.#cache, this.#url)) {
      // A gap, where the browser has evicted a part: what comes after it is of no use.
      if (start !== this.length) await this.#cache.delete(key);
      else if (await this.#readVersion(key)) {
        this.#keys.push(key);
        this.length = end;
      }
    }
  }

  /** @param {string} key @returns {Promise<boolean>} whether the part is there, with the version of those before it */
  async #readVersion(key) {
    if (this.version) return true;
    const first = await this.#cache.match(key);
    const version = first?.headers.get(VERSION);
    if (!first || !version) return false;
    this.version = /** @type {Version} */ (JSON.parse(version));
    this.type = first.headers.get("Content-Type") ?? "";
    return true;
  }
}

/**
 * The bytes that are stored of each incomplete download, by URL.
 * @param {Cache | MemoryCache} cache @returns {Promise<Map<string, number>>}
 */
export async function partialSizes(cache) {
  /** @type {Map<string, number>} */
  const sizes = new Map();
  for (const { url, start, end } of await partsIn(cache)) sizes.set(url, (sizes.get(url) ?? 0) + end - start);
  return sizes;
}

/** Delete what is stored of an incomplete download. @param {Cache | MemoryCache} cache @param {string} url */
export async function deletePartial(cache, url) {
  for (const { key } of await partsOf(cache, url)) await cache.delete(key);
}

/** @param {Cache | MemoryCache} cache @param {string} url */
async function partsOf(cache, url) {
  const parts = (await partsIn(cache)).filter((part) => part.url === url);
  return parts.sort((left, right) => left.start - right.start);
}

/** @param {Cache | MemoryCache} cache */
async function partsIn(cache) {
  return (await cache.keys()).map(({ url: key }) => readKey(key)).filter((part) => part !== undefined);
}

/** @param {string} key */
function readKey(key) {
  if (!key.startsWith(BASE)) return undefined;
  const [name = "", range = ""] = key.slice(BASE.length).split("/");
  const [start = NaN, end = NaN] = range.split("-").map(Number);
  return { key, url: decodeURIComponent(name), start, end };
}

/** @param {string} url */
function prefix(url) {
  return `${BASE}${encodeURIComponent(url)}/`;
}
