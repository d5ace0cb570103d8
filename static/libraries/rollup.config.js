/**
 * How each module of this folder becomes one file with what it takes from npm, for the views to import;
 * `site_files/libraries.py` runs it.
 */

import { readdirSync } from "node:fs";
import resolve from "@rollup/plugin-node-resolve";
import { licenses } from "../../site_files/licenses.js";

const folder = new URL(".", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".js") && name !== "rollup.config.js");

/** @type {import("rollup").RollupOptions} */
export default {
  input: Object.fromEntries(names.map((name) => [name.replace(/\.js$/, ""), new URL(name, folder).pathname])),
  output: { dir: "build/libraries", format: "es", chunkFileNames: "[name].js", preserveModules: false },
  plugins: [resolve({ browser: true }), licenses()],
  onwarn(warning) {
    // Packages of others may have a cycle; all else is ours to correct.
    if (warning.code !== "CIRCULAR_DEPENDENCY") throw new Error(warning.message);
  },
};
