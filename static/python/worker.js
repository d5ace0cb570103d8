/**
 * Runs the visitor's programs: a worker with Pyodide of its own, so that a program that never waits stops
 * neither the page nor the Stop button.
 *
 * The page posts an object with one of these keys:
 *
 *     start    the port at which the page lends its models; `interrupt`: a Uint8Array in shared memory, if the page
 *              is isolated from other origins
 *     run      a program; packages that it needs are asked for instead of running it, unless `isReady`; with `call`:
 *              `name` and `arguments` of a tool of the program, which is called then
 *     install  names of packages
 *     stop     true
 *
 * and gets JSON strings: what `app/page/python/program/runner.py` sends, and
 *
 *     started    the version of Python; `seconds` it took to start
 *     failed     why it did not start
 *     needs      packages to install before the program can run
 *     installed  true; with `problem` if it failed
 */

/** @typedef {any} Pyodide */

/** The same package index as Pyodide's own page uses, for packages that need its compiler. */
const PACKAGES = "https://cdn.jsdelivr.net/pyodide/";

/** Where the modules of the page and the library are put. */
const ARCHIVE = "/home/pyodide/app.zip";

const MICROPIP = "micropip-0.11.1-py3-none-any.whl";

const SITE = new URL("../", import.meta.url);

const BEGIN = `
import os
# Drawn in memory: there is no document here.
os.environ["MPLBACKEND"] = "module://page.python.program.plots"
import js
from page.python.program.runner import Runner
from page.python.program.packages import needed
from pywebllm import borrow_models
borrow_models(_port)
_runner = Runner(js.postMessage)
`;

/** @type {Promise<Pyodide> | undefined} */
let starting;
/** @type {Uint8Array | undefined} */
let interrupt;
/** @type {Record<string, string> | undefined} */
let packageOf;

/** @param {object} message */
function send(message) {
  postMessage(JSON.stringify(message));
}

/** @param {MessagePort} port */
async function start(port) {
  const begin = performance.now();
  // Both at once: the archive is small, and Pyodide takes seconds.
  const archive = fetch(new URL("app.zip", SITE)).then((response) => response.arrayBuffer());
  archive.catch(() => {});
  const { loadPyodide, version } = await import(new URL("vendor/pyodide/pyodide.mjs", SITE).href);
  const pyodide = await loadPyodide({ packageBaseUrl: `${PACKAGES}v${version}/full/` });
  // As an archive: its bytecode is where an import from an archive looks for it.
  pyodide.FS.writeFile(ARCHIVE, new Uint8Array(await archive));
  pyodide.runPython(`import sys; sys.path.insert(0, "${ARCHIVE}")`);
  if (interrupt) pyodide.setInterruptBuffer(interrupt);
  pyodide.globals.set("_port", port);
  await pyodide.runPythonAsync(BEGIN);
  const python = pyodide.runPython("import sys; '.'.join(map(str, sys.version_info[:3]))");
  send({ started: python, seconds: Math.round(performance.now() - begin) / 1000 });
  return pyodide;
}

/** @param {Pyodide} pyodide @param {string} code @returns {string[]} the packages that it needs */
function packagesFor(pyodide, code) {
  packageOf ??= modulesOf(pyodide.lockfile.packages);
  pyodide.globals.set("_code", code);
  pyodide.globals.set("_known", JSON.stringify(packageOf));
  const call = "import json; json.dumps(needed(_code, json.loads(_known)))";
  return JSON.parse(pyodide.runPython(call));
}

/** @param {Record<string, { name: string, imports: string[] }>} packages of Pyodide */
function modulesOf(packages) {
  const found = Object.values(packages).flatMap(({ name, imports }) => imports.map((module) => [module, name]));
  return Object.fromEntries(found);
}

/**
 * @param {Pyodide} pyodide @param {string} code @param {boolean} isReady
 * @param {{ name: string, arguments: string } | undefined} call
 */
async function run(pyodide, code, isReady, call) {
  const packages = isReady ? [] : packagesFor(pyodide, code);
  if (packages.length) return send({ needs: packages });
  // A press of Stop that came too late belongs to the program before.
  if (interrupt) interrupt[0] = 0;
  pyodide.globals.set("_code", code);
  // As code, not as a call: only so may the program wait without `await`.
  if (!call) return pyodide.runPythonAsync("await _runner.run(_code)");
  pyodide.globals.set("_call", pyodide.toPy([call.name, call.arguments]));
  await pyodide.runPythonAsync("await _runner.call(_code, *_call)");
}

/** @param {Pyodide} pyodide @param {string[]} names */
async function install(pyodide, names) {
  try {
    const messages = { messageCallback: () => {} };
    await pyodide.loadPackage(new URL(`vendor/wheels/${MICROPIP}`, SITE).href, messages);
    const micropip = pyodide.pyimport("micropip");
    await micropip.install(names);
    send({ installed: true });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // The last line of a traceback says what happened.
    send({ installed: true, problem: text.trim().split("\n").at(-1) });
  }
}

addEventListener("message", async ({ data }) => {
  if (data.start) {
    interrupt = data.interrupt;
    starting = start(data.start);
    starting.catch((error) => send({ failed: String(error?.message ?? error) }));
    return;
  }
  const pyodide = await starting?.catch(() => undefined);
  if (!pyodide) return;
  if (data.run !== undefined) await run(pyodide, data.run, data.isReady, data.call);
  else if (data.install) await install(pyodide, data.install);
  else if (data.stop) pyodide.runPython("_runner.stop()");
});
