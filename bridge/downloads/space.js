/** The storage that the browser gives this site. */

import { BridgeError } from "../errors.js";

/** @typedef {Partial<StorageManager> | undefined} Storage */

/** @param {Storage} storage @returns {Promise<{ usage?: number, quota?: number, persisted: boolean }>} in bytes */
export async function describeSpace(storage) {
  const { usage, quota } = await estimate(storage);
  const persisted = await quietly(storage?.persisted?.());
  return { ...(usage !== undefined && { usage }), ...(quota !== undefined && { quota }), persisted: persisted ?? false };
}

/**
 * Ask the browser to keep the files of this site until the visitor deletes them. A worker cannot ask.
 * @param {Storage} storage @returns {Promise<boolean>} whether it does
 */
export async function persist(storage) {
  const granted = await quietly(storage?.persist?.());
  return granted ?? (await quietly(storage?.persisted?.())) ?? false;
}

/**
 * Refuse a download that cannot fit, before it begins.
 * @param {Storage} storage @param {string} model @param {number} bytes
 */
export async function requireSpace(storage, model, bytes) {
  const { usage = 0, quota } = await estimate(storage);
  if (quota === undefined || bytes <= quota - usage) return;
  const [needed, free] = [mebibytes(bytes), mebibytes(Math.max(quota - usage, 0))];
  const problem = `The download of ${model} needs ${needed} of storage, and the browser has ${free} left for this site.`;
  throw new BridgeError("StorageError", problem);
}

/** @param {Storage} storage @returns {Promise<StorageEstimate>} */
async function estimate(storage) {
  return (await quietly(storage?.estimate?.())) ?? {};
}

/** Where storage is forbidden, these reject. @template T @param {Promise<T> | undefined} work @returns {Promise<T | undefined>} */
async function quietly(work) {
  try {
    return await work;
  } catch {
    return undefined;
  }
}

/** @param {number} bytes */
function mebibytes(bytes) {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
