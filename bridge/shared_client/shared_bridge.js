/**
 * The bridge of a page that shares its engines with the other pages of its origin: the same methods as
 * `../bridge.js`, whose work a SharedWorker does.
 */

import { BridgeError, disposedError, toBridgeError } from "../errors.js";
import { filesInMemory, publishFile, urlOf } from "../files.js";
import { StuckError } from "../liveness.js";
import { readLoad } from "../requests.js";
import { Watchers } from "../watchers.js";
import { Connector } from "./connect.js";
import { Operation } from "./operation.js";
import { releasePageLock } from "./page.js";

/** @import { Environment } from "../environment.js" */
/** @import { Config } from "../requests.js" */
/** @import { Stream } from "../streams.js" */
/** @import { Connection } from "./connection.js" */
/** @import { Open } from "./protocol.js" */

export class SharedBridge {
  isShared = true;
  #config;
  #environment;
  #connector;
  /** @type {Connection | undefined} */
  #connection;
  #generation = 0;
  /** @type {Promise<void> | undefined} */
  #connecting;
  /** The operations that have not ended, in their order. @type {Map<number, Operation>} */
  #operations = new Map();
  #watchers = new Watchers();
  /** Who waits for the answer to an `unload`. @type {Map<number, () => void>} */
  #unloads = new Map();
  #lastId = 0;
  /** The request of the last load. @type {string | undefined} */
  #target;
  /** Why it could not connect last. @type {BridgeError | undefined} */
  #failure;
  #isDisposed = false;
  /** Ends an attempt to connect when this page is left. */
  #visit = new AbortController();
  #onPageHide = () => this.#suspend();

  /** @param {Config} config @param {Environment} environment */
  constructor(config, environment) {
    this.#config = config;
    this.#environment = environment;
    this.#connector = new Connector(config, environment);
    environment.pageEvents?.addEventListener("pagehide", this.#onPageHide);
  }

  /** Connect to the worker, which may have models already. */
  async open() {
    await this.#connect();
    if (this.#failure) throw this.#failure;
  }

  /** @param {string} requestJson as for `Bridge.load` @returns {Stream} */
  load(requestJson) {
    return this.#open("load", requestJson, () => {
      readLoad(requestJson);
      this.#target = requestJson;
    });
  }

  /** @param {string} requestJson as for `Bridge.generate` @returns {Stream} */
  generate(requestJson) {
    return this.#open("generate", requestJson);
  }

  /** @param {string} requestJson as for `Bridge.query` @returns {Stream} */
  query(requestJson) {
    return this.#open("query", requestJson);
  }

  /** Events, as of `Bridge.watch`: a model that was unloaded elsewhere is lost too. @returns {Stream} */
  watch() {
    return this.#watchers.watch();
  }

  /** @param {string} name @param {Uint8Array} bytes @returns {Promise<string>} as `Bridge.publish` */
  async publish(name, bytes) {
    if (this.#isDisposed) throw disposedError();
    return publishFile(this.#environment, name, /** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  }

  /** @param {string} name @returns {string} the URL of a published file */
  urlOf(name) {
    return urlOf(name);
  }

  /** Report whether this model is loaded, by whichever page, or is being loaded. @param {string} requestJson */
  holds(requestJson) {
    return this.#othersWith(requestJson) !== undefined;
  }

  /** The number of other clients, in this page or in others, that use the model of this one. */
  inUseBy() {
    return this.#target === undefined ? 0 : (this.#othersWith(this.#target) ?? 0);
  }

  /** @returns {Promise<void>} resolves when all that was asked so far has ended */
  async idle() {
    await Promise.all([...this.#operations.values()].map(({ ended }) => ended));
  }

  /**
   * Stop using the model. It is unloaded unless other clients use it.
   * @param {boolean} force unload it also then
   * @returns {Promise<void>}
   */
  async unload(force) {
    const connection = this.#connection;
    // Now: a load that begins before the worker answers has a target of its own.
    this.#target = undefined;
    this.#lastId += 1;
    const id = this.#lastId;
    const done = new Promise((resolve) => this.#unloads.set(id, () => resolve(undefined)));
    connection?.post({ unload: id, force });
    void connection?.requireAnswer(this.#environment.busyTimeout);
    await connection?.lifeline.guard(done).catch(() => {});
    this.#unloads.delete(id);
  }

  /** End every stream of this page. Its model stays for others, and for as long as it is kept. */
  async dispose() {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#environment.pageEvents?.removeEventListener("pagehide", this.#onPageHide);
    this.#watchers.dispose();
    this.#leave(disposedError());
  }

  /**
   * @param {Open["method"]} method @param {string} request
   * @param {() => void} [begin]
   * @returns {Stream}
   */
  #open(method, request, begin = () => {}) {
    this.#lastId += 1;
    const id = this.#lastId;
    const operation = new Operation({ id, method, request });
    try {
      if (this.#isDisposed) throw disposedError();
      begin();
      this.#operations.set(id, operation);
      operation.channel.onClosed(() => this.#end(id, operation));
      if (this.#connection) this.#send(this.#connection, operation);
      else void this.#connect();
    } catch (error) {
      operation.channel.fail(toBridgeError(error, "request"));
    }
    return operation.channel.stream;
  }

  /** @param {Connection} connection @param {Operation} operation */
  #send(connection, { request, ended }) {
    connection.post({ open: request.method === "load" ? { ...request, files: filesInMemory(this.#environment) } : request });
    if (!connection.isBusy(0)) void connection.requireAnswer(this.#environment.answerTimeout);
    void connection.watchUntil(ended);
  }

  /** @param {number} id @param {Operation} operation that has ended, or was stopped */
  #end(id, { isOver, isBegun }) {
    const running = [...this.#operations.values()].filter((it) => it.isBegun).length;
    this.#operations.delete(id);
    const connection = this.#connection;
    if (isOver || !connection) return;
    connection.post({ stop: id });
    const { answerTimeout, busyTimeout } = this.#environment;
    if (isBegun) void connection.requireAnswer(connection.isBusy(running) ? busyTimeout : answerTimeout);
  }

  /** @returns {Promise<void>} */
  #connect() {
    if (this.#connecting) return this.#connecting;
    const connecting = this.#reconnect(this.#visit.signal).finally(() => {
      if (this.#connecting === connecting) this.#connecting = undefined;
    });
    this.#connecting = connecting;
    return connecting;
  }

  /** @param {AbortSignal} left */
  async #reconnect(left) {
    const { keepAlive, maxModels } = this.#config;
    const settings = { keepAlive, maxModels, target: this.#target };
    this.#failure = undefined;
    try {
      const { connection, generation } = await this.#connector.connect(settings, (message) => this.#receive(message), left);
      if (left.aborted) return connection.leave(left.reason);
      this.#connection = connection;
      this.#generation = generation;
      connection.lifeline.onFailure((error) => this.#lose(connection, error));
      for (const operation of [...this.#operations.values()]) this.#send(connection, operation);
    } catch (error) {
      if (left.aborted) return;
      this.#failure = toBridgeError(error, "load");
      this.#failAll(this.#failure);
    }
  }

  /** @param {any} message */
  #receive(message) {
    if ("event" in message) return this.#watchers.report(message.event);
    if ("done" in message) return this.#unloads.get(message.done)?.();
    this.#operations.get(message.begun ?? message.text ?? message.end ?? message.fail)?.receive(message);
  }

  /** The worker ended, or does not answer. @param {Connection} connection @param {BridgeError} error */
  #lose(connection, error) {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    if (error instanceof StuckError) return this.#replace(connection, error);
    connection.leave(error);
    this.#watchers.report({ type: "lost", name: error.name, message: error.message });
    this.#failAll(error);
  }

  /**
   * A worker that is stuck cannot be ended from outside: a new one takes its place, and does what the
   * stuck one has not begun.
   * @param {Connection} connection @param {StuckError} error
   */
  #replace(connection, error) {
    connection.leave(error, { abandoned: true });
    this.#connector.abandon(this.#generation);
    console.warn(`${error.message} A new one takes its place; the GPU memory of the old one is in use until that ends.`);
    for (const operation of [...this.#operations.values()]) if (operation.isBegun) operation.channel.fail(error);
    void this.#connect();
  }

  /** The page is closed, or put into the browser's back/forward cache: nothing may run for it. */
  #suspend() {
    this.#leave(new BridgeError("WorkerError", "The page was left while the request ran."));
    releasePageLock(this.#environment.locks);
  }

  /** @param {BridgeError} reason */
  #leave(reason) {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#visit.abort(reason);
    this.#visit = new AbortController();
    this.#connecting = undefined;
    this.#failAll(reason);
    connection?.leave(reason);
  }

  /** @param {BridgeError} error */
  #failAll(error) {
    for (const operation of [...this.#operations.values()]) operation.channel.fail(error);
  }

  /** @param {string} requestJson of a load @returns {number | undefined} undefined if the model is not there */
  #othersWith(requestJson) {
    const key = JSON.stringify(readLoad(requestJson));
    return this.#connection?.state.models.find((model) => model.key === key)?.others;
  }
}
