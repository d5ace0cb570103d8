/** One operation at a time: loads and generations share an engine. */

/** Runs operations in the order in which they were added. An operation never rejects. */
export class Queue {
  /** @type {Promise<void>} */
  #tail = Promise.resolve();

  /** @param {() => Promise<void>} operation */
  add(operation) {
    this.#tail = this.#tail.then(operation);
  }

  /** @returns {Promise<void>} resolves when all operations added so far have ended */
  idle() {
    return this.#tail;
  }
}
