/** The engine as the page sees it: its calls cross to the worker in which `handler.js` runs them. */

/** @import { AppConfig, Report } from "./engine.js" */

/** @typedef {{ postMessage(message: unknown): void, onmessage: ((event: MessageEvent) => void) | undefined }} Port */
/** @typedef {{ id: number, kind: "result" | "chunk" | "end" | "error" | "progress", value: any }} Answer */

export class WllamaProxy {
  chat = { completions: { create: (/** @type {any} */ request) => this.#create("chat", request) } };
  completions = { create: (/** @type {any} */ request) => this.#create("completion", request) };
  embeddings = { create: (/** @type {any} */ request) => this.#call("embed", request) };
  #port;
  #count = 0;
  /** Who waits for the answers to a call. @type {Map<number, (answer: Answer) => void>} */
  #receivers = new Map();
  /** @type {(report: Report) => void} */
  #report = () => {};

  /** @param {Port} port */
  constructor(port) {
    this.#port = port;
    port.onmessage = ({ data }) => this.#receive(data?.wllama);
  }

  /** @param {AppConfig} config */
  setAppConfig(config) {
    void this.#call("setAppConfig", config);
  }

  /** @param {(report: Report) => void} report */
  setInitProgressCallback(report) {
    this.#report = report;
  }

  /** @param {string} modelId */
  reload(modelId) {
    return this.#call("reload", modelId);
  }

  unload() {
    return this.#call("unload");
  }

  async resetChat() {}

  interruptGenerate() {
    void this.#call("interruptGenerate");
  }

  /** @param {string} sessionId */
  async resumeChatCompletion(sessionId) {
    return this.#stream("resume", sessionId);
  }

  /** @param {string} method @param {any} request */
  async #create(method, request) {
    return request.stream ? this.#stream(method, request) : this.#call(method, request);
  }

  /** @param {string} method @param {any[]} args @returns {Promise<any>} */
  #call(method, ...args) {
    return new Promise((resolve, reject) => {
      this.#send(method, args, ({ kind, value }) => (kind === "error" ? reject(errorOf(value)) : resolve(value)));
    });
  }

  /** @param {string} method @param {any} request */
  async *#stream(method, request) {
    /** @type {Answer[]} */
    const answers = [];
    let wake = () => {};
    this.#send(method, [request], (answer) => {
      answers.push(answer);
      wake();
    });
    const next = async () => {
      while (answers.length === 0) await new Promise((resolve) => (wake = () => resolve(undefined)));
      return /** @type {Answer} */ (answers.shift());
    };
    let answer = await next();
    try {
      for (; answer.kind === "chunk"; answer = await next()) yield answer.value;
      if (answer.kind === "error") throw errorOf(answer.value);
    } finally {
      // Whoever leaves early has interrupted the answer; it is over when it has ended in the worker.
      while (answer.kind === "chunk") answer = await next();
    }
  }

  /** @param {string} method @param {any[]} args @param {(answer: Answer) => void} receiver */
  #send(method, args, receiver) {
    const id = (this.#count += 1);
    this.#receivers.set(id, receiver);
    this.#port.postMessage({ wllama: { id, method, args } });
  }

  /** @param {Answer | undefined} answer */
  #receive(answer) {
    if (!answer) return;
    if (answer.kind === "progress") return this.#report(answer.value);
    this.#receivers.get(answer.id)?.(answer);
    if (answer.kind !== "chunk") this.#receivers.delete(answer.id);
  }
}

/** @param {{ name: string, message: string }} value */
function errorOf({ name, message }) {
  return Object.assign(new Error(message), { name });
}
