/** Imports WebLLM. */

/** @import { Environment } from "./environment.js" */
/** @import { WebLLM } from "./types.js" */

/** WebLLM's module at a URL, imported when it is first needed. */
export class WebLLMModule {
  #environment;
  #url;
  #failures = 0;

  /** @param {Environment} environment @param {string} url */
  constructor(environment, url) {
    this.#environment = environment;
    this.#url = url;
  }

  /** @returns {Promise<WebLLM>} */
  async import() {
    // Some browsers remember that a module failed to load; a fragment makes it a different module.
    const attempt = this.#failures > 0 ? `#${this.#failures}` : "";
    try {
      return await this.#environment.importWebLLM(this.#url + attempt);
    } catch (error) {
      this.#failures += 1;
      throw error;
    }
  }
}
