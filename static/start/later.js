/**
 * What the page does once it is usable, for the next visit: a service worker that keeps its files, and a
 * snapshot of Python's memory.
 */

import { noteSnapshot, readVersion } from "./snapshot.js";
import { keepFiles, offerIsolation } from "./updates.js";

/** The folder of the site. */
const ROOT = new URL("..", import.meta.url).href;

/** Seconds that the worker may take: 2 on an idle machine. */
const PATIENCE = 120;

/** The states of the page in which it is usable. */
const SETTLED = ["ready", "unsupported", "failed"];

offerIsolation(ROOT);

let isStopped = false;
/** @type {Worker | undefined} */
let maker;
/** Ends every wait. @type {PromiseWithResolvers<string>} */
const stopping = Promise.withResolvers();

/** Resolves when the next visit is prepared; it never fails, and says in the console what is missing. */
export const prepared = prepareNextVisit();

async function prepareNextVisit() {
  await Promise.race([settled(), stopping.promise]);
  if (isStopped) return;
  const isKept = await keepFiles(ROOT).catch((error) => console.info(`The page needs a network: ${error}`));
  // A browser that keeps no files keeps no memory either.
  if (!isKept) return;
  // Here, since in a first visit it would otherwise be fetched beside Pyodide.
  const { chosen } = await import("./engine.js");
  if (chosen === "wllama") await keepWllama().catch(() => {});
  if (!isStopped) await makeSnapshot().catch((error) => console.info(`The next start of Python takes as long as this one: ${error}`));
}

/** Its files were fetched before the service worker was there, which keeps what passes through it. */
async function keepWllama() {
  if (!navigator.serviceWorker.controller) await once(navigator.serviceWorker, "controllerchange");
  for (const name of ["wllama.js", "wllama.wasm"]) await (await fetch(new URL(`wllama/${name}`, ROOT))).arrayBuffer();
}

/** @param {EventTarget} target @param {string} event */
function once(target, event) {
  return new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));
}

/** Store nothing from now on. @returns {Promise<void>} resolves when that is so */
export function stop() {
  isStopped = true;
  maker?.terminate();
  stopping.resolve("");
  return prepared;
}

/** @returns {Promise<void>} resolves when the page is usable, and has time */
function settled() {
  const isSettled = () => SETTLED.includes(document.body.dataset["state"] ?? "");
  return new Promise((resolve) => {
    const check = () => {
      if (!isSettled()) return;
      observer.disconnect();
      resolve();
    };
    const observer = new MutationObserver(check);
    observer.observe(document.body, { attributeFilter: ["data-state"] });
    check();
  });
}

async function makeSnapshot() {
  const version = readVersion(document);
  if (await noteSnapshot(version)) return;
  const worker = (maker = new Worker(new URL("snapshot_worker.js", import.meta.url), { type: "module", name: "pywebllm-snapshot" }));
  try {
    worker.postMessage(version);
    const problem = await Promise.race([answerOf(worker), stopping.promise]);
    if (problem) throw new Error(problem);
    await noteSnapshot(version);
  } finally {
    worker.terminate();
  }
}

/** @param {Worker} worker @returns {Promise<string>} */
function answerOf(worker) {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => resolve(data));
    worker.addEventListener("error", (event) => reject(new Error(event.message || "the worker did not start")));
    setTimeout(() => reject(new Error(`no snapshot within ${PATIENCE} s`)), PATIENCE * 1000);
  });
}
