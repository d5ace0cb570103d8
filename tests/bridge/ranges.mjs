/** A server of files that knows ranges and versions, and fails as a test says; and caches that read what they store. */

import { FakeCaches } from "./fakes.mjs";

/** Reads what is put into it, as a real cache does: nothing is stored of a body that fails. */
export class ReadingCaches extends FakeCaches {
  /** The cache that has no space left. @type {string | undefined} */
  full;

  /** @param {string} scope @override */
  async open(scope) {
    const cache = await super.open(scope);
    const put = async (/** @type {string} */ url, /** @type {Response} */ response) => {
      const bytes = await response.arrayBuffer();
      if (this.full === scope) throw new DOMException("Quota exceeded.", "QuotaExceededError");
      await cache.put(url, new Response(bytes, { headers: response.headers }));
    };
    return { ...cache, put };
  }

  /** The URLs in a cache. @param {string} scope */
  urls(scope) {
    return [...(this.scopes.get(scope) ?? new Map()).keys()];
  }

  /** @param {string} scope @param {string} url @returns {Promise<string | undefined>} */
  async text(scope, url) {
    return (await (await this.open(scope)).match(url))?.text();
  }
}

/** What the server answered, and to which range. @typedef {{ url: string, range: string | null, status: number }} Exchange */

export class RangeServer {
  /** @type {Record<string, Uint8Array<ArrayBuffer> | undefined>} */
  files;
  etag = '"v1"';
  /** @type {Record<string, string>} further headers of each answer */
  headers = {};
  knowsRanges = true;
  /** Whether it is of another origin that hides where a part begins. */
  hidesRanges = false;
  /** After how many bytes of a body each further connection breaks. @type {(number | undefined)[]} */
  cuts = [];
  /** Statuses of the next answers, instead of files. @type {{ status: number, headers?: Record<string, string> }[]} */
  refusals = [];
  /** @type {Exchange[]} */
  exchanges = [];

  /** @param {Record<string, Uint8Array<ArrayBuffer>>} files by their URLs */
  constructor(files) {
    this.files = files;
  }

  /** The ranges that were requested. */
  get ranges() {
    return this.exchanges.map(({ range }) => range);
  }

  /** @param {string} url */
  count(url) {
    return this.exchanges.filter((exchange) => exchange.url === url).length;
  }

  fetch = async (/** @type {RequestInfo | URL} */ request) => {
    const { url, headers, signal } = /** @type {Request} */ (request);
    signal.throwIfAborted();
    const range = headers.get("Range");
    const response = this.#answer(url, range);
    this.exchanges.push({ url, range, status: response.status });
    return response;
  };

  /** @param {string} url @param {string | null} range */
  #answer(url, range) {
    const refusal = this.refusals.shift();
    const file = this.files[url];
    if (refusal || !file) return new Response("", { status: 404, ...refusal });
    const start = this.knowsRanges ? Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0) : 0;
    if (start > 0 && start >= file.length) return new Response("", { status: 416 });
    const body = file.slice(start);
    const partial = start > 0 && !this.hidesRanges && { "Content-Range": `bytes ${start}-${file.length - 1}/${file.length}` };
    const headers = { "Content-Length": String(body.length), ...(this.etag && { ETag: this.etag }), ...this.headers, ...partial };
    return new Response(this.#body(body), { status: start > 0 ? 206 : 200, headers });
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  #body(bytes) {
    const cut = this.cuts.shift();
    const parts = [bytes.slice(0, cut)].filter(({ length }) => length > 0);
    return new ReadableStream({
      // A part at a time, because an error discards what has not been read.
      pull(controller) {
        const part = parts.shift();
        if (part) controller.enqueue(part);
        else if (cut === undefined) controller.close();
        else controller.error(new TypeError("network error"));
      },
    });
  }
}
