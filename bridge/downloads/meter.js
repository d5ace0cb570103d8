/** The speed of a download. */

/** The time over which the speed is averaged, in milliseconds. */
const WINDOW = 5000;

/** The shortest time from which a speed is computed, in milliseconds. */
const SHORTEST = 500;

/** Measures bytes per second over the last seconds. */
export class Meter {
  #now;
  /** The moments at which bytes had arrived, and how many in all. @type {[number, number][]} */
  #moments;
  #total = 0;

  /** @param {() => number} [now] milliseconds */
  constructor(now = () => performance.now()) {
    this.#now = now;
    this.#moments = [[now(), 0]];
  }

  /** @param {number} bytes that have arrived */
  add(bytes) {
    this.#total += bytes;
    const now = this.#now();
    this.#moments.push([now, this.#total]);
    while (this.#moments.length > 2 && (this.#moments[1]?.[0] ?? now) < now - WINDOW) this.#moments.shift();
  }

  /** @returns {number | undefined} bytes per second; undefined until it can be said */
  get rate() {
    const [since = 0, before = 0] = this.#moments[0] ?? [];
    const time = this.#now() - since;
    return time < SHORTEST ? undefined : ((this.#total - before) / time) * 1000;
  }
}
