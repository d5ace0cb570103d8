/**
 * The worker that makes a snapshot of Python's memory for the next start, in a Python of its own: the option
 * puts a proxy around the globals, which the page's Python should not have.
 *
 * It receives the version of the page, and answers with an empty string, or with what went wrong.
 */

// @ts-expect-error: the build of the site adds the file
import { loadPyodide } from "../vendor/pyodide/pyodide.mjs";
import { ARCHIVE, ARCHIVE_PATH, keepSnapshot } from "./snapshot.js";

/** Where an import fails, the modules before it are in the snapshot all the same. */
const IMPORTS = `
import sys
sys.path.insert(0, "${ARCHIVE_PATH}")
try:
    import main
    import page.starting
    import page.views
except ImportError as error:
    print("The snapshot of Python's memory lacks modules of the page:", error)
`;

addEventListener("message", async ({ data }) => {
  try {
    await makeSnapshot(data);
    postMessage("");
  } catch (error) {
    postMessage(String(error));
  }
});

/** @param {string} version */
async function makeSnapshot(version) {
  const response = await fetch(ARCHIVE, { cache: "no-cache" });
  const archive = new Uint8Array(await response.arrayBuffer());
  // The host may have the next version already, or a cache on the way the one before.
  if ((await checksum(archive)) !== version) throw new Error("the archive is of another version than the page");
  const indexURL = new URL("../vendor/pyodide/", import.meta.url).href;
  const python = await loadPyodide({ indexURL, _makeSnapshot: true });
  python.FS.writeFile(ARCHIVE_PATH, archive);
  python.runPython(IMPORTS);
  await keepSnapshot(version, python.makeMemorySnapshot());
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<string>} as `site_files/archive.py` writes it */
async function checksum(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
