/** The engine's side of `proxy.js`: runs the calls of the page, and sends what they return. */

import { nameAndMessage } from "../errors.js";
import { WllamaEngine } from "./engine.js";

/** @import { Browser } from "../model_files.js" */

export class WllamaHandler {
  #engine;
  #post;
  /** @type {Record<string, (...args: any[]) => any>} */
  #methods;

  /** @param {Browser} browser @param {(message: object) => void} post */
  constructor(browser, post) {
    const engine = (this.#engine = new WllamaEngine(browser));
    this.#post = post;
    this.#methods = {
      setAppConfig: (config) => engine.setAppConfig(config),
      reload: (id) => engine.reload(id),
      unload: () => engine.unload(),
      interruptGenerate: () => engine.interruptGenerate(),
      chat: (request) => engine.chat.completions.create(request),
      completion: (request) => engine.completions.create(request),
      embed: (request) => engine.embeddings.create(request),
      resume: (id) => engine.resumeChatCompletion(id),
    };
    this.#engine.setInitProgressCallback((report) => post({ wllama: { kind: "progress", value: report } }));
  }

  /** @param {MessageEvent} event */
  async onmessage({ data }) {
    if (!data?.wllama) return;
    const { id, method, args } = data.wllama;
    const send = (/** @type {string} */ kind, /** @type {unknown} */ value) => this.#post({ wllama: { id, kind, value } });
    try {
      const result = await this.#methods[method]?.(...args);
      if (!result?.[Symbol.asyncIterator]) return send("result", result);
      for await (const chunk of result) send("chunk", chunk);
      send("end", undefined);
    } catch (error) {
      send("error", nameAndMessage(error));
    }
  }
}
