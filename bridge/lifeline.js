/** Waiting for an engine that may fail at any time: WebLLM leaves calls to a dead worker pending. */

/** @import { BridgeError } from "./errors.js" */

/** The life of one engine. When it fails, every wait for it ends with the same error. */
export class Lifeline {
  /** @type {BridgeError | undefined} */
  #error;
  /** @type {Set<(error: BridgeError) => void>} */
  #listeners = new Set();

  /**
   * Wait for work of the engine.
   * @template T
   * @param {Promise<T> | T} work
   * @returns {Promise<T>} the result of the work, or the error with which the engine failed first
   */
  guard(work) {
    return new Promise((resolve, reject) => {
      this.onFailure(reject);
      Promise.resolve(work).then(resolve, reject).finally(() => this.#listeners.delete(reject));
    });
  }

  /** @param {(error: BridgeError) => void} listener is called immediately if the engine has failed already */
  onFailure(listener) {
    if (this.#error) listener(this.#error);
    else this.#listeners.add(listener);
  }

  /** Only the first call has an effect. @param {BridgeError} error */
  fail(error) {
    if (this.#error) return;
    this.#error = error;
    for (const listener of [...this.#listeners]) listener(error);
    this.#listeners.clear();
  }

  throwIfFailed() {
    if (this.#error) throw this.#error;
  }
}
