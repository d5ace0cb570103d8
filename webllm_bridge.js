/**
 * The bridge between Python and WebLLM: it turns WebLLM's engine into streams of JSON text that Python
 * can read and stop.
 *
 * This file is the entry of the modules in `bridge/`. `serve.py` and the wheel bundle them into one
 * file of the same name, which runs in three places: a page, or a worker that runs Python, imports it;
 * the workers that it starts run the same file; and from the wheel it is loaded from a `blob:`
 * URL, where relative imports do not work. WebLLM itself is imported at run time from a URL that the
 * caller passes.
 *
 * Guarantees: every rejection is an `Error` whose `name` is one of `NAMES` in `bridge/errors.js`; no
 * call waits for a worker that has ended or a device that is lost; loads and generations run one at a
 * time, in the order of the calls; a load is reported as done only when the model has answered.
 */

import { Bridge } from "./bridge/bridge.js";
import { BrowserModel, browserModelState } from "./bridge/browser_model/model.js";
import { startInFilesWorker } from "./bridge/downloads/worker.js";
import { chooseEngine, wllamaSupport } from "./bridge/engine_choice.js";
import { checkEngineSupport } from "./bridge/engine_support.js";
import { defaultEnvironment } from "./bridge/environment.js";
import { readConfig } from "./bridge/requests.js";
import { openShared } from "./bridge/shared_client/open.js";
import { startInSharedWorker } from "./bridge/shared_engine/serve.js";
import { startInEngineWorker } from "./bridge/worker.js";

/** @import { SupportScope } from "./bridge/engine_support.js" */
/** @import { Environment } from "./bridge/environment.js" */

// The URL of this file, and not of a module that it imports: the engine worker runs it too.
const BRIDGE_URL = import.meta.url;

/**
 * Report whether a model can run here, without downloading anything.
 * @param {SupportScope} [scope]
 * @param {Pick<Environment, "createWorker">} [environment]
 * @param {string | boolean} [wllama] whether the engine wllama is there, or a URL that answers if it is; without
 *   it only WebLLM is reported
 * @returns {Promise<string>} JSON text
 */
export async function checkSupport(scope = globalThis, { createWorker } = defaultEnvironment(), wllama = undefined) {
  const support = await checkEngineSupport(scope, BRIDGE_URL, createWorker);
  if (wllama === undefined) return support;
  const found = JSON.parse(support);
  const other = await wllamaSupport(wllama);
  return JSON.stringify({ ...found, wllama: other, auto: chooseEngine(found, other, 0) });
}

/**
 * Open a bridge. It starts nothing and downloads nothing until the first load.
 * @param {string} configJson `{webllmUrl, workerUrl?, thread?: "worker" | "main"}`
 * @param {Partial<Environment>} [environment]
 */
export function openBridge(configJson, environment = {}) {
  const config = readConfig(configJson, BRIDGE_URL);
  return new Bridge(config, { ...defaultEnvironment(), ...environment });
}

/**
 * Open a bridge whose engines all pages of this origin share, where the browser can; else one of its own.
 * `isShared` of the bridge says which.
 * @param {string} configJson as for `openBridge`, and `keepAlive` (seconds; negative: indefinitely) and `maxModels`
 * @param {Partial<Environment>} [environment]
 */
export async function openSharedBridge(configJson, environment = {}) {
  const config = readConfig(configJson, BRIDGE_URL);
  return openShared(config, { ...defaultEnvironment(), ...environment });
}

/**
 * Report whether the browser has a model of its own for this page, without downloading anything.
 * @returns {Promise<string>} JSON text: `{availability, problem?}`
 */
export function checkBrowserModel() {
  return browserModelState(/** @type {object} */ (globalThis));
}

/** Open a bridge to the browser's own model. It starts nothing until the first load. */
export function openBrowserModel() {
  return new BrowserModel(/** @type {object} */ (globalThis));
}

startInEngineWorker();
startInSharedWorker();
startInFilesWorker();
