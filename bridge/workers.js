/** Starts a worker from any URL. */

/** @typedef {Pick<Worker, "postMessage" | "terminate" | "addEventListener">} EngineWorker */

/** The `blob:` URL for each file of another origin. A blob stays in memory until the page ends. @type {Map<string, string>} */
const IMPORTERS = new Map();

/** @param {string} url @param {string} name @returns {EngineWorker} */
export function createWorker(url, name) {
  // A worker's script must have the page's origin; one of another origin is imported by a script that has.
  const isSameOrigin = new URL(url).origin === globalThis.location.origin;
  return new Worker(isSameOrigin ? url : importerOf(url), { type: "module", name });
}

/** @param {string} url @returns {string} the URL of a script that imports it */
function importerOf(url) {
  const importer =
    IMPORTERS.get(url) ??
    URL.createObjectURL(new Blob([`import ${JSON.stringify(url)};`], { type: "text/javascript" }));
  IMPORTERS.set(url, importer);
  return importer;
}
