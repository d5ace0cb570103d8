/** The bridge: one engine, its queue, and the streams of everyone who uses it. */

import { FileDesk } from "./downloads/desk.js";
import { chooseForLoad } from "./engine_choice.js";
import { BridgeError, disposedError, toBridgeError } from "./errors.js";
import { publishFile, urlOf } from "./files.js";
import { generate } from "./generate.js";
import { StuckError, requireAnswer } from "./liveness.js";
import { loadModel } from "./load.js";
import { READY } from "./progress.js";
import { answerQuery } from "./queries.js";
import { Queue } from "./queue.js";
import { STALL_TIMEOUT, isFileQuery, readGeneration, readLoad, readQuery, readStallTimeout } from "./requests.js";
import { SharedLoad } from "./shared_load.js";
import { Channel } from "./streams.js";
import { Watchers } from "./watchers.js";
import { WebLLMModule } from "./webllm.js";
import { Sessions } from "./wllama/sessions.js";

/** @import { Environment } from "./environment.js" */
/** @import { LoadedModel } from "./load.js" */
/** @import { Config, GenerationRequest, LoadRequest, Query } from "./requests.js" */
/** @import { Stream } from "./streams.js" */

export class Bridge {
  isShared = false;
  #config;
  #environment;
  #webllm;
  #files;
  #queue = new Queue();
  /** @type {Set<Channel>} every stream that has not ended */
  #channels = new Set();
  #watchers = new Watchers();
  /** @type {SharedLoad | undefined} the load requested last, until it is settled */
  #lastLoad;
  /** @type {LoadedModel | undefined} */
  #model;
  /** The model whose engine was stuck and is closed: it is loaded again. @type {LoadedModel | undefined} */
  #stuck;
  /** Counts lost models, so that a request knows whether one was lost while it waited. */
  #losses = 0;
  #deviceLosses = 0;
  /** @type {BridgeError | undefined} */
  #lastLoss;
  /** @type {Promise<void> | undefined} */
  #disposal;

  /** @param {Config} config @param {Environment} environment */
  constructor(config, environment) {
    this.#config = config;
    this.#environment = environment;
    this.#webllm = new WebLLMModule(environment, config.webllmUrl);
    this.#files = new FileDesk(config, environment, this.#webllm);
  }

  /**
   * Load a model; callers that load the same model share one load.
   * @param {string} requestJson `{model: "<ID in WebLLM's list>"}` or `{model: {…record}}`, optionally with
   *   `stall_timeout`: the seconds without any progress, 60 by default, after which the load fails; 0: no limit
   * @returns {Stream} the latest progress at each `next()`; at its end the model has answered
   */
  load(requestJson) {
    return this.#open({ latestOnly: true }, (channel) => {
      const request = readLoad(requestJson);
      const stallTimeout = readStallTimeout(requestJson);
      const key = JSON.stringify(request);
      if (!this.#lastLoad && this.#model?.key === key) return channel.end(READY);
      // Only the load requested last may be joined: an earlier one is followed by that of another model.
      if (this.#lastLoad?.key !== key) this.#lastLoad = this.#schedule(new SharedLoad(key), request, stallTimeout);
      this.#lastLoad.join(channel);
    });
  }

  /**
   * Generate with the loaded model. `embeddings` return one chunk, the response; `resume`, whose
   * request is `{session_id}`, begins with a chunk of the text generated so far.
   * @param {string} requestJson `{kind: "chat.completions" | "completions" | "embeddings" | "resume", request: {…}}`
   * @returns {Stream} a JSON array of all chunks that wait at each `next()`; the last chunk has the usage
   */
  generate(requestJson) {
    return this.#open({}, (channel) => {
      const request = readGeneration(requestJson);
      const losses = this.#losses;
      this.#queue.add(() => this.#generate(request, channel, losses));
    });
  }

  /**
   * Answer what needs no model, also while a model is loading or generating: WebLLM's list of models, and
   * the resumable sessions of this browser. `sessions.text` returns `{text, completion_tokens}`. Queries about the
   * files of models are in `downloads/requests.js`; they report `{progress}` before the `{result}`.
   * @param {string} requestJson `{kind: "models" | "sessions"}` or `{kind: "sessions.text" | "sessions.delete", session_id}`
   * @returns {Stream} one JSON text, or several for files
   */
  query(requestJson) {
    return this.#open({ latestOnly: true }, (channel) => {
      const query = readQuery(requestJson);
      void (isFileQuery(query) ? this.#files.answer(query, channel) : this.#answer(query, channel));
    });
  }

  /** Events: `{type: "lost", name, message}` and `{type: "disposed"}`. @returns {Stream} */
  watch() {
    return this.#watchers.watch();
  }

  /**
   * Give WebLLM a file as if it had been downloaded. The browser may evict it at any time, so publish
   * before each load; only what is missing or differs is written.
   * @param {string} name path relative to a virtual base URL
   * @param {Uint8Array} bytes
   * @returns {Promise<string>} the URL for a model record
   */
  async publish(name, bytes) {
    if (this.#disposal) throw disposedError();
    return publishFile(this.#environment, name, /** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  }

  /** @param {string} name @returns {string} the URL of a published file */
  urlOf(name) {
    return urlOf(name);
  }

  /**
   * Report whether this model is loaded, or is the one that was requested last and is being loaded.
   * @param {string} requestJson as for `load`
   */
  holds(requestJson) {
    return (this.#lastLoad ?? this.#model ?? this.#stuck)?.key === JSON.stringify(readLoad(requestJson));
  }

  /**
   * Choose the engine of the built-in model.
   * @param {string | boolean} wllama whether the engine wllama is there, or a URL that answers if it is
   * @returns {Promise<string>} JSON text: `{engine: "webllm" | "wllama", reason?}`
   */
  async chooseEngine(wllama) {
    return JSON.stringify(await chooseForLoad(globalThis, wllama, this.#deviceLosses));
  }

  /** End every stream, and free the GPU and the worker. @returns {Promise<void>} */
  dispose() {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  /** Dispose once all that was asked so far has ended. @returns {Promise<void>} */
  async retire() {
    await this.#queue.idle();
    await this.dispose();
  }

  async #dispose() {
    this.#watchers.dispose();
    // A load without waiters is cancelled, so this ends the loads too.
    for (const channel of [...this.#channels]) channel.fail(disposedError());
    await this.#unload(disposedError());
    await this.#queue.idle();
  }

  /**
   * @param {{ latestOnly?: boolean }} options
   * @param {(channel: Channel) => void} begin
   * @returns {Stream}
   */
  #open(options, begin) {
    const channel = this.#track(new Channel(options));
    try {
      if (this.#disposal) throw disposedError();
      begin(channel);
    } catch (error) {
      channel.fail(toBridgeError(error, "request"));
    }
    return channel.stream;
  }

  /** @param {Channel} channel */
  #track(channel) {
    this.#channels.add(channel);
    channel.onClosed(() => this.#channels.delete(channel));
    return channel;
  }

  /** @param {Query} query @param {Channel} channel */
  async #answer(query, channel) {
    try {
      channel.end(await answerQuery(await this.#webllm.import(), query, new Sessions(this.#environment)));
    } catch (error) {
      // As in a load, a file may be missing, and no device can be lost.
      channel.fail(toBridgeError(error, "load"));
    }
  }

  /** @param {SharedLoad} load @param {LoadRequest} request @param {number} stallTimeout */
  #schedule(load, request, stallTimeout) {
    const forget = () => {
      if (this.#lastLoad === load) this.#lastLoad = undefined;
    };
    load.signal.addEventListener("abort", forget);
    this.#queue.add(async () => {
      try {
        if (this.#model?.key === load.key) load.finish();
        else if (!load.signal.aborted) await this.#load(load, request, stallTimeout);
      } catch (error) {
        load.fail(toBridgeError(error, "load"));
      }
      forget();
    });
    return load;
  }

  /** @param {SharedLoad} load @param {LoadRequest} request @param {number} stallTimeout */
  #load(load, request, stallTimeout) {
    const context = {
      config: this.#config,
      environment: this.#environment,
      webllm: this.#webllm,
      stallTimeout,
      unload: () => this.#unload(new BridgeError("ModelNotLoadedError", "Another model is being loaded.")),
      onLoaded: (/** @type {LoadedModel} */ model) => {
        this.#model = model;
        load.finish();
        model.host.lifeline.onFailure((error) => this.#lose(model, error));
      },
    };
    return loadModel(context, load, request);
  }

  /** Close the engine of the loaded model on purpose. @param {BridgeError} reason */
  async #unload(reason) {
    const host = this.#model?.host;
    this.#model = this.#stuck = undefined;
    await host?.close(reason);
  }

  /** The engine of the loaded model failed unexpectedly. @param {LoadedModel} model @param {BridgeError} error */
  #lose(model, error) {
    if (this.#model !== model) return;
    this.#model = undefined;
    if (error instanceof StuckError) this.#stuck = model;
    else this.#reportLoss(error);
    void model.host.close(error);
  }

  /** @param {BridgeError} error */
  #reportLoss(error) {
    this.#losses += 1;
    if (error.name === "DeviceLostError") this.#deviceLosses += 1;
    this.#lastLoss = error;
    this.#watchers.report({ type: "lost", name: error.name, message: error.message });
  }

  /** Load a model again whose engine was stuck. It is reported as lost only if that fails. */
  async #restore() {
    if (!this.#stuck) return;
    const { key } = this.#stuck;
    const load = new SharedLoad(key);
    // Ended by `dispose()`, and the load with it.
    const waiter = this.#track(new Channel({ latestOnly: true }));
    load.join(waiter);
    try {
      await this.#load(load, JSON.parse(key), STALL_TIMEOUT);
    } catch (error) {
      const { message } = toBridgeError(error, "load");
      this.#stuck = undefined;
      this.#reportLoss(new BridgeError("WorkerError", `The engine was stuck, and could not be started again: ${message}`, error));
    }
    waiter.end();
  }

  /** @param {GenerationRequest} request @param {Channel} channel @param {number} losses */
  async #generate(request, channel, losses) {
    if (channel.closed) return;
    try {
      const model = await this.#answeringModel(request, losses);
      if (!channel.closed) await generate(model, request, channel, this.#environment);
      channel.end();
    } catch (error) {
      channel.fail(toBridgeError(error, "generate"));
    }
    // Unless another model is going to replace it.
    if (!this.#lastLoad) await this.#restore();
  }

  /** @param {GenerationRequest} request @param {number} losses at the time of the request */
  async #answeringModel(request, losses) {
    if (this.#model) await requireAnswer(this.#model.host, this.#environment.answerTimeout);
    await this.#restore();
    return this.#modelFor(request, losses);
  }

  /** @param {GenerationRequest} request @param {number} losses at the time of the request @returns {LoadedModel} */
  #modelFor(request, losses) {
    if (!this.#model) {
      if (this.#lastLoss && this.#losses > losses) throw this.#lastLoss;
      throw new BridgeError("ModelNotLoadedError", "No model is loaded; load one first.");
    }
    const { id } = this.#model;
    const requested = request.body["model"] ?? id;
    if (requested === id) return this.#model;
    throw new BridgeError("ModelNotLoadedError", `The model ${requested} is not loaded; ${id} is.`);
  }
}
