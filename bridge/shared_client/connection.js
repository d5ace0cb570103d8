/** A page's connection to one shared worker: its messages, and the ways in which it ends. */

import { BridgeError } from "../errors.js";
import { Lifeline } from "../lifeline.js";
import { StuckError } from "../liveness.js";
import { withAwakeTimeout } from "../timeout.js";

/** @import { Environment } from "../environment.js" */
/** @import { SharedEngineWorker } from "../workers.js" */
/** @import { Hello, State } from "./protocol.js" */

/** Seconds between two checks of a worker that has work of this page, as a part of its time to answer. */
const CHECKS = 1 / 2;

export class Connection {
  /** Fails when the worker has ended, is stuck, or is left. */
  lifeline = new Lifeline();
  /** @type {State} */
  state = { models: [], running: 0 };
  #worker;
  #environment;
  #onMessage;
  #left = new AbortController();
  /** @type {Set<() => void>} */
  #pinging = new Set();

  /**
   * @param {SharedEngineWorker} worker @param {Environment} environment
   * @param {(message: any) => void} onMessage receives the messages about streams
   */
  constructor(worker, environment, onMessage) {
    this.#worker = worker;
    this.#environment = environment;
    this.#onMessage = onMessage;
    worker.port.onmessage = ({ data }) => this.#receive(data);
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#fail("The shared engine worker could not be started.");
    });
  }

  /**
   * Introduce this page.
   * @param {Hello} hello
   * @returns {Promise<boolean>} false if the worker does not answer in time
   */
  async open(hello) {
    const { startTimeout, locks } = this.#environment;
    const answer = new Promise((resolve) => (this.#greeted = resolve));
    this.post({ hello });
    const lock = await withAwakeTimeout(startTimeout, this.lifeline.guard(answer));
    if (lock === undefined) return false;
    // The worker holds it until it ends, so this request is granted when it has ended.
    const granted = async () => this.#fail("The shared engine worker has ended.");
    locks?.request(lock, { signal: this.#left.signal }, granted).catch(() => {});
    return true;
  }

  /** @type {(lock: string) => void} */
  #greeted = () => {};

  /** @param {object} message */
  post(message) {
    this.#worker.port.postMessage(message);
  }

  /** Whether the engines work for others than the page's own operations. @param {number} own */
  isBusy(own) {
    return this.state.running > own;
  }

  /** Fail the connection if the worker does not answer. @param {number} seconds */
  async requireAnswer(seconds) {
    const pong = new Promise((resolve) => this.#pinging.add(() => resolve(true)));
    this.post({ ping: true });
    const answered = this.lifeline.guard(pong).catch(() => true);
    if (await withAwakeTimeout(seconds, answered)) return;
    this.lifeline.fail(new StuckError(`The shared engine did not answer for ${seconds} s.`));
  }

  /** Check the worker again and again until the work ends. @param {Promise<true>} ended */
  async watchUntil(ended) {
    const seconds = this.#environment.busyTimeout;
    while (!(await withAwakeTimeout(seconds * CHECKS, ended)) && !this.#left.signal.aborted) await this.requireAnswer(seconds);
  }

  /** @param {BridgeError} reason @param {{ abandoned?: boolean }} [options] */
  leave(reason, { abandoned = false } = {}) {
    if (this.#left.signal.aborted) return;
    this.#left.abort();
    this.post({ leave: true, abandoned });
    this.#worker.port.close();
    this.lifeline.fail(reason);
  }

  /** @param {string} message */
  #fail(message) {
    this.lifeline.fail(new BridgeError("WorkerError", message));
  }

  /** @param {any} message */
  #receive(message) {
    if (this.#left.signal.aborted) return;
    for (const answered of this.#pinging) answered();
    this.#pinging.clear();
    if ("hello" in message) this.#greeted(message.hello);
    else if ("state" in message) this.state = message.state;
    else if (!("pong" in message)) this.#onMessage(message);
  }
}
