/** Lists and deletes the models whose files this browser has. */

import { BridgeError, invalidRequest } from "../errors.js";
import { CACHES } from "../files.js";
import { partsOf } from "../gguf_record.js";
import { forget, remembered } from "./catalog.js";
import { CHECKED } from "./file_download.js";
import { listFiles, placeOf } from "./file_list.js";
import { unlessUsed } from "./file_lock.js";
import { PARTIAL_CACHE, deletePartial, partialSizes } from "./partial_file.js";

/** @import { ModelRecord } from "../types.js" */
/** @import { ModelFile } from "./file_list.js" */
/** @import { Site } from "./model_download.js" */

/**
 * @typedef {object} CachedModel
 * @property {string} id
 * @property {string} url its folder, or its first file
 * @property {number} size bytes on disk, those of incomplete files included
 * @property {number} [total] bytes of all its files, as far as their sizes are known
 * @property {boolean} complete whether a load need not download anything
 * @property {number} [time] when its newest file was stored, in seconds of the Unix epoch
 * @property {string[]} urls of its files
 */

/**
 * @param {Site} site @param {ModelRecord[]} records further models to look for
 * @returns {Promise<CachedModel[]>} those of unknown models have the URL of a folder as ID
 */
export async function listCached(site, records) {
  const found = new Found(site);
  try {
    await found.read();
  } catch {
    return []; // nothing can be stored here, so nothing is
  }
  return found.models(await remembered(site.openCache), records);
}

/**
 * Delete the files of models, except those that another model in the cache uses too.
 * @param {Site} site @param {ModelRecord[]} records @param {string | undefined} id undefined: all models
 * @returns {Promise<CachedModel[]>} what was deleted
 */
export async function deleteCached(site, records, id) {
  const all = await listCached(site, records);
  const chosen = all.filter((model) => id === undefined || model.id === id);
  if (id !== undefined && chosen.length === 0) throw new BridgeError("ModelNotFoundError", `No model with the ID "${id}" is stored.`);
  const kept = new Set(all.filter((model) => !chosen.includes(model)).flatMap(({ urls }) => urls));
  const used = [];
  for (const model of chosen) {
    const isFree = await unlessUsed(site.locks, model.url, async (free) => {
      if (free) await deleteModel(site, model, kept);
      return free;
    });
    if (!isFree) used.push(model.id);
  }
  if (used.length === 0) return chosen;
  throw invalidRequest(`${used.join(", ")} is being downloaded or loaded, here or in another tab: stop that first.`);
}

/** @param {Site} site @param {CachedModel} model @param {Set<string>} kept */
async function deleteModel({ openCache }, { id, urls }, kept) {
  const partials = await openCache(PARTIAL_CACHE);
  for (const url of urls.filter((it) => !kept.has(it))) {
    for (const name of Object.values(CACHES)) await (await openCache(name)).delete(url);
    await deletePartial(partials, url);
  }
  await forget(openCache, id);
}

/** What is in the caches. */
class Found {
  #site;
  /** The names of the caches that have a file, by its URL. @type {Map<string, string>} */
  #caches = new Map();
  /** @type {Map<string, number>} */
  #partials = new Map();
  /** @type {Set<string>} */
  #claimed = new Set();

  /** @param {Site} site */
  constructor(site) {
    this.#site = site;
  }

  async read() {
    for (const name of Object.values(CACHES)) {
      for (const { url } of await (await this.#site.openCache(name)).keys()) this.#caches.set(url, name);
    }
    this.#partials = await partialSizes(await this.#site.openCache(PARTIAL_CACHE));
  }

  /** @param {ModelRecord[]} known those that were loaded or downloaded here @param {ModelRecord[]} others */
  async models(known, others) {
    /** @type {CachedModel[]} */
    const models = [];
    const add = async (/** @type {ModelRecord} */ record, /** @type {Iterable<string>} */ urls) => {
      const belongs = belongsTo(record);
      if ([...urls].some(belongs)) models.push(await this.#model(record, belongs));
    };
    for (const record of known) await add(record, this.#urls);
    // Several models of WebLLM's list may have one folder: the first is taken.
    for (const record of others) await add(record, this.#unclaimed);
    return [...models, ...(await this.#unknown())];
  }

  get #unclaimed() {
    return this.#urls.filter((url) => !this.#claimed.has(url));
  }

  get #urls() {
    return [...this.#caches.keys(), ...this.#partials.keys()];
  }

  /** @param {ModelRecord} record @param {(url: string) => boolean} belongs */
  async #model(record, belongs) {
    const { files, isWhole } = await listFiles(record, async ({ url }) => this.#json(url));
    const known = new Map(files.map((file) => [file.url, file]));
    const others = this.#urls.filter((url) => belongs(url) && !known.has(url));
    const urls = [...known.keys(), ...others].filter((url) => this.#caches.has(url) || this.#partials.has(url));
    const complete = isWhole && files.every(({ url }) => this.#caches.has(url));
    // Servers need not say the size of a file that is not there.
    const isSized = files.every(({ url, nbytes }) => nbytes !== undefined || this.#caches.has(url));
    const isKnown = partsOf(record).length > 0 ? isSized : isWhole;
    return this.#describe(record.model_id, placeOf(record), urls, { complete, isWhole: isKnown, known });
  }

  /** Files of models that are in no list, by their folders. */
  async #unknown() {
    const rest = this.#unclaimed;
    const folders = [...new Set(rest.map((url) => folderOf(url)))];
    return Promise.all(
      folders.map((folder) =>
        this.#describe(folder, folder, rest.filter((url) => folderOf(url) === folder), {
          complete: false,
          isWhole: false,
          known: new Map(),
        }),
      ),
    );
  }

  /**
   * @param {string} id @param {string} folder @param {string[]} urls
   * @param {{ complete: boolean, isWhole: boolean, known: Map<string, ModelFile> }} more
   * @returns {Promise<CachedModel>}
   */
  async #describe(id, folder, urls, { complete, isWhole, known }) {
    let [size, time] = [0, 0];
    let total = [...known.values()].reduce((sum, { nbytes = 0 }) => sum + nbytes, 0);
    for (const url of new Set(urls)) {
      this.#claimed.add(url);
      const nbytes = known.get(url)?.nbytes;
      const stored = await this.#stored(url, nbytes);
      size += stored.size;
      if (nbytes === undefined) total += stored.size;
      time = Math.max(time, stored.time);
    }
    const more = { ...(isWhole && { total }), ...(time > 0 && { time }) };
    return { id, url: folder, size, complete, ...more, urls: [...new Set(urls)] };
  }

  /** @param {string} url @param {number | undefined} nbytes */
  async #stored(url, nbytes) {
    const partial = this.#partials.get(url) ?? 0;
    const response = await this.#match(url);
    if (!response) return { size: partial, time: 0 };
    const { headers } = response;
    const announced = headers.has(CHECKED) ? Number(headers.get("Content-Length") ?? 0) : 0;
    const size = announced || nbytes || (await response.blob()).size;
    return { size: size + partial, time: Math.floor(Date.parse(headers.get("Date") ?? "") / 1000) || 0 };
  }

  /** @param {string} url */
  async #match(url) {
    const name = this.#caches.get(url);
    return name === undefined ? undefined : (await this.#site.openCache(name)).match(url);
  }

  /** @param {string} url @returns {Promise<any>} */
  async #json(url) {
    try {
      return await (await this.#match(url))?.json();
    } catch {
      return undefined;
    }
  }
}

/** A model of WebLLM has all files of its folder, others only those that its record names. @param {ModelRecord} record @returns {(url: string) => boolean} */
function belongsTo(record) {
  const parts = partsOf(record);
  if (parts.length > 0) return (url) => parts.includes(url);
  const folder = placeOf(record);
  return (url) => folderOf(url) === folder;
}

/** @param {string} url */
function folderOf(url) {
  return url.replace(/[?#].*$/, "").replace(/[^/]*$/, "");
}
