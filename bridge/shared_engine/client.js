/** One client of the shared engines: what a bridge of a page asks for, until the page ends. */

import { BridgeError, toBridgeError } from "../errors.js";
import { keepInMemory } from "../files.js";
import { readGeneration, readLoad } from "../requests.js";
import { Outlet } from "./outlet.js";

/** @import { Environment } from "../environment.js" */
/** @import { Config } from "../requests.js" */
/** @import { Hello, Open, State } from "../shared_client/protocol.js" */
/** @import { SharedModel } from "./model.js" */
/** @import { SharedModels } from "./models.js" */

export class Client {
  /** @type {Config} */
  config = { webllmUrl: "", workerUrl: "", thread: "main", keepAlive: 0, maxModels: 1 };
  #page = "";
  #port;
  #models;
  #environment;
  #lock;
  #left = new AbortController();
  /** The request of the last load, which is repeated if the model was unloaded since. @type {string | undefined} */
  #target;
  /** The model that this client uses; undefined if it has none. @type {Promise<SharedModel | undefined> | undefined} */
  #claim;
  /** @type {Map<number, Outlet>} */
  #outlets = new Map();

  /**
   * @param {MessagePort} port @param {SharedModels} models
   * @param {{ environment: Environment, lock: Promise<string> }} worker `lock`: the name of the lock that it holds
   */
  constructor(port, models, { environment, lock }) {
    this.#port = port;
    this.#models = models;
    this.#environment = environment;
    this.#lock = lock;
    port.onmessage = ({ data }) => void this.#receive(data);
  }

  /** @param {State} state */
  sendState(state) {
    this.#post({ state });
  }

  /** The device of the model that this client uses was lost. @param {{ name: string, message: string }} reason */
  lose({ name, message }) {
    this.#post({ event: { type: "lost", name, message } });
  }

  /** The model that this client uses was unloaded: its next request loads it again. @param {SharedModel} model @param {BridgeError} reason */
  unloaded(model, reason) {
    this.#claim = undefined;
    this.lose(reason);
    for (const outlet of [...this.#outlets.values()]) if (outlet.model === model) outlet.fail(reason);
  }

  /** @param {any} message */
  async #receive(message) {
    if ("ping" in message) this.#post({ pong: true });
    else if ("hello" in message) await this.#greet(message.hello);
    else if ("open" in message) await this.#open(message.open);
    else if ("stop" in message) this.#outlets.get(message.stop)?.close();
    else if ("unload" in message) await this.#unload(message.unload, message.force);
    else if ("leave" in message) this.#leave(message.abandoned);
  }

  /** @param {Hello} hello */
  async #greet({ page, webllmUrl, keepAlive, maxModels, target }) {
    this.#page = page;
    this.#target = target;
    this.config = { ...this.config, webllmUrl, keepAlive, maxModels };
    // The page holds it until it ends, however it ends.
    const ended = async () => this.#leave(false);
    this.#environment.locks?.request(page, { signal: this.#left.signal }, ended).catch(() => {});
    this.#models.join(this);
    this.#post({ hello: await this.#lock });
  }

  /** @param {Open} request */
  async #open({ id, method, request, files }) {
    const outlet = new Outlet(id, (message) => this.#post(message));
    this.#outlets.set(id, outlet);
    outlet.onClosed(() => this.#outlets.delete(id));
    keepInMemory(this.#environment, files);
    try {
      if (method === "load") await this.#load(outlet, request);
      else if (method === "generate") await this.#generate(outlet, request);
      else await outlet.pipe(this.#models.queries(this.config).query(request)).then(() => outlet.end());
    } catch (error) {
      outlet.fail(toBridgeError(error, method === "load" ? "load" : "request"));
    }
  }

  /** @param {Outlet} outlet @param {string} text the request */
  async #load(outlet, text) {
    const request = readLoad(text);
    const before = this.#claim ?? Promise.resolve(undefined);
    const claim = before.then((model) => this.#models.claim(this, request, model));
    const settled = claim.catch(() => before);
    this.#claim = settled;
    this.#target = text;
    const model = await claim;
    outlet.model = model;
    await model.use(() => this.#fillLoad(model, outlet, text));
    if (!model.isHeld) return this.#forget(model, settled);
    if (this.config.keepAlive !== 0) model.keep(this.config.keepAlive);
  }

  /**
   * The load of a model was stopped, or failed.
   * @param {SharedModel} model @param {Promise<SharedModel | undefined>} claim of that load
   */
  async #forget(model, claim) {
    if (this.#claim === claim) this.#claim = undefined;
    // A load of the same model that began since then uses it.
    else if ((await this.#claim) === model) return;
    await this.#models.release(model, this);
  }

  /** @param {SharedModel} model @param {Outlet} outlet @param {string} text */
  async #fillLoad(model, outlet, text) {
    for (;;) {
      if (outlet.isClosed) return;
      outlet.begin();
      try {
        await outlet.pipe(model.bridge.load(text));
        return outlet.end();
      } catch (error) {
        const hasMemory = toBridgeError(error, "load").name === "OutOfMemoryError" && (await this.#models.makeMemory(model));
        if (!hasMemory) return outlet.fail(toBridgeError(error, "load"));
      }
    }
  }

  /** @param {Outlet} outlet @param {string} text the request */
  async #generate(outlet, text) {
    const { body } = readGeneration(text);
    const model = await this.#usedModel(outlet);
    if (!model) throw new BridgeError("ModelNotLoadedError", "No model is loaded; load one first.");
    outlet.model = model;
    outlet.isBackground = /** @type {any} */ (body["extra_body"])?.resumable?.background === true;
    const messages = Array.isArray(body["messages"]) ? body["messages"] : [];
    model.queue.add({ page: this.#page, messages, run: () => this.#answer(model, outlet, text) });
  }

  /** The model of this client, which is loaded again if it was unloaded. @param {Outlet} outlet of the request */
  async #usedModel(outlet) {
    for (;;) {
      if (this.#claim === undefined && this.#target !== undefined) this.#loadAgain(outlet, this.#target);
      const claim = this.#claim;
      const model = await claim;
      if (!model?.closing) return model;
      await model.closing;
      if (this.#claim === claim) this.#claim = undefined;
    }
  }

  /** @param {SharedModel} model @param {Outlet} outlet @param {string} text */
  async #answer(model, outlet, text) {
    if (outlet.isClosed) return;
    try {
      await model.use(async () => {
        outlet.begin();
        await outlet.pipe(model.bridge.generate(text));
      });
      outlet.end();
    } catch (error) {
      outlet.fail(toBridgeError(error, "generate"));
    }
    model.keepSeconds = this.config.keepAlive;
  }

  /** Load the model again for a request, whose stream fails if the load does. @param {Outlet} outlet @param {string} target */
  #loadAgain(outlet, target) {
    const load = new Outlet(0, (message) => {
      if ("fail" in message) outlet.fail(/** @type {any} */ (message));
    });
    outlet.onClosed(() => load.close());
    this.#load(load, target).catch((error) => load.fail(toBridgeError(error, "load")));
  }

  /** @param {number} id @param {boolean} force */
  async #unload(id, force) {
    const claim = this.#claim;
    this.#claim = this.#target = undefined;
    const model = await claim;
    model?.users.delete(this);
    if (model && (force || model.users.size === 0)) await this.#models.unload(model);
    else this.#models.changed();
    this.#post({ done: id });
  }

  /** @param {boolean} abandoned */
  #leave(abandoned) {
    if (this.#left.signal.aborted) return;
    this.#left.abort();
    for (const outlet of [...this.#outlets.values()]) if (!outlet.isBackground) outlet.close();
    this.#port.close();
    void this.#claim?.then((model) => model && this.#models.release(model, this));
    this.#models.leave(this, { abandoned });
  }

  /** @param {object} message */
  #post(message) {
    if (!this.#left.signal.aborted) this.#port.postMessage(message);
  }
}
