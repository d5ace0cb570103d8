/** Model files in the caches that WebLLM reads. */

import { invalidRequest } from "./errors.js";
import { parseUrl } from "./urls.js";

/** @import { Environment } from "./environment.js" */

/** The names of the caches that WebLLM 0.2.86 reads, by their content. */
export const CACHES = { config: "webllm/config", library: "webllm/wasm", weights: "webllm/model" };

/** The base URL of published files. `.invalid` is reserved (RFC 2606): no request to it can reach a server. */
export const VIRTUAL_BASE = "https://pywebllm.invalid/";

/** The files that are kept in memory, because they could not be stored, by their URLs. @type {WeakMap<object, Map<string, Blob>>} */
const inMemory = new WeakMap();

/** @param {Environment} environment of the bridge that published them @returns {ReadonlyMap<string, Blob>} */
export function filesInMemory(environment) {
  return inMemory.get(environment) ?? new Map();
}

/** Add files of another environment, such as those of a page that shares its engine. @param {Environment} environment @param {ReadonlyMap<string, Blob>} [files] */
export function keepInMemory(environment, files = new Map()) {
  if (files.size > 0) inMemory.set(environment, new Map([...filesInMemory(environment), ...files]));
}

/** @param {string} name of a published file @returns {string} its URL */
export function urlOf(name) {
  return new URL(name, VIRTUAL_BASE).href;
}

/**
 * Put a file into WebLLM's cache, unless the same bytes are there. Without a cache, or if the disk is
 * full, keep it in memory.
 * @param {Environment} environment
 * @param {string} name path relative to {@link VIRTUAL_BASE}
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<string>} its URL
 */
export async function publishFile(environment, name, bytes) {
  const href = parseUrl(name, VIRTUAL_BASE);
  if (!href?.startsWith(VIRTUAL_BASE) || !ArrayBuffer.isView(bytes)) {
    throw invalidRequest(`publish() requires a relative name and bytes, got ${name}`);
  }
  try {
    await store(await environment.openCache(cacheOf(href)), href, bytes);
  } catch {
    const files = inMemory.get(environment) ?? new Map();
    inMemory.set(environment, files.set(href, new Blob([bytes])));
  }
  return href;
}

/** @param {Cache} cache @param {string} href @param {Uint8Array<ArrayBuffer>} bytes */
async function store(cache, href, bytes) {
  const known = await cache.match(href);
  if (known && equalBytes(new Uint8Array(await known.arrayBuffer()), bytes)) return;
  await cache.put(href, new Response(bytes));
}

/** @param {string} url @returns {string} the name of the cache in which WebLLM looks for it */
export function cacheOf(url) {
  if (url.endsWith(".wasm")) return CACHES.library;
  return url.endsWith("/mlc-chat-config.json") ? CACHES.config : CACHES.weights;
}

/** @param {Uint8Array} left @param {Uint8Array} right */
function equalBytes(left, right) {
  let equal = left.length === right.length;
  // A model has millions of bytes, and `every` takes eight times as long.
  for (let index = 0; equal && index < left.length; index += 1) equal = left[index] === right[index];
  return equal;
}
