/** The snapshots of Python's memory in this browser: where they are kept, and for which version of the page. */

/** The page's modules as an archive that Python imports from. */
export const ARCHIVE = new URL("../app.zip", import.meta.url);
export const ARCHIVE_PATH = "/home/pyodide/app.zip";

/** A cache of the Cache API; the privacy view names it. */
const CACHE = "pywebllm-python";

/** The key of the local storage for the version whose snapshot is kept. In a first visit, asking the cache takes 0.2 s. */
const KEPT = "pywebllm-snapshot";

/**
 * Return the version of the page's modules, a checksum of the archive, as the site's build wrote it.
 * @param {Document} page
 */
export function readVersion(page) {
  return page.documentElement.dataset["version"] ?? "";
}

/** @param {string} version @returns {Promise<Uint8Array | undefined>} */
export async function readSnapshot(version) {
  if (localStorage.getItem(KEPT) !== version) return undefined;
  // `open` would make a cache, and then a first visit could not be told from others.
  const found = await caches.match(addressOf(version), { cacheName: CACHE });
  return found && new Uint8Array(await found.arrayBuffer());
}

/** Note in the local storage that a snapshot is kept, if it is, so that `readSnapshot` finds it; return whether. @param {string} version */
export async function noteSnapshot(version) {
  const found = await caches.match(addressOf(version), { cacheName: CACHE });
  if (found) localStorage.setItem(KEPT, version);
  return found !== undefined;
}

/** Keep a snapshot, in place of those of other versions; workers may call it. @param {string} version @param {Uint8Array<ArrayBuffer>} snapshot */
export async function keepSnapshot(version, snapshot) {
  await caches.delete(CACHE);
  const cache = await caches.open(CACHE);
  await cache.put(addressOf(version), new Response(snapshot));
}

export async function forgetSnapshots() {
  localStorage.removeItem(KEPT);
  await caches.delete(CACHE);
}

/** Nothing is there: caches need the address of a file. @param {string} version */
function addressOf(version) {
  return new URL(`python-memory/${version}`, ARCHIVE).href;
}
