/** One model that pages share: its engine, its queue, and how long it is kept. */

import { Bridge } from "../bridge.js";
import { BridgeError } from "../errors.js";
import { FairQueue } from "./fair_queue.js";
import { KeepAlive } from "./keep_alive.js";

/** @import { Environment } from "../environment.js" */
/** @import { Config } from "../requests.js" */
/** @import { Client } from "./client.js" */

export class SharedModel {
  queue = new FairQueue(() => this.keep(this.keepSeconds));
  /** The clients that use it. @type {Set<Client>} */
  users = new Set();
  /** Grows with each use. */
  lastUse = 0;
  /** How long it is kept after the last answer, as its client wants it; negative: indefinitely. */
  keepSeconds = 0;
  /** Loads and answers that run. */
  running = 0;
  /** @type {Promise<void> | undefined} */
  closing;
  /** Resolves when there is room for it. @type {Promise<void>} */
  room = Promise.resolve();
  #onChange;
  #onLost;
  #keepAlive;

  /**
   * @param {string} key @param {Config} config @param {Environment} environment
   * @param {{ onChange: () => void, onExpired: (model: SharedModel, seconds: number) => void, onLost: (model: SharedModel, event: { name: string, message: string }) => void }} listeners
   */
  constructor(key, config, environment, { onChange, onExpired, onLost }) {
    this.key = key;
    this.#onChange = onChange;
    this.#onLost = onLost;
    this.bridge = new Bridge(config, environment);
    this.#keepAlive = new KeepAlive((seconds) => onExpired(this, seconds));
    void this.#watch();
  }

  /** Whether the model is loaded, or is being loaded. */
  get isHeld() {
    const { model, record } = JSON.parse(this.key);
    return !this.closing && this.bridge.holds(JSON.stringify({ model: model ?? record }));
  }

  /** Count an operation while it runs. @param {() => Promise<void>} operation */
  async use(operation) {
    this.running += 1;
    this.#keepAlive.stop();
    this.#onChange();
    try {
      await operation();
    } finally {
      this.running -= 1;
      this.#onChange();
    }
  }

  /** Keep it for so long, unless it is used again. @param {number} seconds */
  keep(seconds) {
    if (this.running === 0 && !this.queue.isBusy && !this.closing) this.#keepAlive.start(seconds);
  }

  /**
   * Free the engine.
   * @param {BridgeError} reason for those who use it
   * @param {{ waits?: boolean }} [options] whether what runs and waits is finished first
   */
  close(reason, { waits = false } = {}) {
    this.#keepAlive.stop();
    this.closing ??= this.#close(reason, waits);
    return this.closing;
  }

  /** @param {BridgeError} reason @param {boolean} waits */
  async #close(reason, waits) {
    if (waits) await this.queue.idle();
    const users = [...this.users];
    this.users.clear();
    for (const client of users) client.unloaded(this, reason);
    await this.bridge.dispose();
  }

  async #watch() {
    const events = this.bridge.watch();
    for (let text = await events.next(); text !== undefined; text = await events.next()) {
      for (const event of JSON.parse(text)) if (event.type === "lost") this.#onLost(this, event);
    }
  }
}

/** @param {string} message */
export function unloadedError(message) {
  return new BridgeError("ModelUnloadedError", message);
}
