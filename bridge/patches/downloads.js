/**
 * WebLLM 0.2.86 caches whatever a server answers with status 200, reports downloads by whole shards,
 * names neither file nor status of one that fails, and needs the Cache API. While a model is loaded,
 * this patch gives it `caches` and `fetch` of `../model_files.js`, which check and count.
 *
 * Guarded by tests/bridge/patches/downloads.test.mjs.
 */

import { remember } from "../downloads/catalog.js";
import { modelFolder } from "../downloads/file_list.js";
import { usingModel } from "../downloads/file_lock.js";
import { takeEarlyFiles } from "../early_files.js";
import { CACHES } from "../files.js";
import { ModelFiles } from "../model_files.js";
import { withEarlyLibrary } from "./early_library.js";
import { wrapReload } from "./wrap.js";

/** @import { Browser } from "../model_files.js" */
/** @import { ModelRecord } from "../types.js" */

/** @param {any} engine */
export function patchDownloads(engine) {
  wrapReload(engine, async (reload, record) => {
    const { publishedFiles = new Map() } = engine.appConfig;
    const report = (/** @type {object} */ it) => engine.initProgressCallback?.(it);
    const browser = browserOf(/** @type {any} */ (globalThis));
    const { fetch, openCache } = browser;
    const early = takeEarlyFiles(record);
    const files = new ModelFiles(record, browser, report, publishedFiles, { early });
    const open = (/** @type {string} */ name) => (isOurs(name) ? files.open(name) : openCache(name));
    const serve = { openCache: open, files, fetch, record };
    return usingModel(browser.locks, modelFolder(record.model), async () => {
      await files.readManifest(engine.reloadController?.signal);
      const work = () => withEarlyLibrary(early, reload);
      const [loaded] = await Promise.all([withFiles(serve, work), remember(openCache, record)]);
      return loaded;
    });
  });
}

/**
 * How the loads that run read files, the newest last. On the page's own thread, a load that was given up may still run
 * beside the next one, and end before it or after.
 * @type {{ openCache: (name: string) => Promise<unknown>, fetch: (url: string, options?: RequestInit) => Promise<unknown> }[]}
 */
const loads = [];
/** The browser's own functions, while loads replace them. @type {Browser | undefined} */
let replaced;
/** @type {() => void} */
let restore = () => {};

/**
 * @param {{ openCache: (name: string) => Promise<unknown>, files: ModelFiles, fetch: Browser["fetch"], record: ModelRecord }} serve
 * @param {() => Promise<unknown>} work
 */
async function withFiles({ openCache, files, fetch, record }, work) {
  const load = {
    openCache,
    fetch: (/** @type {string} */ url, /** @type {RequestInit | undefined} */ options) =>
      url === record.model_lib ? files.fetchLibrary() : fetch(url, options),
  };
  if (loads.push(load) === 1) replaceFunctions();
  try {
    return await work();
  } finally {
    loads.splice(loads.indexOf(load), 1);
    if (loads.length === 0) restoreFunctions();
  }
}

function replaceFunctions() {
  replaced = browserOf(/** @type {any} */ (globalThis));
  restore = replace(globalThis, {
    caches: { open: (/** @type {string} */ name) => loads.at(-1)?.openCache(name) },
    fetch: (/** @type {string} */ url, /** @type {RequestInit} */ options) => loads.at(-1)?.fetch(url, options),
  });
}

function restoreFunctions() {
  restore();
  replaced = undefined;
}

/** The browser's own functions, also while loads replace them. @param {{ fetch: typeof fetch, caches: CacheStorage, navigator?: Navigator }} scope @returns {Browser} */
export function browserOf(scope) {
  if (replaced) return replaced;
  const { fetch } = scope;
  const caches = cachesOf(scope);
  const openCache = async (/** @type {string} */ name) => {
    if (!caches) throw new Error("This browser has no Cache API.");
    return caches.open(name);
  };
  return { fetch: fetch.bind(scope), openCache, locks: scope.navigator?.locks };
}

/** @param {{ caches: CacheStorage }} scope */
function cachesOf(scope) {
  try {
    return scope.caches;
  } catch {
    return undefined; // a sandboxed frame throws when `caches` is only read
  }
}

/** @param {string} name */
function isOurs(name) {
  return Object.values(CACHES).includes(name);
}

/**
 * Replace properties of an object, which may be inherited ones without a setter.
 * @param {any} object @param {Record<string, unknown>} values
 * @returns {() => void} restores them
 */
function replace(object, values) {
  const names = Object.keys(values);
  const own = names.map((name) => Object.getOwnPropertyDescriptor(object, name));
  for (const name of names) {
    Object.defineProperty(object, name, { value: values[name], configurable: true, writable: true });
  }
  return () => {
    for (const [index, name] of names.entries()) {
      const before = own[index];
      if (before) Object.defineProperty(object, name, before);
      else delete object[name];
    }
  };
}
