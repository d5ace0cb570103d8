/** Loads one model into a new engine. */

import { BridgeError, nameAndMessage, toBridgeError } from "./errors.js";
import { createHost } from "./hosts.js";
import { deleteInvalidFiles } from "./patches/invalid_files.js";
import { probe } from "./probe.js";
import { readReport } from "./progress.js";
import { findRecord } from "./records.js";
import { withTimeout } from "./timeout.js";

/** @import { Environment } from "./environment.js" */
/** @import { Host } from "./hosts.js" */
/** @import { Config, LoadRequest } from "./requests.js" */
/** @import { SharedLoad } from "./shared_load.js" */
/** @import { Engine, ModelRecord } from "./types.js" */
/** @import { WebLLMModule } from "./webllm.js" */

/** @typedef {{ host: Host, engine: Engine, key: string, id: string }} LoadedModel */

/**
 * What a load uses of the bridge.
 * @typedef {object} LoadContext
 * @property {Config} config
 * @property {Environment} environment
 * @property {WebLLMModule} webllm
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
  if (!environment.gpu) throw new BridgeError("WebGPUNotAvailableError", "This browser has no WebGPU.");
  const host = createHost(config, environment);
  const cancel = () => void host.close(new BridgeError("AbortError", "The load was cancelled."));
  load.signal.addEventListener("abort", cancel);
  /** @type {ModelRecord | undefined} */
  let record;
  try {
    load.report({ phase: "start", part: 0, text: "Starting the engine" });
    const webllm = await host.lifeline.guard(context.webllm.import());
    record = findRecord(request, webllm);
    // A load that was cancelled by now must not unload the current model.
    host.lifeline.throwIfFailed();
    await context.unload();
    const engine = await host.open(webllm);
    await reload(host, engine, record, load);
    host.lifeline.throwIfFailed();
    context.onLoaded({ host, engine, key: load.key, id: record.model_id });
  } catch (error) {
    await host.close(new BridgeError("AbortError", "The load failed."));
    if (record) await forgetInvalidFiles(environment, record, error);
    throw error;
  }
}

/** @param {Host} host @param {Engine} engine @param {ModelRecord} record @param {SharedLoad} load */
async function reload(host, engine, record, load) {
  engine.setAppConfig({ model_list: [record] });
  engine.setInitProgressCallback((report) => load.report(readReport(report)));
  load.report({ phase: "start", part: 0.5, text: "Reading the model's configuration" });
  await host.reload(record.model_id);
  load.report({ phase: "compile", part: 1, text: "Waiting for the model's first token" });
  await probe(host.lifeline, engine, record).catch((error) => {
    throw toBridgeError(error, "generate");
  });
}

/** @param {Environment} environment @param {ModelRecord} record @param {unknown} error why the load failed */
async function forgetInvalidFiles({ openCache, releaseTimeout }, record, error) {
  if (toBridgeError(error, "load").name !== "IntegrityError") return;
  const includesWeights = nameAndMessage(error).name === "IntegrityError";
  await withTimeout(releaseTimeout, deleteInvalidFiles(openCache, record, includesWeights)).catch(() => {});
}
