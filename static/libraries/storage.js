/**
 * What the page keeps in this browser: records in IndexedDB, one store for each kind.
 *
 * Records cross as JSON text, so that Python and JavaScript hold no object of each other. A record has an
 * `id`, a string.
 */

import { deleteDB, openDB } from "idb";

export const NAME = "pywebllm-page";

/** Raised with each new entry of `STORES`. */
const VERSION = 1;

/** The kinds of records, as `app/page/storage.py` names them. */
export const STORES = ["conversations", "personas", "programs", "settings"];

/** @type {Promise<import("idb").IDBPDatabase> | undefined} */
let opening;

function open() {
  opening ??= openDB(NAME, VERSION, {
    upgrade(database) {
      for (const store of STORES) {
        if (!database.objectStoreNames.contains(store)) database.createObjectStore(store, { keyPath: "id" });
      }
    },
    // Another tab has a newer page, or deletes all: let go, and open again when needed.
    blocking(_current, _blocked, event) {
      opening = undefined;
      /** @type {IDBDatabase} */ (event.target).close();
    },
    terminated() {
      opening = undefined;
    },
  });
  opening.catch(() => (opening = undefined));
  return opening;
}

/**
 * Return all records of a store as a JSON list, in the order of their IDs.
 * @param {string} store
 */
export async function readAll(store) {
  return JSON.stringify(await (await open()).getAll(store));
}

/**
 * Return one record as JSON, or an empty string.
 * @param {string} store
 * @param {string} id
 */
export async function read(store, id) {
  const found = await (await open()).get(store, id);
  return found === undefined ? "" : JSON.stringify(found);
}

/**
 * Return all records of a store as a JSON list, each without one of its fields.
 * @param {string} store
 * @param {string} without
 */
export async function readSummaries(store, without) {
  const records = await (await open()).getAll(store);
  return JSON.stringify(records.map(({ [without]: _left, ...summary }) => summary));
}

/**
 * Return the IDs of the records in whose texts all words occur, as a JSON list. The addresses of images
 * and the like are no texts.
 * @param {string} store
 * @param {string} words
 */
export async function search(store, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  for (let cursor = await (await open()).transaction(store).store.openCursor(); cursor; cursor = await cursor.continue()) {
    const text = textsOf(cursor.value).join("\n").toLowerCase();
    if (wanted.every((word) => text.includes(word))) found.push(cursor.key);
  }
  return JSON.stringify(found);
}

/** Fields that hold words; all others hold IDs, numbers and states. */
const TEXTS = new Set(["title", "text", "name", "code", "content"]);

/** @param {unknown} value @returns {string[]} */
function textsOf(value) {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => (typeof part !== "string" ? textsOf(part) : TEXTS.has(key) ? [part] : []));
}

/**
 * Keep a record, in place of one with the same ID.
 * @param {string} store
 * @param {string} record JSON
 */
export async function write(store, record) {
  await (await open()).put(store, JSON.parse(record));
}

/**
 * Change some fields of the record with the same ID, and return `true` as JSON; if there is none, only `false`.
 * A list has records with IDs: those given replace the ones with their IDs or come last, and the others stay.
 * @param {string} store
 * @param {string} changes JSON
 */
export async function change(store, changes) {
  const fields = JSON.parse(changes);
  const transaction = (await open()).transaction(store, "readwrite");
  const record = await transaction.store.get(fields.id);
  await Promise.all([record && transaction.store.put(changed(record, fields)), transaction.done]);
  return JSON.stringify(record !== undefined);
}

/** @typedef {{ id: string, [field: string]: unknown }} Item */

/** @param {Item} record @param {Item} fields */
function changed(record, fields) {
  const joined = { ...record };
  for (const [name, value] of Object.entries(fields)) {
    joined[name] = Array.isArray(value) ? joinedLists(record[name], value) : value;
  }
  return joined;
}

/** @param {unknown} before @param {Item[]} items */
function joinedLists(before, items) {
  const all = [.../** @type {Item[]} */ (before ?? []), ...items];
  return [...new Map(all.map((item) => [item.id, item])).values()];
}

/**
 * Delete one record.
 * @param {string} store
 * @param {string} id
 */
export async function remove(store, id) {
  await (await open()).delete(store, id);
}

/** Delete all records of all stores; other tabs let go of the database. */
export async function removeAll() {
  const database = await opening;
  database?.close();
  opening = undefined;
  await deleteDB(NAME);
}
