import assert from "node:assert/strict";
import { EarlyFiles } from "../../../bridge/early_files.js";
import { withEarlyLibrary } from "../../../bridge/patches/early_library.js";
import { FakeCaches, RECORD, test } from "../fakes.mjs";
import { source } from "../pipeline.mjs";

/** A module with a function `f` that returns 7. */
const WASM = Uint8Array.of(
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 7, 5, 1, 1, 0x66, 0, 0, 10, 6, 1, 4, 0, 0x41, 7, 0x0b);

async function earlyFiles() {
  const caches = new FakeCaches();
  await (await caches.open("webllm/wasm")).put(RECORD.model_lib, new Response(WASM));
  return new EarlyFiles(async (name) => /** @type {any} */ (caches.open(name)), RECORD);
}

/** The kinds of what is instantiated. */
function recordingScope() {
  /** @type {string[]} */
  const kinds = [];
  const instantiate = async (/** @type {any} */ from, /** @type {any} */ imports) => {
    kinds.push(from instanceof WebAssembly.Module ? "module" : "bytes");
    return WebAssembly.instantiate(from, imports);
  };
  return { scope: /** @type {Pick<typeof WebAssembly, "instantiate">} */ ({ instantiate }), kinds };
}

test("WebLLM instantiates the buffer that it has read", () => {
  for (const used of [
    "return WebAssembly.instantiate(bufferSource, env.imports).then((result) => {",
    "const wasm = new Uint8Array(wasmSource);",
    "yield libExports$2.instantiate(wasm.buffer,",
  ]) {
    assert.ok(source.includes(used), used);
  }
});

test("a load gets the module that was compiled early, and the instance of it", async () => {
  const files = await earlyFiles();
  const { scope, kinds } = recordingScope();
  const { instantiate } = scope;
  const value = await withEarlyLibrary(files, async () => {
    const buffer = (await files.match(RECORD.model_lib))?.buffer ?? new ArrayBuffer(0);
    const { module, instance } = await scope.instantiate(buffer, {});
    assert.equal(module, await files.moduleOf(buffer));
    return /** @type {any} */ (instance.exports)["f"]();
  }, scope);
  assert.equal(value, 7);
  assert.deepEqual(kinds, ["module"]);
  assert.equal(scope.instantiate, instantiate);
});

test("other bytes and modules are instantiated as they are", async () => {
  const files = await earlyFiles();
  const { scope, kinds } = recordingScope();
  await withEarlyLibrary(files, async () => {
    const { module } = await scope.instantiate(WASM, {});
    assert.ok((await scope.instantiate(module, {})) instanceof WebAssembly.Instance);
  }, scope);
  assert.deepEqual(kinds, ["bytes", "module"]);
});

test("a load that fails, or has nothing early, leaves WebAssembly as it was", async () => {
  const { scope } = recordingScope();
  const { instantiate } = scope;
  await assert.rejects(withEarlyLibrary(await earlyFiles(), () => Promise.reject(new Error("no weights")), scope), { message: "no weights" });
  assert.equal(scope.instantiate, instantiate);
  await withEarlyLibrary(undefined, async () => assert.equal(scope.instantiate, instantiate), scope);
});
