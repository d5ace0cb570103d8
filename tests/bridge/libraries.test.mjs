import assert from "node:assert/strict";
import { libraryFor } from "../../bridge/libraries.js";
import { RECORD, drain, load, test, World } from "./fakes.mjs";

const LIBRARY = RECORD.model_lib.replace("model.wasm", "model-gpu.wasm");
const BOTH = { ...RECORD, gpu_model_lib: LIBRARY };

test("a real GPU gets the library for GPUs, and an emulated or unknown one that for any adapter", () => {
  assert.deepEqual(libraryFor(BOTH, { fallback: false }), { ...RECORD, model_lib: LIBRARY });
  for (const adapter of [{ fallback: true }, undefined]) assert.deepEqual(libraryFor(BOTH, adapter), RECORD);
  assert.deepEqual(libraryFor(RECORD, { fallback: false }), RECORD);
});

test("the library for GPUs reaches WebLLM if the engine's worker has a real GPU", async () => {
  for (const [fallback, library] of /** @type {const} */ ([[false, LIBRARY], [true, RECORD.model_lib]])) {
    const world = new World();
    world.workerSupport = { adapter: { fallback } };
    await drain(load(world.open(), BOTH));
    assert.equal(world.engines[0]?.appConfig.model_list[0].model_lib, library);
    const prepared = world.workers[0]?.prepared.map(({ record, gpu }) => [record.model_lib, gpu]);
    assert.deepEqual(prepared, [[library, !fallback]]);
    assert.equal("gpu_model_lib" in (world.engines[0]?.appConfig.model_list[0] ?? {}), false);
  }
});

test("an engine in the main thread gets the library for its adapter too", async () => {
  for (const [isFallbackAdapter, library] of /** @type {const} */ ([[false, LIBRARY], [true, RECORD.model_lib]])) {
    const world = new World();
    world.gpu = { requestAdapter: async () => ({ features: [], limits: {}, info: { isFallbackAdapter } }) };
    await drain(load(world.open({ thread: "main" }), BOTH));
    assert.equal(world.engines[0]?.appConfig.model_list[0].model_lib, library);
  }
});

test("a URL of a library for GPUs that is not absolute is refused", async () => {
  const { error } = await drain(load(new World().open(), { ...RECORD, gpu_model_lib: "model-gpu.wasm" }));
  assert.match(error.message, /gpu_model_lib/);
});
