/** Files in memory, where the browser has no Cache API or forbids it: the part of `Cache` that `model_files.js` uses. */

export class MemoryCache {
  /** @type {Map<string, { blob: Blob, headers: Headers }>} */
  #files = new Map();

  /** @param {string} url */
  async match(url) {
    const found = this.#files.get(url);
    return found && new Response(found.blob, { headers: found.headers });
  }

  /** @param {string} url @param {Response} response */
  async put(url, response) {
    this.#files.set(url, { blob: await response.blob(), headers: response.headers });
  }

  async keys() {
    return [...this.#files.keys()].map((url) => ({ url }));
  }

  /** @param {string} url */
  async delete(url) {
    return this.#files.delete(url);
  }
}
