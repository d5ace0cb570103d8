/** The records of the models whose files this browser has, so that they are found again by their IDs. */

import { VIRTUAL_BASE } from "../files.js";

/** @import { ModelRecord } from "../types.js" */

/** @typedef {(name: string) => Promise<Cache>} OpenCache */

const CATALOG_CACHE = "pywebllm/models";

/** The cache with the shaders that the last load of each model has compiled. */
export const SHADERS_CACHE = "pywebllm/shaders";

/** @param {string} id of a model @returns {string} the key of its shaders */
export function shadersKey(id) {
  return `${VIRTUAL_BASE}shaders/${encodeURIComponent(id)}`;
}

/** @param {string} id */
function keyOf(id) {
  return `${VIRTUAL_BASE}records/${encodeURIComponent(id)}`;
}

/** Where nothing can be stored, this does nothing. @param {OpenCache} openCache @param {ModelRecord} record */
export async function remember(openCache, record) {
  try {
    await (await openCache(CATALOG_CACHE)).put(keyOf(record.model_id), new Response(JSON.stringify(record)));
  } catch {
    // The files are found by their URLs.
  }
}

/** @param {OpenCache} openCache @param {string} id */
export async function forget(openCache, id) {
  await (await openCache(CATALOG_CACHE)).delete(keyOf(id));
  await (await openCache(SHADERS_CACHE)).delete(shadersKey(id));
}

/** @param {OpenCache} openCache @returns {Promise<ModelRecord[]>} */
export async function remembered(openCache) {
  const cache = await openCache(CATALOG_CACHE);
  const found = (await cache.keys()).map(async ({ url }) => readRecord(await cache.match(url)));
  return (await Promise.all(found)).filter((record) => record !== undefined);
}

/** @param {Response | undefined} response @returns {Promise<ModelRecord | undefined>} */
async function readRecord(response) {
  try {
    const record = await response?.json();
    const isKnown = typeof record.model_id === "string" && (typeof record.model === "string" || Array.isArray(record.gguf));
    return isKnown ? record : undefined;
  } catch {
    return undefined;
  }
}

/** @param {OpenCache} openCache */
export async function forgetAll(openCache) {
  for (const name of [CATALOG_CACHE, SHADERS_CACHE]) {
    const cache = await openCache(name);
    for (const { url } of await cache.keys()) await cache.delete(url);
  }
}
