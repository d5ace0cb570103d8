/** How large a GGUF model is, before it is downloaded. */

import { CACHES } from "../files.js";
import { BridgeError } from "../errors.js";
import { partsOf } from "../gguf_record.js";
import { withTimeout } from "../timeout.js";
import { memoryLimit } from "./resources.js";

/** @import { GgufRecord } from "../gguf_record.js" */
/** @import { Browser } from "../model_files.js" */

/** Seconds that a server may take to say how large a file is. */
const SIZE_TIMEOUT = 10;

/**
 * The record with the sizes of its files, those of files in the cache as they are there.
 * @template {GgufRecord} R
 * @param {R} record @param {Browser} browser @param {AbortSignal} [signal] @returns {Promise<R & { gguf_sizes: number[] }>}
 */
export async function measured(record, browser, signal) {
  const cache = await browser.openCache(CACHES.weights).catch(() => undefined);
  const sizes = partsOf(record).map(async (url) => {
    const stored = await cache?.match(url);
    return stored ? sizeOf(stored) : announced(url, browser, signal);
  });
  return { ...record, gguf_sizes: await Promise.all(sizes) };
}

/** Refuse before the download what cannot be loaded after it. @param {GgufRecord} record @param {number} [limit] in bytes */
export function requireMemory({ gguf_sizes = [] }, limit = memoryLimit()) {
  const size = gguf_sizes.reduce((sum, it) => sum + it, 0);
  if (size <= limit) return;
  const message = `The model has ${mebibytes(size)} MiB, and at most ${mebibytes(limit)} MiB fit into this browser's memory.`;
  throw new BridgeError("OutOfMemoryError", message);
}

/** @param {Response} response */
async function sizeOf(response) {
  return Number(response.headers.get("Content-Length") ?? 0) || (await response.blob()).size;
}

/** Some servers do not say it. @param {string} url @param {Browser} browser @param {AbortSignal | undefined} signal */
async function announced(url, browser, signal) {
  const answer = browser.fetch(url, { method: "HEAD", ...(signal && { signal }) }).catch(() => undefined);
  const response = await withTimeout(SIZE_TIMEOUT, answer);
  return response?.ok ? Number(response.headers.get("Content-Length") ?? 0) : 0;
}

/** @param {number} bytes */
function mebibytes(bytes) {
  return Math.ceil(bytes / 2 ** 20);
}
