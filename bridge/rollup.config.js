/** How the entry and the modules of this folder become one file; `bundle.py` runs it too. */

const BANNER = "/* Built by rollup from webllm_bridge.js and bridge/ of pywebllm: edit those. */";

/** JSDoc imports of types refer to modules, which the bundle does not have. @type {import("rollup").Plugin} */
const withoutTypeImports = {
  name: "without-type-imports",
  renderChunk: (code) => code.replace(/^\/\*\* @import .*\n+/gm, ""),
};

/** @type {import("rollup").RollupOptions} */
export default {
  input: "webllm_bridge.js",
  output: { file: "build/bridge/webllm_bridge.js", format: "es", banner: BANNER },
  plugins: [withoutTypeImports],
  // Every definition is used, and comments stay where they are.
  treeshake: false,
  // Most of all an import cycle.
  onwarn(warning) {
    throw new Error(warning.message);
  },
};
