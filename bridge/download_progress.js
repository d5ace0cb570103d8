/** The progress of all downloads of a load, by bytes. */

import { nameOf } from "./urls.js";

/** @import { ExpectedFiles } from "./expected_files.js" */
/** @import { InitProgressReport } from "./types.js" */

/** How often progress is reported at most, in milliseconds. */
const INTERVAL = 100;

export class DownloadProgress {
  #expected;
  #report;
  /** The bytes of each file: those received, and all. @type {Map<string, { received: number, size: number }>} */
  #files = new Map();
  #started = performance.now();
  #lastReport = -Infinity;

  /** @param {ExpectedFiles} expected @param {(report: InitProgressReport & { url?: string }) => void} report */
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
    const size = this.#expected.shard(url)?.nbytes ?? Math.max(received, announced);
    this.#files.set(url, { received: Math.min(received, size), size });
    const now = performance.now();
    if (now - this.#lastReport < INTERVAL && received > 0 && received < size) return;
    this.#lastReport = now;
    const timeElapsed = Math.round((now - this.#started) / 1000);
    this.#report({ progress: this.#ratio(), timeElapsed, text: `Fetching ${nameOf(url)}${amount(received, size)}`, url });
  }

  #ratio() {
    // Before the list of the weights is there, any share would be one of a small part.
    if (this.#expected.weightBytes === 0) return 0;
    const files = [...this.#files.values()];
    const other = [...this.#files].filter(([url]) => !this.#expected.shard(url)).map(([, file]) => file);
    const size = this.#expected.weightBytes + other.reduce((sum, file) => sum + file.size, 0);
    return files.reduce((sum, file) => sum + file.received, 0) / size;
  }
}

/** @param {number} received @param {number} size */
function amount(received, size) {
  if (size === 0) return "";
  const [unit, name] = size < 2 ** 20 ? [2 ** 10, "KB"] : [2 ** 20, "MB"];
  return `: ${(received / unit).toFixed(1)} of ${(size / unit).toFixed(1)} ${name}`;
}
