/** The progress of all downloads of a model, by bytes. */

import { Meter } from "./downloads/meter.js";
import { nameOf } from "./urls.js";

/** @import { InitProgressReport } from "./types.js" */

/**
 * @typedef {object} Bytes
 * @property {number} received of all files, those that were in the cache included
 * @property {number} total 0 until the list of the weights is there
 * @property {number} [rate] bytes per second
 */

/** @typedef {InitProgressReport & { url?: string, waiting?: boolean, bytes?: Bytes }} DownloadReport */

/**
 * What is known of the sizes of the files.
 * @typedef {object} Sizes
 * @property {number} weightBytes of all weights; 0 while unknown
 * @property {(url: string) => { nbytes: number } | undefined} shard a file of the weights
 */

/** How often progress is reported at most, in milliseconds. */
const INTERVAL = 100;

export class DownloadProgress {
  #expected;
  #report;
  /** The bytes of each file: those received, and all. @type {Map<string, { received: number, size: number }>} */
  #files = new Map();
  #started = performance.now();
  #lastReport = -Infinity;
  #meter = new Meter();

  /** @param {Sizes} expected @param {(report: DownloadReport) => void} report */
  constructor(expected, report) {
    this.#expected = expected;
    this.#report = report;
  }

  /** Count a file that need not be fetched. @param {string} url */
  cached(url) {
    const size = this.#expected.shard(url)?.nbytes ?? 0;
    if (!this.#files.has(url)) this.#files.set(url, { received: size, size });
  }

  /**
   * @param {string} url @param {number} received bytes so far
   * @param {number} announced bytes, of which a server that compresses announces too few; 0 if unknown
   */
  received(url, received, announced) {
    const before = this.#files.get(url);
    // What was there at the begin was received earlier.
    if (before && received > before.received) this.#meter.add(received - before.received);
    const size = this.#expected.shard(url)?.nbytes ?? Math.max(received, announced);
    this.#files.set(url, { received: Math.min(received, size), size });
    const now = performance.now();
    if (now - this.#lastReport < INTERVAL && received > 0 && received < size) return;
    this.#lastReport = now;
    this.#send(url, amount(received, size));
  }

  /** @param {string} url @param {string} reason why nothing arrives */
  waiting(url, reason) {
    this.#send(url, `: ${reason}`, { waiting: true });
  }

  /** @param {string} url @param {string} end of the text @param {object} [more] */
  #send(url, end, more) {
    const timeElapsed = Math.round((performance.now() - this.#started) / 1000);
    const bytes = this.#bytes();
    const progress = bytes.total === 0 ? 0 : bytes.received / bytes.total;
    this.#report({ progress, timeElapsed, text: `Fetching ${nameOf(url)}${end}`, url, bytes, ...more });
  }

  /** @returns {Bytes} */
  #bytes() {
    const received = [...this.#files.values()].reduce((sum, file) => sum + file.received, 0);
    const { rate } = this.#meter;
    const measured = rate === undefined ? {} : { rate };
    // Before the list of the weights is there, any share would be one of a small part.
    if (this.#expected.weightBytes === 0) return { received, total: 0, ...measured };
    const other = [...this.#files].filter(([url]) => !this.#expected.shard(url)).map(([, file]) => file);
    const total = this.#expected.weightBytes + other.reduce((sum, file) => sum + file.size, 0);
    return { received, total, ...measured };
  }
}

/** @param {number} received @param {number} size */
function amount(received, size) {
  if (size === 0) return "";
  const [unit, name] = size < 2 ** 20 ? [2 ** 10, "KB"] : [2 ** 20, "MB"];
  return `: ${(received / unit).toFixed(1)} of ${(size / unit).toFixed(1)} ${name}`;
}
