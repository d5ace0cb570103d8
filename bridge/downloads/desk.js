/** Answers queries about the files of models: what is stored, downloads, checks, deletions. */

import { toBridgeError } from "../errors.js";
import { Queue } from "../queue.js";
import { findRecord } from "../records.js";
import { forgetAll, remembered } from "./catalog.js";
import { deleteCached, listCached } from "./cached_models.js";
import { libraryFor } from "../libraries.js";
import { describeAdapter, findAdapter } from "../support.js";
import { runFileWork } from "./host.js";
import { describeSpace, persist } from "./space.js";
import { siteOf } from "./worker.js";

/** @import { Environment } from "../environment.js" */
/** @import { Config, LoadRequest } from "../requests.js" */
/** @import { Channel } from "../streams.js" */
/** @import { ModelRecord } from "../types.js" */
/** @import { WebLLMModule } from "../webllm.js" */
/** @import { CachedModel } from "./cached_models.js" */
/** @import { FileQuery } from "./requests.js" */

/** @type {import("./model_download.js").Progress} */
const QUEUED = { phase: "queued", received: 0, total: 0, file: "", text: "Waiting for another download" };

export class FileDesk {
  #config;
  #environment;
  #webllm;
  #queue = new Queue();

  /** @param {Config} config @param {Environment} environment @param {WebLLMModule} webllm */
  constructor(config, environment, webllm) {
    this.#config = config;
    this.#environment = environment;
    this.#webllm = webllm;
  }

  /**
   * @param {FileQuery} query
   * @param {Channel} channel gets `{progress}` any number of times, and `{result}` at the end
   */
  async answer(query, channel) {
    try {
      channel.end({ result: await this.#answer(query, channel) });
    } catch (error) {
      // As in a load, a file may be missing, and no device can be lost.
      channel.fail(toBridgeError(error, "load"));
    }
  }

  /** @param {FileQuery} query @param {Channel} channel @returns {Promise<unknown>} */
  async #answer(query, channel) {
    const { storage, openCache } = this.#environment;
    const site = siteOf(this.#environment);
    switch (query.kind) {
      case "files.storage":
        return describeSpace(storage);
      case "files.persist":
        return persist(storage);
      case "files.cached":
        return (await listCached(site, await this.#known(query.records))).map(described);
      case "files.delete": {
        const deleted = await deleteCached(site, await this.#known(query.records), query.id);
        if (query.id === undefined) await forgetAll(openCache);
        return deleted.map(described);
      }
      default:
        return this.#work(query.kind === "files.verify" ? "verify" : "download", query, channel);
    }
  }

  /** One download after another: each of them uses all of the connection. @param {"download" | "verify"} kind @param {{ model: LoadRequest, repair: boolean }} query @param {Channel} channel */
  async #work(kind, { model, repair }, channel) {
    const stop = new AbortController();
    channel.onClosed(() => stop.abort());
    channel.push({ progress: QUEUED });
    const record = await this.#record(model);
    return new Promise((resolve, reject) => {
      this.#queue.add(async () => {
        if (channel.closed) return resolve(undefined);
        const report = (/** @type {object} */ progress) => channel.push({ progress });
        const work = { kind, record, repair };
        await runFileWork(this.#config, this.#environment, work, report, stop.signal).then(resolve, reject);
      });
    });
  }

  /** @param {LoadRequest} model @returns {Promise<ModelRecord>} */
  async #record(model) {
    if (!("record" in model)) return this.#byId(model);
    /** @type {ModelRecord & { gpu_model_lib?: string }} */
    const record = model.record;
    if (record.gpu_model_lib === undefined) return record;
    const adapter = await findAdapter(/** @type {GPU | undefined} */ (this.#environment.gpu));
    return libraryFor(record, adapter ? describeAdapter(adapter) : undefined);
  }

  /** A model that was downloaded or loaded here before may be in no list. @param {{ model: string }} request */
  async #byId(request) {
    try {
      return findRecord(request, await this.#webllm.import());
    } catch (error) {
      const known = await remembered(this.#environment.openCache).catch(() => []);
      const found = known.find(({ model_id }) => model_id === request.model);
      if (found) return found;
      throw error;
    }
  }

  /** @param {ModelRecord[]} records @returns {Promise<ModelRecord[]>} */
  async #known(records) {
    const { prebuiltAppConfig } = await this.#webllm.import();
    return [...records, ...prebuiltAppConfig.model_list];
  }
}

/** @param {CachedModel} model */
function described({ urls, ...rest }) {
  return { ...rest, files: urls.length };
}
