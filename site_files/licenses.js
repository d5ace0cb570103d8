/** Collects the licenses of what rollup bundled from npm into a file beside the bundle, as they ask for. */

import license from "rollup-plugin-license";

const FILE = "LICENSES.txt";

/** @typedef {{ name: string | null, version: string | null, license: string | null, licenseText: string | null }} Package */

/** @returns {import("rollup").Plugin[]} */
export function licenses() {
  /** @type {Package[]} */
  let packages = [];
  const collect = license({ thirdParty: { multipleVersions: true, output: (/** @type {Package[]} */ found) => (packages = found) } });
  return [collect, { name: "licenses", generateBundle: emit }];

  /** @this {import("rollup").PluginContext} */
  function emit() {
    const source = packages.map(textOf).sort().join(`\n${"-".repeat(80)}\n\n`);
    this.emitFile({ type: "asset", fileName: FILE, source });
  }
}

/** @param {Package} bundled */
function textOf({ name, version, license: id, licenseText }) {
  if (!licenseText) throw new Error(`${name} ${version} (${id}) is bundled, and has no file with its license`);
  return `${name} ${version} (${id})\n\n${licenseText.trim()}\n`;
}
