/** Model files in the caches that WebLLM reads. */

import { invalidRequest, toBridgeError } from "./errors.js";
import { parseUrl } from "./urls.js";

/** @import { Environment } from "./environment.js" */

/** The names of the caches that WebLLM 0.2.86 reads, by their content. */
export const CACHES = { config: "webllm/config", library: "webllm/wasm", weights: "webllm/model" };

/** The base URL of published files. `.invalid` is reserved (RFC 2606): no request to it can reach a server. */
export const VIRTUAL_BASE = "https://pywebllm.invalid/";

/**
 * Put a file into WebLLM's cache, unless the same bytes are there.
 * @param {Environment["openCache"]} openCache
 * @param {string} name path relative to {@link VIRTUAL_BASE}
 * @param {Uint8Array} bytes
 * @returns {Promise<string>} its URL
 */
export async function publishFile(openCache, name, bytes) {
  const href = parseUrl(name, VIRTUAL_BASE);
  if (!href?.startsWith(VIRTUAL_BASE) || !ArrayBuffer.isView(bytes)) {
    throw invalidRequest(`publish() requires a relative name and bytes, got ${name}`);
  }
  try {
    const cache = await openCache(cacheOf(href));
    const known = await cache.match(href);
    if (!known || !equalBytes(new Uint8Array(await known.arrayBuffer()), bytes)) {
      await cache.put(href, new Response(/** @type {Uint8Array<ArrayBuffer>} */ (bytes)));
    }
  } catch (error) {
    throw toBridgeError(error, "load");
  }
  return href;
}

/** @param {string} url */
function cacheOf(url) {
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
