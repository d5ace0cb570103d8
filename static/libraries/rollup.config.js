/**
 * How each module of this folder becomes one file with what it takes from npm, for the views to import;
 * `site_files/libraries.py` runs it.
 */

import { readdirSync, readFileSync } from "node:fs";
import resolve from "@rollup/plugin-node-resolve";
import { licenses } from "../../site_files/licenses.js";

const folder = new URL(".", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".js") && name !== "rollup.config.js");

/**
 * Write the licenses of the packages in the bundles, which ask for it, into `LICENSES.txt`.
 * @returns {import("rollup").Plugin}
 */
function licenses() {
  return {
    name: "licenses",
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []));
      const packages = modules.map((id) => /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)).filter((found) => found !== null);
      const folders = new Map(packages.map(([folder, name = ""]) => [name, folder]));
      const texts = [...folders].sort().map(([name, folder]) => `${name}\n\n${licenseOf(folder)}`);
      this.emitFile({ type: "asset", fileName: "LICENSES.txt", source: texts.join(`\n${"-".repeat(80)}\n\n`) });
    },
  };
}

/** @param {string} folder */
function licenseOf(folder) {
  const files = readdirSync(folder).filter((name) => /^licen[cs]e/i.test(name));
  if (!files.length) throw new Error(`${folder} has no license`);
  return files.map((name) => readFileSync(folder + name, "utf-8")).join("\n");
}

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
