/** The models of all pages: which are loaded, and which one goes when there is no room for another. */

import { Bridge } from "../bridge.js";
import { findRecord } from "../records.js";
import { SharedModel, unloadedError } from "./model.js";

/** @import { Environment } from "../environment.js" */
/** @import { Config, LoadRequest } from "../requests.js" */
/** @import { State } from "../shared_client/protocol.js" */
/** @import { Client } from "./client.js" */

export class SharedModels {
  /** @type {Map<string, SharedModel>} */
  #models = new Map();
  /** @type {Set<Client>} */
  #clients = new Set();
  #environment;
  #onUnused;
  #uses = 0;
  /** Set when a page has taken this worker for stuck: it ends when its clients have left. */
  #isAbandoned = false;
  /** @type {Promise<boolean> | undefined} */
  #eviction;
  /** @type {Bridge | undefined} */
  #queries;

  /** @param {Environment} environment @param {() => void} onUnused is called when nothing is left */
  constructor(environment, onUnused) {
    /** @type {Promise<any> | undefined} */
    let webllm;
    const importOnce = (/** @type {string} */ url) => {
      // Pages with the wheel have a `blob:` URL each, for the same module.
      webllm ??= environment.importWebLLM(url).catch((error) => {
        webllm = undefined;
        throw error;
      });
      return webllm;
    };
    // There is no `Worker` in a SharedWorker: the engines run in its own thread.
    this.#environment = { ...environment, createWorker: undefined, importWebLLM: importOnce };
    this.#onUnused = onUnused;
  }

  /** Whether this worker can end. */
  get isUnused() {
    return this.#clients.size === 0 && (this.#models.size === 0 || this.#isAbandoned);
  }

  /** @param {Client} client */
  join(client) {
    this.#clients.add(client);
    client.sendState(this.#stateFor(client));
  }

  /** @param {Client} client @param {{ abandoned: boolean }} options */
  leave(client, { abandoned }) {
    this.#clients.delete(client);
    this.#isAbandoned ||= abandoned;
    this.changed();
  }

  /** Report what has changed to all pages. */
  changed() {
    for (const client of this.#clients) client.sendState(this.#stateFor(client));
    if (this.isUnused) this.#onUnused();
  }

  /** A bridge that answers queries, which need no model. @param {Config} config */
  queries(config) {
    this.#queries ??= new Bridge(config, this.#environment);
    return this.#queries;
  }

  /**
   * Let a client use a model, in place of the one that it used before.
   * @param {Client} client @param {LoadRequest} request @param {SharedModel | undefined} before
   * @returns {Promise<SharedModel>} when there is room for it; its load may then begin
   */
  async claim(client, request, before) {
    // An unknown ID leaves everything as it is.
    findRecord(request, await this.#environment.importWebLLM(client.config.webllmUrl));
    const key = JSON.stringify(request);
    for (let old = this.#models.get(key); old?.closing; old = this.#models.get(key)) await old.closing;
    const found = this.#models.get(key);
    if (before !== found) before?.users.delete(client);
    const model = found ?? this.#create(key, client);
    model.users.add(client);
    this.#uses += 1;
    model.lastUse = this.#uses;
    this.changed();
    await model.room;
    return model;
  }

  /** @param {SharedModel} model @param {import("../errors.js").BridgeError} reason @param {{ waits?: boolean }} [options] */
  async close(model, reason, options) {
    await model.close(reason, options);
    if (this.#models.get(model.key) === model) this.#models.delete(model.key);
    this.changed();
  }

  /** Unload a model for a client that wants it gone. @param {SharedModel} model */
  unload(model) {
    return this.close(model, unloadedError("The model was unloaded by another client."));
  }

  /** A client does not use a model any more. @param {SharedModel} model @param {Client} client */
  async release(model, client) {
    model.users.delete(client);
    // A load that was stopped, or failed, is not kept.
    if (model.users.size === 0 && !model.isHeld && model.running === 0) await this.close(model, unloadedError("Its load was stopped."));
    else if (model.users.size === 0 && client.config.keepAlive === 0) model.keep(0);
    this.changed();
  }

  /**
   * Free the memory of another model, for one that had too little.
   * @param {SharedModel} model
   * @returns {Promise<boolean>} false if there is no other
   */
  makeMemory(model) {
    this.#eviction ??= this.#evict(model).finally(() => (this.#eviction = undefined));
    return this.#eviction;
  }

  /** @param {SharedModel} model */
  async #evict(model) {
    const oldest = this.#leastUsed((other) => other !== model);
    if (!oldest) return false;
    await this.close(oldest, unloadedError("The GPU memory of the model was needed for another one."), { waits: true });
    return true;
  }

  /** @param {string} key @param {Client} client that needs it first */
  #create(key, client) {
    const model = new SharedModel(key, client.config, this.#environment, {
      onChange: () => this.changed(),
      onExpired: (it, seconds) => void this.close(it, unloadedError(`The model was not used for ${seconds} s.`)),
      onLost: (it, event) => it.users.forEach((user) => user.lose(event)),
    });
    this.#models.set(key, model);
    model.room = this.#makeRoom(model, client.config.maxModels);
    return model;
  }

  /** Free models that nobody uses, the least recently used first, while there are too many. @param {SharedModel} model @param {number} limit */
  async #makeRoom(model, limit) {
    while (this.#models.size > limit) {
      const closing = [...this.#models.values()].find((other) => other.closing);
      const oldest = closing ?? this.#leastUsed((other) => other !== model && other.users.size === 0);
      if (!oldest) return;
      await this.close(oldest, unloadedError("Another model was loaded."), { waits: true });
    }
  }

  /** @param {(model: SharedModel) => boolean} isCandidate */
  #leastUsed(isCandidate) {
    const candidates = [...this.#models.values()].filter((model) => !model.closing && isCandidate(model));
    // Preferably one that nobody uses, then one that is not working.
    const rank = (/** @type {SharedModel} */ it) => [Math.min(it.users.size, 1), Math.min(it.running, 1), it.lastUse];
    return candidates.sort((left, right) => compare(rank(left), rank(right)))[0];
  }

  /** @param {Client} client @returns {State} */
  #stateFor(client) {
    const models = [...this.#models.values()];
    const held = models.filter((model) => model.isHeld);
    return {
      models: held.map(({ key, users }) => ({ key, others: users.size - (users.has(client) ? 1 : 0) })),
      running: models.reduce((sum, { running }) => sum + running, 0),
    };
  }
}

/** @param {number[]} left @param {number[]} right of the same length */
function compare(left, right) {
  const index = left.findIndex((value, position) => value !== right[position]);
  return index < 0 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}
