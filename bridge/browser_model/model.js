/**
 * The browser's own model as a bridge: `LanguageModel`, the Prompt API of Chrome and Edge. It has the methods of
 * `Bridge`, so that Python uses both alike; its only model is `browser`. The interface is that of
 * https://webmachinelearning.github.io/prompt-api/ (November 2026), which only pages have, not workers.
 */

import { BridgeError, disposedError } from "../errors.js";
import { READY, WAITING } from "../progress.js";
import { Queue } from "../queue.js";
import { readGeneration, readLoad, readQuery } from "../requests.js";
import { Channel } from "../streams.js";
import { Watchers } from "../watchers.js";
import { ChunkWriter } from "../wllama/chunks.js";
import { browserModelError } from "./errors.js";
import { readPrompt } from "./request.js";

/** @import { Prompt } from "./request.js" */
/** @import { Stream } from "../streams.js" */

export const BROWSER_MODEL = "browser";

/** The languages are left to the browser. */
const TEXT = { expectedInputs: [{ type: "text" }], expectedOutputs: [{ type: "text" }] };

/** @typedef {any} Session a `LanguageModel` */
/** @typedef {{ waiting: Set<Channel>, abort: AbortController }} Load */
/** @typedef {{ LanguageModel?: any, document?: unknown }} Scope */

/**
 * Report whether the browser has a model of its own for this page.
 * @param {Scope} scope
 * @returns {Promise<string>} JSON text: `{availability}`, one of the interface's own words, or `missing` or `worker`
 */
export async function browserModelState(scope) {
  const { LanguageModel } = scope;
  if (!LanguageModel) return JSON.stringify({ availability: scope.document ? "missing" : "worker" });
  try {
    return JSON.stringify({ availability: await LanguageModel.availability(TEXT) });
  } catch (error) {
    // As where a permissions policy forbids it.
    return JSON.stringify({ availability: "unavailable", problem: browserModelError(error).message });
  }
}

export class BrowserModel {
  isShared = false;
  #scope;
  #queue = new Queue();
  /** @type {Set<Channel>} every stream that has not ended */
  #channels = new Set();
  #watchers = new Watchers();
  /** @type {Session | undefined} keeps the model in memory */
  #base;
  /** @type {Load | undefined} the load that another may join */
  #load;
  #isDisposed = false;

  /** @param {Scope} scope */
  constructor(scope) {
    this.#scope = scope;
  }

  /** @param {string} requestJson @returns {Stream} */
  load(requestJson) {
    return this.#open({ latestOnly: true }, (channel) => {
      const { model } = /** @type {{ model?: string }} */ (readLoad(requestJson));
      if (model !== BROWSER_MODEL) throw notFound(model ?? "this record");
      if (this.#base) return channel.end(READY);
      const load = (this.#load ??= this.#begin());
      load.waiting.add(channel);
      channel.push(WAITING);
      channel.onClosed(() => {
        load.waiting.delete(channel);
        // After the load its signal would destroy the session.
        if (load.waiting.size === 0 && this.#load === load) load.abort.abort();
        if (load.waiting.size === 0) this.#forget(load);
      });
    });
  }

  /** @param {string} requestJson @returns {Stream} */
  generate(requestJson) {
    return this.#open({}, (channel) => {
      const prompt = readPrompt(readGeneration(requestJson));
      this.#queue.add(() => this.#answer(prompt, channel));
    });
  }

  /** @param {string} requestJson @returns {Stream} */
  query(requestJson) {
    return this.#open({ latestOnly: true }, (channel) => {
      const { kind } = readQuery(requestJson);
      if (kind !== "models") throw new BridgeError("InvalidRequestError", `${kind} is not supported: the browser keeps its model itself`);
      channel.end([]);
    });
  }

  /** @returns {Stream} */
  watch() {
    return this.#watchers.watch();
  }

  async dispose() {
    this.#isDisposed = true;
    this.#load?.abort.abort();
    this.#watchers.dispose();
    for (const channel of [...this.#channels]) channel.fail(disposedError());
    await this.#queue.idle();
    this.#base?.destroy();
    this.#base = undefined;
  }

  /** @returns {Load} */
  #begin() {
    const load = { waiting: new Set(), abort: new AbortController() };
    void this.#create(load).then(
      () => this.#end(load, (channel) => channel.end(READY)),
      (error) => this.#end(load, (channel) => channel.fail(browserModelError(error))),
    );
    return load;
  }

  /** @param {Load} load @param {(channel: Channel) => void} end */
  #end(load, end) {
    this.#forget(load);
    for (const channel of [...load.waiting]) end(channel);
  }

  /** @param {Load} load */
  #forget(load) {
    if (this.#load === load) this.#load = undefined;
  }

  /** @param {Load} load */
  async #create({ waiting, abort: { signal } }) {
    const started = performance.now();
    const { LanguageModel } = this.#scope;
    if (!LanguageModel) throw new BridgeError("BrowserModelError", "this browser has no model of its own for this page");
    const monitor = (/** @type {EventTarget} */ target) => {
      target.addEventListener("downloadprogress", (event) => {
        const { loaded = 0 } = /** @type {{ loaded?: number }} */ (/** @type {unknown} */ (event));
        const text = `The browser downloads its model: ${Math.round(loaded * 100)} %`;
        const elapsed = (performance.now() - started) / 1000;
        for (const channel of waiting) channel.push({ phase: "fetch", ratio: 0.99 * loaded, text, elapsed });
      });
    };
    const session = await LanguageModel.create({ ...TEXT, monitor, signal });
    if (signal.aborted) session.destroy();
    else this.#base = session;
  }

  /** @param {Prompt} prompt @param {Channel} channel */
  async #answer(prompt, channel) {
    if (channel.closed) return;
    const abort = new AbortController();
    channel.onClosed(() => abort.abort());
    /** @type {Session | undefined} */
    let session;
    try {
      const { LanguageModel } = this.#scope;
      const initialPrompts = prompt.history;
      session = await LanguageModel.create({ ...TEXT, initialPrompts, signal: abort.signal });
      await this.#write(session, prompt, channel, abort);
      channel.end();
    } catch (error) {
      // A stop string ends the answer, and the caller may have left it.
      channel.fail(browserModelError(error));
    } finally {
      session?.destroy();
    }
  }

  /** @param {Session} session @param {Prompt} prompt @param {Channel} channel @param {AbortController} abort */
  async #write(session, { input, stops, schema }, channel, { signal }) {
    const form = { skipsThinking: false, isChat: true, model: BROWSER_MODEL, stops, logprobs: false, top: 0 };
    const writer = new ChunkWriter(form);
    const prompted = used(session) + (await measured(session, input));
    const constraint = schema && { responseConstraint: schema };
    const reader = session.promptStreaming(input, { ...constraint, signal }).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || channel.closed) break;
      const choices = [{ delta: { content: value } }];
      for (const chunk of writer.read({ choices })) channel.push(chunk);
      if (writer.ended) break;
    }
    await reader.cancel();
    const timings = { prompt_n: prompted, predicted_n: Math.max(0, used(session) - prompted) };
    writer.read({ choices: [], timings });
    for (const chunk of writer.end(false)) channel.push(chunk);
  }

  /**
   * @param {{ latestOnly?: boolean }} options @param {(channel: Channel) => void} begin
   * @returns {Stream}
   */
  #open(options, begin) {
    const channel = this.#track(new Channel(options));
    try {
      if (this.#isDisposed) throw disposedError();
      begin(channel);
    } catch (error) {
      channel.fail(browserModelError(error));
    }
    return channel.stream;
  }

  /** @param {Channel} channel */
  #track(channel) {
    this.#channels.add(channel);
    channel.onClosed(() => this.#channels.delete(channel));
    return channel;
  }
}

/** @param {string} model */
function notFound(model) {
  return new BridgeError("ModelNotFoundError", `there is no model ${model}: the browser's own one is called ${BROWSER_MODEL}`);
}

/** Its former name is `inputUsage`. @param {Session} session @returns {number} tokens */
function used(session) {
  return session.contextUsage ?? session.inputUsage ?? 0;
}

/** @param {Session} session @param {object[]} input @returns {Promise<number>} tokens */
async function measured(session, input) {
  return (await (session.measureContextUsage ?? session.measureInputUsage)?.call(session, input)) ?? 0;
}
