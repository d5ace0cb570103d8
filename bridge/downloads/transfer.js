/** One attempt to receive a file, or the rest of it. */

import { BridgeError, nameAndMessage } from "../errors.js";
import { StallWatch } from "../stall_watch.js";
import { nameOf } from "../urls.js";
import { canContinue, isRestOf, isSameOrigin, rangeHeaders, versionOf } from "./version.js";

/** @import { PartialFile } from "./partial_file.js" */

/** After how many seconds without a byte an attempt is given up, so that another one can be made. */
const IDLE_TIMEOUT = 30;

/** Browsers report a server that cannot be reached like one whose answers the page may not read. */
const NOT_READABLE = "no answer that this page may read; a server of another origin must send Access-Control-Allow-Origin";

/** Statuses of servers that may answer later. */
const BUSY = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A failed attempt after which another one may succeed. */
export class TransientError extends BridgeError {
  /** @param {string} url @param {string} reason @param {number} [retryAfter] seconds that the server asks to wait */
  constructor(url, reason, retryAfter) {
    super("DownloadError", messageOf(url, reason));
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}

/**
 * @typedef {object} Source
 * @property {string} url
 * @property {typeof fetch} fetch
 * @property {boolean} hasChecksum whether parts of two versions would be noticed at the end
 * @property {AbortSignal | undefined} signal
 * @property {(received: number, announced: number) => void} onBytes is called with the bytes so far, and those that
 *   the server has announced (0 if it has not), at the begin and after each part
 */

/**
 * Receive what is missing of a file.
 * @param {Source} source @param {PartialFile} partial
 * @returns {Promise<void>} at its end the file is complete
 */
export async function receive(source, partial) {
  const attempt = new AbortController();
  const abort = () => attempt.abort(source.signal?.reason);
  if (source.signal?.aborted) abort();
  source.signal?.addEventListener("abort", abort);
  const idle = new StallWatch(IDLE_TIMEOUT, () => attempt.abort(new DOMException("timeout", "TimeoutError")));
  try {
    const response = await request(source, partial, attempt.signal);
    idle.progress();
    await readBody(source, partial, response, idle);
  } finally {
    idle.stop();
    source.signal?.removeEventListener("abort", abort);
  }
}

/** @param {Source} source @param {PartialFile} partial @param {AbortSignal} signal @returns {Promise<Response>} */
async function request(source, partial, signal) {
  const { url, hasChecksum } = source;
  if (partial.version && !canContinue(partial.version, hasChecksum)) await partial.clear();
  const { version, length: start } = partial;
  source.onBytes(start, version?.total ?? 0);
  const headers = version && start > 0 ? rangeHeaders(url, version, start) : {};
  const response = await answerOf(source, headers, signal);
  if (response.status === 206 && version && isRestOf(response, version, start, hasChecksum)) return response;
  if (response.status === 206 || response.status === 416) {
    void response.body?.cancel();
    await partial.clear();
    throw new TransientError(url, "the file has changed", 0);
  }
  if (!response.ok) throw statusError(url, response);
  await partial.restart(versionOf(response), response.headers.get("Content-Type") ?? "");
  return response;
}

/** @param {Source} source @param {Record<string, string>} headers @param {AbortSignal} signal */
async function answerOf({ url, fetch }, headers, signal) {
  try {
    // Past the HTTP cache, which would keep a second copy, and answer with a wrong file again.
    return await fetch(new Request(url, { cache: "no-store", headers, signal }));
  } catch (error) {
    throw readable(url, error, reasonOfNoAnswer(url));
  }
}

/** @param {string} url @returns {string} */
function reasonOfNoAnswer(url) {
  // Only `false` is certain: a browser with any network at all is "on line".
  if (globalThis.navigator?.onLine === false) return "no answer, and this browser is offline";
  return isSameOrigin(url) ? "no answer" : NOT_READABLE;
}

/** @param {Source} source @param {PartialFile} partial @param {Response} response @param {StallWatch} idle */
async function readBody({ url, onBytes }, partial, response, idle) {
  const reader = response.body?.getReader();
  for (;;) {
    const bytes = await nextBytes(url, reader, partial);
    if (!bytes) return;
    idle.progress();
    await partial.append(bytes);
    onBytes(partial.length, partial.version?.total ?? 0);
  }
}

/**
 * @param {string} url @param {ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined} reader @param {PartialFile} partial
 */
async function nextBytes(url, reader, partial) {
  try {
    return (await reader?.read())?.value;
  } catch (error) {
    throw readable(url, error, `the connection broke after ${partial.length} bytes`);
  }
}

/** @param {string} url @param {Response} response */
function statusError(url, { status, statusText, headers }) {
  const reason = `the server answered with HTTP status ${`${status} ${statusText}`.trim()}`;
  if (!BUSY.has(status)) return new BridgeError("DownloadError", messageOf(url, reason));
  const wait = headers.get("Retry-After");
  return new TransientError(url, reason, wait === null || wait.trim() === "" ? undefined : Number(wait));
}

/** An abort stays as it is: whoever caused it handles it. @param {string} url @param {unknown} error @param {string} what */
function readable(url, error, what) {
  const { name, message } = nameAndMessage(error);
  return name === "AbortError" ? error : new TransientError(url, `${what} (${message})`);
}

/** @param {string} url @param {string} reason */
function messageOf(url, reason) {
  return `${nameOf(url)} could not be fetched from ${url}: ${reason}.`;
}
