/**
 * WebLLM 0.2.86 caches a file before it uses it. Sizes and checksums exist for the weights, the form of
 * the others is checked as they arrive, but one of the right form may still be another version's or
 * another model's, and would fail every later load. This patch deletes such files after a load failed.
 *
 * Guarded by tests/bridge/patches/invalid_files.test.mjs.
 */

import { CACHES, VIRTUAL_BASE } from "../files.js";

/** @import { Environment } from "../environment.js" */
/** @import { ModelRecord } from "../types.js" */

/**
 * Published files are not deleted: they cannot be downloaded, and `publish()` before the next load replaces them.
 * @param {Environment["openCache"]} openCache @param {ModelRecord} record
 * @param {boolean} includesWeights whether the weights may be invalid too, which are neither parsed nor compiled
 */
export async function deleteInvalidFiles(openCache, record, includesWeights) {
  if (record.model.startsWith(VIRTUAL_BASE)) return;
  const folder = record.model.replace(/\/?$/, "/");
  const isOfModel = (/** @type {string} */ url) => url === record.model_lib || url.startsWith(folder);
  for (const name of Object.values(CACHES)) {
    const cache = await openCache(name);
    for (const { url } of await cache.keys()) {
      if (isOfModel(url) && (includesWeights || !url.endsWith(".bin"))) await cache.delete(url);
    }
  }
}
