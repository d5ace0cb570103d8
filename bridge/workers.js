/** Starts a worker from any URL. */

/** @typedef {Pick<Worker, "postMessage" | "terminate" | "addEventListener">} EngineWorker */

/** @typedef {Pick<SharedWorker, "port" | "addEventListener">} SharedEngineWorker */

/** The `blob:` URL for each file of another origin. A blob stays in memory until the page ends. @type {Map<string, string>} */
const IMPORTERS = new Map();

/** @param {string} url @param {string} name @returns {EngineWorker} */
export function createWorker(url, name) {
  // A worker's script must have the page's origin; one of another origin is imported by a script that has.
  const isSameOrigin = new URL(url).origin === globalThis.location.origin;
  return new Worker(isSameOrigin ? url : importerOf(url), { type: "module", name });
}

/**
 * @param {typeof SharedWorker | undefined} Shared
 * @returns {((url: string, name: string) => SharedEngineWorker) | undefined} starts or joins a worker that
 *   outlives its pages; undefined if this browser has none (Chrome and Edge have it from 148)
 */
export function sharedWorkers(Shared) {
  if (!Shared || !readsExtendedLifetime(Shared)) return undefined;
  return (url, name) => new Shared(url, /** @type {any} */ ({ type: "module", name, extendedLifetime: true }));
}

/** @param {typeof SharedWorker} Shared */
function readsExtendedLifetime(Shared) {
  let isRead = false;
  const options = {
    get extendedLifetime() {
      isRead = true;
      return true;
    },
  };
  try {
    // A browser reads the options that it knows before it finds that this URL is none.
    new Shared("http://:", /** @type {any} */ (options));
  } catch {
    // As expected.
  }
  return isRead;
}

/** @param {string} url @returns {string} the URL of a script that imports it */
function importerOf(url) {
  const importer =
    IMPORTERS.get(url) ??
    URL.createObjectURL(new Blob([`import ${JSON.stringify(url)};`], { type: "text/javascript" }));
  IMPORTERS.set(url, importer);
  return importer;
}
