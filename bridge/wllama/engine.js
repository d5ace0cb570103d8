/** llama.cpp in WebAssembly (wllama 3.13.0) as an engine: the part of WebLLM's interface that the bridge uses. */

import { placeOf } from "../downloads/file_list.js";
import { usingModel } from "../downloads/file_lock.js";
import { BridgeError } from "../errors.js";
import { checkLogitBias } from "../token_ids.js";
import { NativeLog, errorOf, isPartialCharacter } from "./native_errors.js";
import { ChunkWriter } from "./chunks.js";
import { collectGarbage } from "./garbage.js";
import { LazyFile } from "./lazy_file.js";
import { loadedModel } from "./model.js";
import { chatRequest, completionRequest, stopsOf } from "./request.js";
import { Sessions } from "./sessions.js";

/** @import { Wllama } from "@wllama/wllama" */
/** @import { InitProgressReport, ModelRecord } from "../types.js" */
/** @import { Browser } from "../model_files.js" */
/** @import { ModelText } from "./request.js" */
/** @import { Journal, Session } from "./sessions.js" */

/** @typedef {ModelRecord & { wllama_url: string, wasm_url: string, gguf?: string[] }} WllamaRecord */
/** @typedef {{ model_list: WllamaRecord[], publishedFiles?: ReadonlyMap<string, Blob> }} AppConfig */
/** @typedef {InitProgressReport & { url?: string }} Report */

export class WllamaEngine {
  chat = { completions: { create: (/** @type {any} */ request) => this.#create("chat", request) } };
  completions = { create: (/** @type {any} */ request) => this.#create("completion", request) };
  embeddings = { create: (/** @type {any} */ request) => this.#embed(request) };
  #browser;
  #import;
  /** @type {AppConfig} */
  #config = { model_list: [] };
  /** @type {(report: Report) => void} */
  #report = () => {};
  /** @type {Wllama | undefined} */
  #wllama;
  /** @type {WllamaRecord | undefined} */
  #record;
  /** @type {ModelText | undefined} */
  #text;
  #log = new NativeLog();
  #sessions;
  #loading = new AbortController();
  /** Of the answer that is being generated. @type {AbortController | undefined} */
  #answer;

  /** @param {Browser} browser @param {(url: string) => Promise<typeof import("@wllama/wllama")>} importModule */
  constructor(browser, importModule = (url) => import(url)) {
    this.#browser = browser;
    this.#sessions = new Sessions(browser);
    this.#import = importModule;
  }

  /** @param {AppConfig} config */
  setAppConfig(config) {
    this.#config = config;
  }

  /** @param {(report: Report) => void} report */
  setInitProgressCallback(report) {
    this.#report = report;
  }

  /** @param {string} modelId */
  async reload(modelId) {
    await this.unload();
    const record = this.#config.model_list.find(({ model_id }) => model_id === modelId);
    if (!record) throw new BridgeError("ModelNotFoundError", `The engine has no record of the model ${modelId}.`);
    this.#loading = new AbortController();
    // Its files are not deleted while they are read.
    await usingModel(this.#browser.locks, placeOf(record), () => this.#load(record));
  }

  /** @param {WllamaRecord} record */
  async #load(record) {
    const { Wllama } = await this.#import(record.wllama_url);
    const context = { browser: this.#browser, report: this.#report, published: this.#config.publishedFiles ?? new Map(), signal: this.#loading.signal };
    const { blobs, text, parameters } = await loadedModel(record, context);
    this.#report({ progress: 0, timeElapsed: 0, text: "Loading the model into memory" });
    this.#wllama = new Wllama({ default: record.wasm_url }, { logger: this.#log });
    // Without it wllama loads other files from a public server where a browser lacks features.
    this.#wllama.setCompat(null);
    try {
      await this.#wllama.loadModel(blobs, parameters);
      requireLoaded(this.#wllama);
      for (const blob of blobs) if (blob instanceof LazyFile) blob.release();
      collectGarbage();
    } catch (error) {
      throw errorOf(error, this.#log, "load");
    }
    this.#record = record;
    this.#text = text;
  }

  async unload() {
    this.#loading.abort();
    const wllama = this.#wllama;
    this.#wllama = undefined;
    await wllama?.exit();
  }

  /** llama.cpp compares each prompt with what it has read: nothing has to be forgotten. */
  async resetChat() {}

  interruptGenerate() {
    this.#answer?.abort();
  }

  /** @param {string} sessionId @returns {Promise<AsyncIterable<any>>} the text so far, then the rest */
  async resumeChatCompletion(sessionId) {
    return this.#resume(sessionId);
  }

  /** @param {"chat" | "completion"} kind @param {any} request */
  async #create(kind, request) {
    const chunks = request.extra_body?.resumable ? this.#begin(request) : this.#generate(kind, request);
    if (request.stream) return chunks;
    /** @type {any} */
    let whole = { choices: [] };
    for await (const chunk of chunks) whole = chunk.choices.length > 0 ? chunk : { ...whole, usage: chunk.usage };
    return whole;
  }

  /** Generate a resumable answer. @param {any} request of a chat */
  async *#begin(request) {
    const { sessionId: id = crypto.randomUUID(), strictPersistence } = request.extra_body.resumable;
    const { record } = this.#loaded();
    const session = { id, model: record.model_id, request, text: "", tokens: 0, promptTokens: 0, isComplete: false };
    const journal = await this.#sessions.open(id, strictPersistence);
    try {
      await journal.begin(session);
      yield* this.#write(journal, session);
    } finally {
      journal.release();
    }
  }

  /** @param {string} id of a session */
  async *#resume(id) {
    const { record } = this.#loaded();
    const journal = await this.#sessions.open(id);
    try {
      const { session } = journal;
      if (!session || session.isComplete || session.model !== record.model_id) {
        throw new BridgeError("NotResumableError", `The loaded model cannot resume the session ${id} with the engine wllama.`);
      }
      yield* this.#write(journal, session);
    } finally {
      journal.release();
    }
  }

  /** @param {Journal} journal @param {Session} session whose text is the beginning of the answer */
  async *#write(journal, session) {
    let [text, isComplete] = ["", false];
    try {
      for await (const chunk of this.#generate("chat", session.request, session)) {
        const [choice] = chunk.choices;
        text += choice?.delta.content ?? "";
        if (choice?.delta.content) await journal.write(text);
        isComplete ||= Boolean(choice?.finish_reason) && choice.finish_reason !== "abort";
        yield chunk;
      }
    } finally {
      await journal.end(isComplete);
    }
  }

  /** @param {"chat" | "completion"} kind @param {any} request @param {Session} [session] that is written, with the beginning of the answer */
  async *#generate(kind, request, session) {
    const { wllama, text, record } = this.#loaded();
    checkLogitBias(request.logit_bias, () => wllama.getLoadedContextInfo().n_vocab);
    const isChat = kind === "chat";
    const controller = (this.#answer = new AbortController());
    const logprobs = Boolean(request.logprobs);
    const writer = new ChunkWriter({
      isChat, logprobs,
      model: record.model_id,
      stops: stopsOf(request),
      top: request.top_logprobs ?? 0,
      skipsThinking: request.extra_body?.enable_thinking === false,
      ...(session && { earlier: { ...session } }),
    });
    yield* writer.begin();
    const arrived = new Arrivals();
    const body = isChat ? chatRequest(request, text, writer.begun) : completionRequest(request, text);
    const options = { ...body, stream: true, abortSignal: controller.signal, onData: (/** @type {any} */ chunk) => arrived.push(chunk) };
    this.#log.clear();
    const running = (isChat ? wllama.createChatCompletion(/** @type {any} */ (options)) : wllama.createCompletion(/** @type {any} */ (options)))
      .then(() => arrived.end(), (error) => arrived.fail(error));
    let isInterrupted = true;
    try {
      for (let chunks = await arrived.take(); chunks; chunks = await arrived.take()) {
        for (const chunk of chunks) {
          const found = writer.read(chunk);
          if (session) Object.assign(session, writer.counts);
          yield* found;
        }
        if (writer.ended) break;
      }
      isInterrupted = controller.signal.aborted;
    } catch (error) {
      const isCut = !logprobs && isPartialCharacter(error, this.#log);
      if (!isCut && !controller.signal.aborted) throw errorOf(error, this.#log, "generate");
      if (isCut) writer.cut(request.max_tokens ?? 0);
      isInterrupted = !isCut;
    } finally {
      // The next request has to wait until this one has left its slot.
      controller.abort();
      await running;
    }
    yield* writer.end(isInterrupted);
  }

  /** @param {any} request */
  async #embed({ input }) {
    const { wllama, record } = this.#loaded();
    const started = performance.now();
    this.#log.clear();
    try {
      const { data, usage } = await wllama.createEmbedding({ input });
      const seconds = (performance.now() - started) / 1000;
      return { data, model: record.model_id, object: "list", usage: { ...usage, extra: { prefill_tokens_per_s: usage.total_tokens / seconds } } };
    } catch (error) {
      throw errorOf(error, this.#log, "generate");
    }
  }

  #loaded() {
    if (this.#wllama && this.#text && this.#record) return { wllama: this.#wllama, text: this.#text, record: this.#record };
    throw new BridgeError("ModelNotLoadedError", "No model is loaded.");
  }
}

/** wllama 3.13.0 resolves a load also if llama.cpp has refused the model. @param {Wllama} wllama */
function requireLoaded(wllama) {
  const { success } = /** @type {{ success?: boolean }} */ (wllama.getLoadedContextInfo());
  if (!success) throw new Error("Model failed to load");
}

/** The chunks that have arrived, for a generator. */
class Arrivals {
  /** @type {any[]} */
  #chunks = [];
  #ended = false;
  /** @type {unknown} */
  #error;
  #wake = () => {};

  /** @param {any} chunk */
  push(chunk) {
    this.#chunks.push(chunk);
    this.#wake();
  }

  end() {
    this.#ended = true;
    this.#wake();
  }

  /** @param {unknown} error */
  fail(error) {
    this.#error = error;
    this.end();
  }

  /** @returns {Promise<any[] | undefined>} undefined at the end */
  async take() {
    while (this.#chunks.length === 0 && !this.#ended) await new Promise((resolve) => (this.#wake = () => resolve(undefined)));
    if (this.#chunks.length > 0) return this.#chunks.splice(0);
    if (this.#error) throw this.#error;
    return undefined;
  }
}
