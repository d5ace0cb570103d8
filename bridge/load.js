/** Loads one model into a new engine. */

import { BridgeError, isInvalidFile, nameAndMessage, toBridgeError } from "./errors.js";
import { filesInMemory } from "./files.js";
import { createHost } from "./hosts.js";
import { libraryFor } from "./libraries.js";
import { deleteInvalidFiles } from "./patches/invalid_files.js";
import { probe } from "./probe.js";
import { readReport } from "./progress.js";
import { findRecord, usesWllama } from "./records.js";
import { StallWatch } from "./stall_watch.js";
import { withTimeout } from "./timeout.js";

/** @import { DownloadReport } from "./download_progress.js" */
/** @import { Environment } from "./environment.js" */
/** @import { Host } from "./hosts.js" */
/** @import { Config, LoadRequest } from "./requests.js" */
/** @import { SharedLoad } from "./shared_load.js" */
/** @import { Engine, ModelRecord } from "./types.js" */
/** @import { WebLLMModule } from "./webllm.js" */

/** @typedef {{ host: Host, engine: Engine, key: string, id: string }} LoadedModel */

/** @typedef {{ engine: Engine, record: ModelRecord }} OpenEngine */

/** How a load ends when a file has the right form, but is another version, or that of another model. */
const FILE_ERRORS = new Set(["IntegrityError", "EngineError", "InvalidRequestError"]);

/** How much longer the limit for WebLLM's own module is, in which no progress is seen. */
const IMPORT_FACTOR = 10;

/**
 * What a load uses of the bridge.
 * @typedef {object} LoadContext
 * @property {Config} config
 * @property {Environment} environment
 * @property {WebLLMModule} webllm
 * @property {number} stallTimeout seconds without any progress, after which a load fails; 0: no limit
 * @property {() => Promise<void>} unload closes the engine of the model that is loaded now, if any
 * @property {(model: LoadedModel) => void} onLoaded is called synchronously, so that a load is either cancelled or done
 */

/**
 * Load a model. Failed and aborted loads of WebLLM 0.2.86 never free their GPU device; only closing
 * the host does. So each load has its own host, and each host at most one model.
 * @param {LoadContext} context @param {SharedLoad} load @param {LoadRequest} request
 */
export async function loadModel(context, load, request) {
  const { config, environment } = context;
  const isWllama = usesWllama(request);
  if (!environment.gpu && !isWllama) throw new BridgeError("WebGPUNotAvailableError", "This browser has no WebGPU.");
  const host = createHost(config, environment, isWllama);
  const cancel = () => void host.close(new BridgeError("AbortError", "The load was cancelled."));
  load.signal.addEventListener("abort", cancel);
  /** @type {ModelRecord | undefined} */
  let record;
  try {
    load.report({ phase: "start", part: 0, text: "Starting the engine" });
    const opened = await openEngine(context, host, request);
    record = opened.record;
    await reload(context, host, opened, load);
    await probeModel(host, opened, load);
    host.lifeline.throwIfFailed();
    context.onLoaded({ host, engine: opened.engine, key: load.key, id: record.model_id });
  } catch (error) {
    await host.close(new BridgeError("AbortError", "The load failed."));
    if (record) await forgetInvalidFiles(environment, record, error);
    throw error;
  }
}

/** @param {LoadContext} context @param {Host} host @param {LoadRequest} request @returns {Promise<OpenEngine>} */
async function openEngine(context, host, request) {
  // Browsers do not report the bytes of a module that they import.
  const seconds = context.stallTimeout * IMPORT_FACTOR;
  const watch = new StallWatch(seconds, () => void host.close(stallError(seconds, context.config.webllmUrl)));
  try {
    const webllm = usesWllama(request) ? undefined : await host.lifeline.guard(context.webllm.import());
    const record = findRecord(request, webllm);
    // A load that was cancelled by now must not unload the current model.
    host.lifeline.throwIfFailed();
    await context.unload();
    const engine = await host.open(webllm, record);
    return { record: libraryFor(record, host.adapter), engine };
  } finally {
    watch.stop();
  }
}

/** @param {LoadContext} context @param {Host} host @param {OpenEngine} opened @param {SharedLoad} load */
async function reload({ environment, stallTimeout }, host, { engine, record }, load) {
  const publishedFiles = filesInMemory(environment);
  /** @type {string | undefined} */
  let url;
  const watch = new StallWatch(stallTimeout, () => void host.close(stallError(stallTimeout, url)));
  engine.setAppConfig(/** @type {any} */ ({ model_list: [record], publishedFiles }));
  engine.setInitProgressCallback((report) => {
    const download = /** @type {DownloadReport} */ (report);
    // Waiting for a server, or another tab, is no progress.
    if (!download.waiting) watch.progress();
    url = download.url;
    load.report(readReport(report));
  });
  load.report({ phase: "start", part: 0.5, text: "Reading the model's configuration" });
  try {
    await host.reload(record.model_id);
  } finally {
    watch.stop();
  }
}

/** Without a limit: the first token of a large model takes minutes where the GPU is emulated. @param {Host} host @param {OpenEngine} opened @param {SharedLoad} load */
async function probeModel(host, { engine, record }, load) {
  load.report({ phase: "compile", part: 1, text: "Waiting for the model's first token" });
  await probe(host.lifeline, engine, record).catch((error) => {
    throw toBridgeError(error, "generate");
  });
}

/** @param {number} seconds @param {string | undefined} url of the file that was being fetched */
function stallError(seconds, url) {
  const what = url === undefined ? "the engine did not respond" : `nothing arrived from ${url}`;
  return new BridgeError("LoadTimeoutError", `The load made no progress for ${seconds} s: ${what}.`);
}

/** @param {Environment} environment @param {ModelRecord} record @param {unknown} error why the load failed */
async function forgetInvalidFiles({ openCache, releaseTimeout }, record, error) {
  // A file that was checked before it counted has not been kept, and the others are as they should be.
  if (!FILE_ERRORS.has(toBridgeError(error, "load").name) || isInvalidFile(error)) return;
  const includesWeights = nameAndMessage(error).name === "IntegrityError";
  await withTimeout(releaseTimeout, deleteInvalidFiles(openCache, record, includesWeights)).catch(() => {});
}
