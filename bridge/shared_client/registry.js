/**
 * What the pages of an origin know of the shared worker without asking it: its generation, which grows
 * when one is abandoned, and the URL that started it.
 */

import { isBlob } from "./identity.js";

/** @import { Environment } from "../environment.js" */

/** @typedef {{ generation: number, url?: string }} Entry */

export class Registry {
  #storage;
  #key;
  #workerUrl;

  /** @param {NonNullable<Environment["localStorage"]>} storage @param {string} key @param {string} workerUrl of this page */
  constructor(storage, key, workerUrl) {
    this.#storage = storage;
    this.#key = key;
    this.#workerUrl = workerUrl;
  }

  get generation() {
    return this.#read().generation;
  }

  /** The URLs that may start the worker, or join the one that runs: a `blob:` URL of the page that started it comes first. */
  get urls() {
    const { url } = this.#read();
    return url === undefined || url === this.#workerUrl ? [this.#workerUrl] : [url, this.#workerUrl];
  }

  /** @param {string} url with which the worker of this generation runs */
  started(url) {
    // Only a `blob:` URL differs between pages.
    if (isBlob(url)) this.#write({ ...this.#read(), url });
  }

  /** Leave the worker of a generation; another page may have done so before. @param {number} generation */
  abandon(generation) {
    if (this.generation <= generation) this.#write({ generation: generation + 1 });
  }

  /** @returns {Entry} */
  #read() {
    try {
      const { generation, url } = JSON.parse(this.#storage.getItem(this.#key) ?? "{}");
      if (Number.isSafeInteger(generation)) return typeof url === "string" ? { generation, url } : { generation };
    } catch {
      // Not what this class wrote: begin again.
    }
    return { generation: 0 };
  }

  /** @param {Entry} entry */
  #write(entry) {
    this.#storage.setItem(this.#key, JSON.stringify(entry));
  }
}
