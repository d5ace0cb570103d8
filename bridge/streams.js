/**
 * Streams of JSON text for Python. A plain object with `next()` and `stop()` crosses into Pyodide
 * safely, unlike an async generator; and each `next()` returns all items that wait, because a step
 * in Python costs hundreds of times as much as one in JavaScript.
 */

/** @import { BridgeError } from "./errors.js" */

/**
 * The consumer's side. `next()` resolves with JSON text, with undefined at the end of the stream,
 * or rejects with a BridgeError.
 * @typedef {{ next(): Promise<string | undefined>, stop(): void }} Stream
 */

/** The producer's side of a stream: what is pushed waits here until `next()` takes all of it. */
export class Channel {
  closed = false;
  #latestOnly;
  /** @type {unknown[]} */
  #items = [];
  /** @type {BridgeError | undefined} */
  #error;
  /** @type {(() => void)[]} */
  #wakers = [];
  /** @type {(() => void)[]} */
  #closedListeners = [];

  /** The consumer's side. @type {Stream} */
  stream = Object.freeze({ next: () => this.#next(), stop: () => this.#stop() });

  /** @param {{ latestOnly?: boolean }} [options] keep only the newest item, and send it without an array around it */
  constructor({ latestOnly = false } = {}) {
    this.#latestOnly = latestOnly;
  }

  /** @param {unknown} item */
  push(item) {
    if (this.closed) return;
    if (this.#latestOnly) this.#items = [];
    this.#items.push(item);
    this.#wake();
  }

  /** @param {unknown} [lastItem] */
  end(lastItem) {
    if (lastItem !== undefined) this.push(lastItem);
    this.#close();
  }

  /** @param {BridgeError} error rejects each `next()` after the items that still wait */
  fail(error) {
    if (this.closed) return;
    this.#error = error;
    this.#close();
  }

  /** @param {() => void} listener is called when the stream ends, fails or is stopped */
  onClosed(listener) {
    if (this.closed) listener();
    else this.#closedListeners.push(listener);
  }

  #stop() {
    this.#items = [];
    this.#error = undefined;
    this.#close();
  }

  #close() {
    if (this.closed) return;
    this.closed = true;
    this.#wake();
    for (const listener of this.#closedListeners) listener();
  }

  /** @returns {Promise<string | undefined>} */
  async #next() {
    while (this.#items.length === 0 && !this.closed) await this.#arrival();
    const items = this.#items;
    this.#items = [];
    if (items.length > 0) return JSON.stringify(this.#latestOnly ? items[0] : items);
    if (this.#error) throw this.#error;
    return undefined;
  }

  /** @returns {Promise<void>} */
  #arrival() {
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  #wake() {
    for (const waker of this.#wakers.splice(0)) waker();
  }
}
