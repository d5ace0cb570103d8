/** What this site stores in the browser, and its removal. What other sites of the same origin store stays. */

import { STORES, readAll, removeAll } from "./storage.js";

/** The folder of the site. */
const ROOT = new URL("..", import.meta.url).href;

/** What the names of our caches begin with, by what they are for. */
const CACHES = { models: ["webllm/", "pywebllm/"], page: ["pywebllm-site-"], python: ["pywebllm-python"] };

/** WebLLM's folders in the origin's private files: resumable answers, and its store of models. */
const FOLDERS = { answers: "webllm-resume", models: "tvmjs-opfs-store" };

/** What the keys of our small settings, and the names of our databases, have in them. */
const OURS = /pywebllm|pyscript/;

/**
 * Return what is stored, as JSON: the number of records of each kind and of resumable answers, bytes by use, and
 * the number of small settings.
 */
export async function survey() {
  const records = await Promise.all(STORES.map(async (store) => [store, JSON.parse(await readAll(store)).length]));
  const sizes = await Promise.all(Object.entries(CACHES).map(async ([use, names]) => [use, await sizeOf(names)]));
  const answers = await countFiles(FOLDERS.answers);
  return JSON.stringify({ records: Object.fromEntries(records), bytes: Object.fromEntries(sizes), answers, settings: settings().length });
}

/** Delete all of it; the page is to be reloaded afterwards. Raises what the browser refuses. */
export async function deleteAll() {
  const registrations = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(registrations.filter(({ scope }) => scope === ROOT).map((registration) => registration.unregister()));
  await removeAll();
  for (const name of await databases()) await deleteDatabase(name);
  for (const name of await cachesOf(Object.values(CACHES).flat())) await caches.delete(name);
  const root = await navigator.storage.getDirectory();
  for (const name of Object.values(FOLDERS)) if (await folder(name)) await root.removeEntry(name, { recursive: true });
  for (const key of settings()) localStorage.removeItem(key);
  for (const key of Object.keys(sessionStorage)) if (OURS.test(key)) sessionStorage.removeItem(key);
}

function settings() {
  return Object.keys(localStorage).filter((key) => OURS.test(key));
}

/** @param {string[]} beginnings */
async function cachesOf(beginnings) {
  return (await caches.keys()).filter((name) => beginnings.some((beginning) => name.startsWith(beginning)));
}

/** @param {string[]} beginnings @returns {Promise<number>} bytes */
async function sizeOf(beginnings) {
  let bytes = 0;
  for (const name of await cachesOf(beginnings)) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) bytes += (await (await cache.match(request))?.blob())?.size ?? 0;
  }
  return bytes;
}

/** PyScript has a database too, named by the address of the site. */
async function databases() {
  const found = (await indexedDB.databases?.()) ?? [];
  return found.map(({ name = "" }) => name).filter((name) => OURS.test(name) || name.includes(ROOT));
}

/** @param {string} name @returns {Promise<void>} */
function deleteDatabase(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    // It is deleted once the other pages of the site are closed.
    request.onblocked = () => resolve();
    request.onerror = () => reject(request.error);
  });
}

/** @param {string} name @returns {Promise<FileSystemDirectoryHandle | undefined>} */
async function folder(name) {
  try {
    return await (await navigator.storage.getDirectory()).getDirectoryHandle(name);
  } catch {
    return undefined;
  }
}

/** @param {string} name @returns {Promise<number>} */
async function countFiles(name) {
  let count = 0;
  for await (const _ of (await folder(name))?.keys() ?? []) count += 1;
  return count;
}
