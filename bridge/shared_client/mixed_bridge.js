/**
 * A bridge whose models of WebLLM are shared with other pages. llama.cpp starts a worker, which a
 * SharedWorker cannot, so its models have an engine of the page's own.
 */

import { chooseForLoad } from "../engine_choice.js";
import { usesWllama } from "../records.js";
import { isFileQuery, readLoad, readQuery } from "../requests.js";
import { Watchers } from "../watchers.js";

/** @import { Bridge } from "../bridge.js" */
/** @import { Stream } from "../streams.js" */
/** @import { SharedBridge } from "./shared_bridge.js" */

/** @typedef {Pick<SharedBridge, "load" | "generate" | "query" | "watch" | "publish" | "urlOf" | "holds" | "inUseBy" | "idle" | "unload" | "dispose">} Shared */
/** @typedef {Pick<Bridge, "load" | "generate" | "query" | "watch" | "holds" | "retire" | "dispose">} Own */

export class MixedBridge {
  #shared;
  #createOwn;
  /** The bridge of llama.cpp, while it is used. @type {Own | undefined} */
  #own;
  /** Bridges of llama.cpp that end what was asked of them. @type {Set<Own>} */
  #retiring = new Set();
  /** Answers queries about files. @type {Own | undefined} */
  #files;
  #watchers = new Watchers();
  #deviceLosses = 0;
  #isDisposed = false;

  /** @param {Shared} shared @param {() => Own} createOwn */
  constructor(shared, createOwn) {
    this.#shared = shared;
    this.#createOwn = createOwn;
    void this.#forward(shared);
  }

  /** Whether the model that was requested last is shared. */
  get isShared() {
    return this.#own === undefined;
  }

  /** @param {string} requestJson as for `Bridge.load` @returns {Stream} */
  load(requestJson) {
    if (!this.#isDisposed) this.#take(isForWllama(requestJson));
    return (this.#own ?? this.#shared).load(requestJson);
  }

  /** @param {string} requestJson as for `Bridge.generate` @returns {Stream} */
  generate(requestJson) {
    return (this.#own ?? this.#shared).generate(requestJson);
  }

  /**
   * Files are the page's own matter: a SharedWorker may not ask for persistent storage, and a download
   * ends with its page.
   * @param {string} requestJson as for `Bridge.query` @returns {Stream}
   */
  query(requestJson) {
    if (this.#isDisposed || !isForFiles(requestJson)) return this.#shared.query(requestJson);
    this.#files ??= this.#createOwn();
    return this.#files.query(requestJson);
  }

  /** Events, as of `Bridge.watch`. @returns {Stream} */
  watch() {
    return this.#watchers.watch();
  }

  /** @param {string} name @param {Uint8Array} bytes @returns {Promise<string>} as `Bridge.publish` */
  publish(name, bytes) {
    return this.#shared.publish(name, bytes);
  }

  /** @param {string} name @returns {string} the URL of a published file */
  urlOf(name) {
    return this.#shared.urlOf(name);
  }

  /** @param {string} requestJson as for `Bridge.holds` */
  holds(requestJson) {
    return (this.#own ?? this.#shared).holds(requestJson);
  }

  /** @param {string | boolean} wllama @returns {Promise<string>} as `Bridge.chooseEngine` */
  async chooseEngine(wllama) {
    return JSON.stringify(await chooseForLoad(globalThis, wllama, this.#deviceLosses));
  }

  /** The number of other clients that use the model of this one. */
  inUseBy() {
    return this.#own ? 0 : this.#shared.inUseBy();
  }

  /** @param {boolean} force @returns {Promise<void>} as `SharedBridge.unload` */
  async unload(force) {
    const own = this.#own;
    this.#own = undefined;
    await Promise.all([own?.dispose(), this.#shared.unload(force)]);
  }

  /** End every stream of this page. @returns {Promise<void>} */
  async dispose() {
    this.#isDisposed = true;
    this.#watchers.dispose();
    const own = [this.#own, ...this.#retiring, this.#files];
    await Promise.all([...own.map((bridge) => bridge?.dispose()), this.#shared.dispose()]);
  }

  /** Use the one engine or the other; the one before ends what was asked of it. @param {boolean} isForWllama */
  #take(isForWllama) {
    if (isForWllama === (this.#own !== undefined)) return;
    const before = this.#own;
    this.#own = isForWllama ? this.#createOwn() : undefined;
    if (this.#own) void this.#forward(this.#own);
    if (before) void this.#retire(before);
    else void this.#releaseShared();
  }

  /** @param {Own} own */
  async #retire(own) {
    this.#retiring.add(own);
    await own.retire();
    this.#retiring.delete(own);
  }

  async #releaseShared() {
    await this.#shared.idle();
    if (this.#own) await this.#shared.unload(false);
  }

  /** Pass on what is lost of the engine in use. @param {Shared | Own} source */
  async #forward(source) {
    const stream = source.watch();
    for (let text = await stream.next(); text !== undefined; text = await stream.next()) {
      const lost = JSON.parse(text).filter((/** @type {any} */ { type }) => type === "lost");
      if (source === (this.#own ?? this.#shared)) lost.forEach((/** @type {any} */ event) => this.#report(event));
    }
  }

  /** @param {{ name: string }} event */
  #report(event) {
    if (event.name === "DeviceLostError") this.#deviceLosses += 1;
    this.#watchers.report(event);
  }
}

/** @param {string} requestJson of a query @returns {boolean} false if it is invalid: the query says why */
function isForFiles(requestJson) {
  try {
    return isFileQuery(readQuery(requestJson));
  } catch {
    return false;
  }
}

/** @param {string} requestJson of a load @returns {boolean} false if it is invalid: the load says why */
function isForWllama(requestJson) {
  try {
    return usesWllama(readLoad(requestJson));
  } catch {
    return false;
  }
}
