/** Notices that a load makes no progress. */

/** The longest time between two checks, in seconds. */
const INTERVAL = 1;

/**
 * Calls a function once, when there was no progress for so many seconds. Seconds count only while the
 * page runs: a computer that slept for an hour has not waited for a server.
 */
export class StallWatch {
  #limit;
  #onStall;
  #waited = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {number} seconds 0: no limit @param {() => void} onStall */
  constructor(seconds, onStall) {
    this.#limit = seconds;
    this.#onStall = onStall;
    if (seconds === 0) return;
    const interval = Math.min(INTERVAL, seconds);
    this.#timer = setInterval(() => this.#tick(interval), interval * 1000);
  }

  /** Begin to wait again. */
  progress() {
    this.#waited = 0;
  }

  stop() {
    clearInterval(this.#timer);
  }

  /** @param {number} seconds */
  #tick(seconds) {
    this.#waited += seconds;
    if (this.#waited < this.#limit) return;
    this.stop();
    this.#onStall();
  }
}
