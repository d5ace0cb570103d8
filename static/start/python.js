/**
 * The interpreter that PyScript starts: Pyodide, from a snapshot of its memory where there is one.
 *
 * A snapshot is made by `snapshot_worker.js` after a first start, with the page's modules imported, and kept
 * for as long as the version of the page stays the same. It uses private options of Pyodide 314.0.7, which
 * tests/browser/test_start.py guards. Whatever fails with a snapshot, Python starts without one.
 */

// @ts-expect-error: the build of the site adds the file
import * as pyodide from "../vendor/pyodide/pyodide.mjs";
import { ARCHIVE, ARCHIVE_PATH, forgetSnapshots, readSnapshot, readVersion } from "./snapshot.js";

/** @typedef {import("pyodide").PyodideAPI} Pyodide */

export const { version } = pyodide;

/** Set while a start from a snapshot runs, and for this tab alone: what it finds set did not end well. */
const ATTEMPT = "pywebllm-snapshot-start";

/** Seconds after which a start from a snapshot counts as failed: it takes half of one. */
const PATIENCE = 15;

const MODULE = new URL("../vendor/pyodide/pyodide.asm.mjs", import.meta.url);

/** @typedef {{ python: Pyodide, how: "snapshot" | "anew" }} Start */

const archive = fetchArchive();
archive.catch(() => {});
const snapshot = takeSnapshot();
// At once, so that it is compiled while PyScript is fetched.
const loading = snapshot.then(load);
const begun = loading.then(begin);
begun.catch(() => {});

/** @type {PromiseWithResolvers<void>} */
const engine = Promise.withResolvers();

/**
 * Resolves when the engine may start: at once where there is a snapshot; else, in a first visit, when Pyodide has been
 * fetched and compiled, which would take nearly twice as long beside the engine.
 */
export const enginesTurn = letEngineStart();

/** To be called when the engine has begun to load, or could not: the page's modules, which ask for it, wait for that. */
export const endEnginesTurn = engine.resolve;

/** How Python was started: `snapshot`, or `anew`. @type {PromiseWithResolvers<Start["how"]>} */
const start = Promise.withResolvers();
export const started = start.promise;

/**
 * Return Pyodide, with the page's archive of modules first on its path; the page says that it runs. PyScript calls this once.
 * @param {{ stdout: (line: string) => void, stderr: (line: string) => void }} options where the output goes, of those of
 *   Pyodide's `loadPyodide`; the page's configuration makes PyScript set no other
 * @returns {Promise<Pyodide>}
 */
export async function loadPyodide({ stdout, stderr }) {
  const { python, how } = await begun;
  python.setStdout({ batched: stdout });
  python.setStderr({ batched: stderr });
  await engine.promise;
  start.resolve(how);
  return python;
}

async function letEngineStart() {
  if (await snapshot) return;
  // When it fails, too: `loadPyodide` says why.
  await loading.catch(() => {});
}

/** @param {Uint8Array | undefined} found @returns {Promise<Start>} */
async function load(found) {
  const options = { indexURL: new URL("../vendor/pyodide/", import.meta.url).href };
  const restored = found && (await restore(options, found));
  if (restored) return { python: restored, how: "snapshot" };
  return { python: await pyodide.loadPyodide(options), how: "anew" };
}

/** Add the page's modules, and let the page say that Python runs. @param {Start} loaded @returns {Promise<Start>} */
async function begin(loaded) {
  const { python, how } = loaded;
  python.FS.writeFile(ARCHIVE_PATH, await archive);
  if (how === "anew") python.runPython(`import sys; sys.path.insert(0, "${ARCHIVE_PATH}")`);
  await pageIsRead();
  python.runPython("import main; main.report_running(); del main");
  return loaded;
}

/** @returns {Promise<void>} */
async function pageIsRead() {
  if (document.readyState !== "loading") return;
  await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
}

/**
 * @param {object} wanted
 * @param {Uint8Array} snapshot
 * @returns {Promise<Pyodide | undefined>} undefined if it failed
 */
async function restore(wanted, snapshot) {
  sessionStorage.setItem(ATTEMPT, "1");
  const createPyodideModule = (/** @type {object} */ settings) => createModule(settings, snapshot.length);
  const options = { ...wanted, createPyodideModule, _loadSnapshot: snapshot };
  try {
    const python = await Promise.race([pyodide.loadPyodide(options), expire(PATIENCE)]);
    // The random numbers of a snapshot would be the same at each start.
    python.runPython("import random; random.seed()");
    return python;
  } catch (error) {
    console.info(`Python starts without the snapshot of its memory: ${error}`);
    await forgetSnapshots();
    return undefined;
  } finally {
    sessionStorage.removeItem(ATTEMPT);
  }
}

/**
 * Create Pyodide's module with at least as much memory as the snapshot has: it is copied into what is there, and
 * the setting for that, INITIAL_MEMORY, has no effect on a module that brings its own memory.
 * @param {object} settings
 * @param {number} size
 */
async function createModule(settings, size) {
  const { default: create } = await import(MODULE.href);
  const module = await create(settings);
  // Nothing of this is freed: the snapshot replaces all of the memory.
  while (module.HEAPU8.length < size) {
    if (!module._malloc(size - module.HEAPU8.length)) throw new Error(`no memory of ${size} bytes`);
  }
  return module;
}

/** @returns {Promise<Uint8Array | undefined>} */
async function takeSnapshot() {
  try {
    if (sessionStorage.getItem(ATTEMPT) === null) return await readSnapshot(readVersion(document));
    sessionStorage.removeItem(ATTEMPT);
    await forgetSnapshots();
  } catch {
    // Storage is off, as in a private window.
  }
  return undefined;
}

async function fetchArchive() {
  const response = await fetch(ARCHIVE);
  if (!response.ok) throw new Error(`${ARCHIVE.href}: HTTP status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** @param {number} seconds @returns {Promise<never>} */
function expire(seconds) {
  return new Promise((_, reject) => setTimeout(() => reject(new Error(`no answer for ${seconds} s`)), seconds * 1000));
}
