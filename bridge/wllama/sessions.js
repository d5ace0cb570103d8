/**
 * Resumable answers of llama.cpp: the text is stored while it is written, with its request, and a resumed answer
 * continues it. WebLLM stores those of its engine itself.
 */

import { BridgeError, invalidRequest, nameAndMessage } from "../errors.js";
import { VIRTUAL_BASE } from "../files.js";

/** @import { Browser } from "../model_files.js" */

/** @typedef {Pick<Browser, "openCache" | "locks">} Place */

/**
 * @typedef {object} Session
 * @property {string} id
 * @property {string} model
 * @property {any} request
 * @property {string} text that was sent to the reader
 * @property {number} tokens of the answer so far
 * @property {number} promptTokens
 * @property {boolean} isComplete
 */

const CACHE = "pywebllm/sessions";

/** Milliseconds between two writes: so much of an answer may be lost with its page. */
const INTERVAL = 250;

/** @param {string} id */
function keyOf(id) {
  return `${VIRTUAL_BASE}sessions/${encodeURIComponent(id)}`;
}

export class Sessions {
  #place;

  /** @param {Place} place */
  constructor(place) {
    this.#place = place;
  }

  /** @returns {Promise<Session[]>} */
  async list() {
    try {
      const cache = await this.#place.openCache(CACHE);
      const found = (await cache.keys()).map(async ({ url }) => (await cache.match(url))?.json());
      return (await Promise.all(found)).filter(Boolean);
    } catch {
      return []; // nothing can be stored here, so nothing is
    }
  }

  /** @param {string} id @returns {Promise<Session | undefined>} */
  async find(id) {
    return (await this.list()).find((session) => session.id === id);
  }

  /** @param {string} id */
  async delete(id) {
    const journal = await this.open(id);
    try {
      await journal.delete();
    } finally {
      journal.release();
    }
  }

  /**
   * Open a session for writing, which nobody else does until its journal is released.
   * @param {string} id @param {boolean} [isStrict] whether a write that fails ends the answer
   */
  async open(id, isStrict = false) {
    const cache = await this.#place.openCache(CACHE).catch((error) => {
      throw cannotStore(error);
    });
    const release = await this.#lock(id);
    try {
      const found = await cache.match(keyOf(id)).then((response) => response?.json());
      return new Journal({ cache, isStrict, release }, found);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** @param {string} id @returns {Promise<() => void>} releases it */
  async #lock(id) {
    const { locks } = this.#place;
    if (!locks) return () => {};
    return new Promise((resolve, reject) => {
      const granted = (/** @type {Lock | null} */ lock) => {
        if (lock) return new Promise((release) => resolve(() => release(undefined)));
        reject(invalidRequest(`The session ${id} is still being written in another tab, or in this one: stop it there, or wait until it ends.`));
        return undefined;
      };
      locks.request(`pywebllm-session:${id}`, { ifAvailable: true }, granted).catch(reject);
    });
  }
}

/** Stores one answer while it is written. */
export class Journal {
  /** What is stored; undefined for a new answer. @type {Session | undefined} */
  session;
  release;
  #cache;
  #isStrict;
  #isDirty = false;
  #lastWrite = -Infinity;

  /** @param {{ cache: Cache, isStrict: boolean, release: () => void }} means @param {Session | undefined} session */
  constructor({ cache, isStrict, release }, session) {
    this.#cache = cache;
    this.#isStrict = isStrict;
    this.release = release;
    this.session = session;
  }

  /** Store the beginning, which has to work. @param {Session} session */
  async begin(session) {
    if (this.session) throw invalidRequest(`Resumable session ${session.id} exists already: delete it, or give another session_id.`);
    this.session = session;
    await this.#put(session).catch((error) => {
      throw cannotStore(error);
    });
  }

  /** @param {string} text so far */
  async write(text) {
    if (this.session) this.session.text = text;
    this.#isDirty = true;
    if (performance.now() - this.#lastWrite >= INTERVAL) await this.#write();
  }

  /** @param {boolean} isComplete */
  async end(isComplete) {
    if (!this.session || !this.#isDirty) return;
    this.session.isComplete = isComplete;
    await this.#write();
  }

  async delete() {
    if (this.session) await this.#cache.delete(keyOf(this.session.id));
  }

  async #write() {
    this.#isDirty = false;
    try {
      if (this.session) await this.#put(this.session);
    } catch (error) {
      if (this.#isStrict) throw new BridgeError("StorageError", `The browser could not store the answer: ${nameAndMessage(error).message}`, error);
    }
  }

  /** @param {Session} session */
  async #put(session) {
    this.#lastWrite = performance.now();
    await this.#cache.put(keyOf(session.id), new Response(JSON.stringify(session)));
  }
}

/** @param {unknown} error */
function cannotStore(error) {
  const advice = "Leave out resumable, or free disk space, and use neither a private window nor a sandboxed frame.";
  return invalidRequest(`This browser cannot store the answer: ${nameAndMessage(error).message.replace(/\.$/, "")}. ${advice}`);
}
