/** Connects a page to the shared worker of its files, and starts one if none runs. */

import { disposedError } from "../errors.js";
import { StuckError } from "../liveness.js";
import { Connection } from "./connection.js";
import { identityOf } from "./identity.js";
import { holdPageLock } from "./page.js";
import { Registry } from "./registry.js";

/** @import { Environment } from "../environment.js" */
/** @import { Config } from "../requests.js" */
/** @import { Hello } from "./protocol.js" */

/** How often a worker that does not answer is followed by another before no further is tried. */
const GENERATIONS = 3;

/** What a page needs besides a SharedWorker. @typedef {Environment & Required<Pick<Environment, "createSharedWorker" | "locks" | "localStorage">>} SharingEnvironment */

export class Connector {
  #config;
  #environment;
  #registry;
  #identity;

  /** @param {Config} config @param {any} environment a {@link SharingEnvironment} */
  constructor(config, environment) {
    this.#config = config;
    /** @type {any} */
    this.#environment = environment;
    this.#identity = identityOf(config);
    this.#registry = new Registry(environment.localStorage, this.#identity, config.workerUrl);
  }

  /**
   * @param {Omit<Hello, "page" | "webllmUrl">} settings
   * @param {(message: any) => void} onMessage
   * @param {AbortSignal} left aborted when the page is left: then it fails, and no worker is to blame
   * @returns {Promise<{ connection: Connection, generation: number }>}
   */
  async connect(settings, onMessage, left) {
    const page = await holdPageLock(this.#environment.locks);
    const hello = { ...settings, page, webllmUrl: this.#config.webllmUrl };
    // The worker takes this lock before it ends, so it never ends while a page connects to it. And of
    // two pages that open at the same time, the second finds the worker of the first.
    return this.#environment.locks.request(`${this.#identity} connecting`, () => this.#connect(hello, onMessage, left));
  }

  /** A worker that does not answer is left to itself: nothing outside can end it. @param {number} generation */
  abandon(generation) {
    this.#registry.abandon(generation);
  }

  /** @param {Hello} hello @param {(message: any) => void} onMessage @param {AbortSignal} left */
  async #connect(hello, onMessage, left) {
    for (let attempt = 0; attempt < GENERATIONS; attempt += 1) {
      const { generation } = this.#registry;
      const connection = await this.#join(generation, hello, onMessage, left);
      if (connection) return { connection, generation };
      this.abandon(generation);
    }
    throw new StuckError("The shared engine worker did not start.");
  }

  /** @param {number} generation @param {Hello} hello @param {(message: any) => void} onMessage @param {AbortSignal} left */
  async #join(generation, hello, onMessage, left) {
    const { urls } = this.#registry;
    for (const url of urls) {
      left.throwIfAborted();
      const worker = this.#environment.createSharedWorker(url, `${this.#identity} ${generation}`);
      const connection = new Connection(worker, this.#environment, onMessage);
      const leave = () => connection.leave(left.reason);
      left.addEventListener("abort", leave);
      try {
        if (await connection.open(hello)) {
          this.#registry.started(url);
          return connection;
        }
        connection.leave(disposedError(), { abandoned: true });
        return undefined;
      } catch (error) {
        // The `blob:` URL of another page starts nothing once that page has ended.
        if (url === urls.at(-1)) throw error;
      } finally {
        left.removeEventListener("abort", leave);
      }
    }
    return undefined;
  }
}
