/**
 * Starts the engine and loads the model that the visitor chose while Python starts. Python then takes over what was begun:
 * it opens its bridge by this module instead of `webllm_bridge.js`, and gets the one that is loading.
 *
 * What is asked of the bridge here is written by the library itself when the site is built (`site_files/early.py`),
 * so that Python's own load of the model joins this one; for another model than the built-in one, it is what
 * Python asked for in the visit before. Errors are left to Python, whose load repeats them.
 */

import * as bridge from "../webllm_bridge.js";

/** @typedef {Awaited<ReturnType<typeof bridge.openSharedBridge>>} Bridge */
/** @typedef {{ config: any, webllm: any, wllama: any }} Requests JSON of the library, with paths for URLs */
/** @typedef {{ config: string, opening: Promise<Bridge>, stop: () => void }} Early */

/** The fields of requests that are URLs. */
const URLS = new Set(["webllmUrl", "model", "model_lib", "gpu_model_lib", "wllama_url", "wasm_url"]);

/** The keys of the local storage: the model that the visitor chose (`app/page/setup/choice.py`), and its load. */
const CHOICE = "pywebllm-model";
const LOAD = "pywebllm-load";

/** What Python has not taken over yet. @type {Early | undefined} */
let early;
/** @type {string | null} */
let engineInAddress = null;
/** @type {Promise<string> | undefined} */
let support;
/** The engine that was chosen, once one was. @type {"webllm" | "wllama" | undefined} */
export let chosen;
/** Whether the model that was begun here is loaded; false if it failed, or Python wanted another one. */
export let loaded = Promise.resolve(false);

/**
 * Begin to load the chosen model.
 * @param {Requests} requests
 * @param {string | null} wanted the engine in the page's address
 */
export function begin(requests, wanted) {
  const config = write(requests.config);
  const opening = bridge.openSharedBridge(config);
  const checking = bridge.checkSupport(undefined, undefined, moduleOfWllama(requests));
  const reading = new AbortController();
  engineInAddress = wanted;
  early = { config, opening, stop: () => reading.abort() };
  support = checking;
  loaded = load(requests, wanted, opening, checking, reading.signal).catch(() => false);
}

/**
 * As `checkSupport` of the bridge; the first check is the one that was begun.
 * @param {Parameters<typeof bridge.checkSupport>} options
 */
export async function checkSupport(...options) {
  const begun = support;
  support = undefined;
  return (await begun?.catch(() => undefined)) ?? bridge.checkSupport(...options);
}

/**
 * As `openSharedBridge` of the bridge; the first one is the one that was begun.
 * @param {string} config
 * @param {Parameters<typeof bridge.openSharedBridge>[1]} [environment]
 */
export async function openSharedBridge(config, environment) {
  const begun = early;
  early = undefined;
  const opened = await begun?.opening.catch(() => undefined);
  if (!begun || !opened) return bridge.openSharedBridge(config, environment);
  if (begun.config === JSON.stringify(JSON.parse(config))) return handOver(opened, begun.stop);
  begun.stop();
  await opened.dispose();
  return bridge.openSharedBridge(config, environment);
}

export const { openBridge } = bridge;

/**
 * Once Python has asked for a model, the load goes on for Python alone, or ends if that is another model.
 * @param {Bridge} opened @param {() => void} stop
 */
function handOver(opened, stop) {
  const load = opened.load.bind(opened);
  opened.load = (request) => {
    keepLoad(request);
    const stream = load(request);
    stop();
    return stream;
  };
  return opened;
}

/** Keep the load of the chosen model for the next visit. @param {string} request */
function keepLoad(request) {
  const { model } = JSON.parse(request);
  const id = readSetting(CHOICE);
  if (!id || id !== (model.model_id ?? model)) return;
  try {
    localStorage.setItem(LOAD, JSON.stringify({ id, engine: engineInAddress, request }));
  } catch {
    // No room is left: the next visit loads the model when Python asks for it.
  }
}

/** @param {string} key */
function readSetting(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // the visitor has turned storage off
  }
}

/**
 * @param {Requests} requests @param {string | null} wanted @param {Promise<Bridge>} opening
 * @param {Promise<string>} checking @param {AbortSignal} stopped
 */
async function load(requests, wanted, opening, checking, stopped) {
  const opened = await opening;
  const id = readSetting(CHOICE);
  const kept = id && JSON.parse(readSetting(LOAD) ?? "{}");
  // A choice that no visit has begun with yet is left to Python.
  if (kept && (kept.id !== id || kept.engine !== wanted)) return false;
  const engine = kept ? engineOf(kept.request) : await choose(opened, requests, wanted);
  const found = JSON.parse(await checking);
  chosen = engine;
  const usable = engine === "wllama" ? found.wllama : found;
  if (usable.problem || stopped.aborted) return false;
  const stream = opened.load(kept ? kept.request : write({ model: engine === "wllama" ? requests.wllama : requests.webllm }));
  stopped.addEventListener("abort", () => stream.stop());
  while ((await stream.next()) !== undefined) {
    // Python reads the progress from its own load.
  }
  return !stopped.aborted;
}

/**
 * @param {Bridge} opened @param {Requests} requests @param {string | null} wanted
 * @returns {Promise<"webllm" | "wllama">}
 */
async function choose(opened, requests, wanted) {
  if (wanted === "webllm" || wanted === "wllama") return wanted;
  return JSON.parse(await opened.chooseEngine(moduleOfWllama(requests))).engine;
}

/** @param {string} request @returns {"webllm" | "wllama"} */
function engineOf(request) {
  return JSON.parse(request).model.wllama_url ? "wllama" : "webllm";
}

/** @param {Requests} requests */
function moduleOfWllama({ wllama }) {
  return new URL(wllama.wllama_url, document.baseURI).href;
}

/** Write JSON with absolute URLs. @param {any} request */
function write(request) {
  return JSON.stringify(request, (key, value) => (URLS.has(key) && typeof value === "string" ? new URL(value, document.baseURI).href : value));
}
