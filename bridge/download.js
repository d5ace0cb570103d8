/** Downloads one file: counts its bytes, checks them, and says what went wrong with which file. */

import { BridgeError, invalidFileError, nameAndMessage } from "./errors.js";
import { nameOf } from "./urls.js";

/** @import { Check } from "./expected_files.js" */

/** The header of a file in the cache that was checked before it was put there. */
export const CHECKED = "X-Pywebllm-Checked";

/**
 * One download. Its response's body fails at its end if the file is not the expected one, so that
 * whoever stores it stores nothing.
 */
export class Download {
  /** Why it failed; what reads the body may report something else. @type {unknown} */
  failure;
  #url;
  #check;
  #onBytes;
  #received = 0;

  /**
   * @param {string} url @param {Check} check
   * @param {(received: number, announced: number) => void} onBytes is called with the bytes so far, and
   *   those that the server has announced (0 if it has not), at the begin and after each part
   */
  constructor(url, check, onBytes) {
    this.#url = url;
    this.#check = check;
    this.#onBytes = onBytes;
  }

  /**
   * @param {typeof fetch} fetchFile @param {RequestInfo} request
   * @returns {Promise<Response>}
   */
  async start(fetchFile, request) {
    this.#onBytes(0, 0);
    const response = await this.#request(fetchFile, request);
    if (!response.ok) throw this.#fail(this.#statusError(response));
    const type = response.headers.get("Content-Type") ?? "";
    const headers = { "Content-Type": type, [CHECKED]: "1" };
    return new Response(this.#body(response, type), { headers });
  }

  /** @param {typeof fetch} fetchFile @param {RequestInfo} request */
  async #request(fetchFile, request) {
    try {
      return await fetchFile(request);
    } catch (error) {
      throw this.#fail(this.#readable(error, "no answer"));
    }
  }

  /** @param {Response} response @param {string} type @returns {ReadableStream<Uint8Array>} */
  #body(response, type) {
    const reader = (response.body ?? new Response("").body)?.getReader();
    const announced = Number(response.headers.get("Content-Length") ?? 0);
    return new ReadableStream({
      pull: async (controller) => {
        try {
          const part = await this.#read(reader);
          if (part) {
            this.#received += part.length;
            this.#check.update(part);
            this.#onBytes(this.#received, announced);
            controller.enqueue(part);
          } else {
            await this.#finish(type);
            controller.close();
          }
        } catch (error) {
          controller.error(this.#fail(error));
        }
      },
      cancel: (reason) => reader?.cancel(reason),
    });
  }

  /** @param {ReadableStreamDefaultReader<Uint8Array> | undefined} reader @returns {Promise<Uint8Array | undefined>} */
  async #read(reader) {
    try {
      return (await reader?.read())?.value;
    } catch (error) {
      throw this.#readable(error, `the connection broke after ${this.#received} bytes`);
    }
  }

  /** @param {string} type */
  async #finish(type) {
    const problem = await this.#check.finish();
    if (!problem) return;
    throw invalidFileError(this.#url, type.startsWith("text/html") ? "it is an HTML page" : problem);
  }

  /** @param {unknown} error */
  #fail(error) {
    this.failure = error;
    return error;
  }

  /** @param {Response} response */
  #statusError({ status, statusText }) {
    return this.#downloadError(`the server answered with HTTP status ${`${status} ${statusText}`.trim()}`);
  }

  /** An abort stays as it is: WebLLM handles it. @param {unknown} error @param {string} what */
  #readable(error, what) {
    const { name, message } = nameAndMessage(error);
    return name === "AbortError" ? error : this.#downloadError(`${what} (${message})`);
  }

  /** @param {string} reason */
  #downloadError(reason) {
    return new BridgeError("DownloadError", `${nameOf(this.#url)} could not be fetched from ${this.#url}: ${reason}.`);
  }
}
