/** How the service worker becomes one file with what it takes from npm; `site_files/offline.py` runs it. */

import resolve from "@rollup/plugin-node-resolve";
import { licenses } from "../../site_files/licenses.js";

/** The packages are written for bundlers that define it. @type {import("rollup").Plugin} */
const forProduction = {
  name: "for-production",
  transform: (code) => code.replaceAll("process.env.NODE_ENV", '"production"'),
};

/** @type {import("rollup").RollupOptions} */
export default {
  input: new URL("service_worker.js", import.meta.url).pathname,
  output: { format: "iife" },
  plugins: [resolve({ browser: true }), forProduction, licenses()],
  onwarn(warning) {
    if (warning.code !== "CIRCULAR_DEPENDENCY") throw new Error(warning.message);
  },
};
