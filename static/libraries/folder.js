/**
 * The files of a folder that the visitor chose, put where the engines look for the files of models.
 *
 * They go from the disk into the cache without passing through Python: a model may have gigabytes.
 */

import { VIRTUAL_BASE, cacheOf } from "../../bridge/files.js";

/** @param {string} id of an input with `webkitdirectory` @returns {File[]} */
function filesOf(id) {
  const input = document.getElementById(id);
  return input instanceof HTMLInputElement ? [...(input.files ?? [])] : [];
}

/** @param {string} id of the input @returns {string} the paths of the files as a JSON list */
export function paths(id) {
  return JSON.stringify(filesOf(id).map((file) => file.webkitRelativePath || file.name));
}

/** The address below which files are kept; no request to it can reach a server. */
export function base() {
  return `${VIRTUAL_BASE}own/`;
}

/**
 * Keep a file as if it had been downloaded.
 * @param {string} id of the input @param {string} path of the file @param {string} url
 */
export async function keep(id, path, url) {
  const file = filesOf(id).find((it) => (it.webkitRelativePath || it.name) === path);
  if (!file) throw new Error(`${path} is not in the folder any more.`);
  const headers = { "Content-Length": String(file.size), Date: new Date().toUTCString() };
  await (await caches.open(cacheOf(url))).put(url, new Response(file, { headers }));
}
