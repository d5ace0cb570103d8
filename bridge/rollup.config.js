/** How the entry and the modules of this folder become one file; `bundle.py` runs it too. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const BANNER = "/* Built by rollup from webllm_bridge.js and bridge/ of pywebllm: edit those. */";

/** JSDoc imports of types refer to modules, which the bundle does not have. @type {import("rollup").Plugin} */
const withoutTypeImports = {
  name: "without-type-imports",
  renderChunk: (code) => code.replace(/^\/\*\* @import .*\n+/gm, ""),
};

/**
 * Replaces the identity of the bridge's files in `shared_client/identity.js`, by which pages share engines.
 * @type {import("rollup").Plugin}
 */
const withIdentity = {
  name: "with-identity",
  renderChunk(code) {
    const { packages } = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf-8"));
    const webllm = packages["node_modules/@mlc-ai/web-llm"].integrity;
    const identity = createHash("sha256").update(code).update(webllm).digest("hex").slice(0, 16);
    return code.replace('const BUILD = "source";', `const BUILD = "${identity}";`);
  },
};

/** @type {import("rollup").RollupOptions} */
export default {
  input: "webllm_bridge.js",
  output: { file: "build/bridge/webllm_bridge.js", format: "es", banner: BANNER },
  plugins: [withoutTypeImports, withIdentity],
  // Every definition is used, and comments stay where they are.
  treeshake: false,
  // Most of all an import cycle.
  onwarn(warning) {
    throw new Error(warning.message);
  },
};
