/** Single-flight loads: callers that request the same model share one load. */

import { READY, WAITING, advance } from "./progress.js";

/** @import { BridgeError } from "./errors.js" */
/** @import { Progress, Report } from "./progress.js" */
/** @import { Channel } from "./streams.js" */

/** One load and all callers that wait for it. It is cancelled when the last waiter has stopped. */
export class SharedLoad {
  #cancellation = new AbortController();
  #settled = false;
  #started = performance.now();
  /** @type {Readonly<Progress>} */
  #progress = WAITING;
  /** @type {Set<Channel>} */
  #waiters = new Set();

  /** @param {string} key equal for requests of the same model */
  constructor(key) {
    this.key = key;
    this.signal = this.#cancellation.signal;
  }

  /** @param {Channel} waiter receives the current progress immediately */
  join(waiter) {
    this.#waiters.add(waiter);
    waiter.push(this.#progress);
    waiter.onClosed(() => {
      this.#waiters.delete(waiter);
      if (this.#waiters.size === 0 && !this.#settled) this.#cancellation.abort();
    });
  }

  /** @param {Report} report */
  report(report) {
    this.#progress = advance(this.#progress, report, (performance.now() - this.#started) / 1000);
    for (const waiter of this.#waiters) waiter.push(this.#progress);
  }

  finish() {
    this.#settled = true;
    this.report({ phase: "ready", part: 1, text: READY.text });
    for (const waiter of [...this.#waiters]) waiter.end();
  }

  /** @param {BridgeError} error */
  fail(error) {
    this.#settled = true;
    for (const waiter of [...this.#waiters]) waiter.fail(error);
  }
}
