/** How long a model stays loaded after its last use. */

/** The longest delay of a timer of browsers, in seconds. */
const LONGEST = 2 ** 31 / 1000 - 1;

export class KeepAlive {
  #onExpired;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {(seconds: number) => void} onExpired is called once nothing was asked for so many seconds */
  constructor(onExpired) {
    this.#onExpired = onExpired;
  }

  /** Begin to count. @param {number} seconds negative: indefinitely */
  start(seconds) {
    this.stop();
    if (seconds < 0 || seconds > LONGEST) return;
    this.#timer = setTimeout(() => this.#onExpired(seconds), seconds * 1000);
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
