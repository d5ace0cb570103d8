/**
 * WebLLM 0.2.86 compiles the library of a model when it has imported its own module and read the
 * library, one after the other. With this patch it gets the module that was compiled meanwhile, if it
 * asks for the same bytes.
 *
 * Guarded by tests/bridge/patches/early_library.test.mjs.
 */

/** @import { EarlyFiles } from "../early_files.js" */

/**
 * Do the work of a load.
 * @template T
 * @param {EarlyFiles | undefined} early @param {() => Promise<T>} work @param {Pick<typeof WebAssembly, "instantiate">} scope
 * @returns {Promise<T>}
 */
export async function withEarlyLibrary(early, work, scope = WebAssembly) {
  if (!early) return work();
  const { instantiate } = scope;
  const replaced = async (/** @type {any} */ source, /** @type {WebAssembly.Imports | undefined} */ imports) => {
    const module = await early.moduleOf(source);
    return module ? { module, instance: await instantiate(module, imports) } : instantiate(source, imports);
  };
  scope.instantiate = /** @type {typeof instantiate} */ (replaced);
  try {
    return await work();
  } finally {
    scope.instantiate = instantiate;
  }
}
