import assert from "node:assert/strict";
import { World, chat, drain, load, test } from "./fakes.mjs";

test("an error that WebLLM throws before a generation starts is an InvalidRequestError with its name in the message", async () => {
  const world = new World();
  const bridge = await world.loaded();
  world.accept = async () => {
    throw "UnsupportedFieldsError: The following fields are not supported";
  };
  const { error } = await drain(chat(bridge));
  assert.equal(error.name, "InvalidRequestError");
  assert.match(error.message, /^UnsupportedFieldsError: The following/);
  assert.equal(world.count("terminate"), 0);
});

for (const thrown of [
  "AbortError: Failed to execute 'mapAsync' on 'GPUBuffer': Buffer was unmapped before mapping was resolved.",
  "OperationError: A valid external Instance reference no longer exists.",
  "ModelNotLoadedError: Model not loaded before calling ChatCompletionRequest.",
]) {
  test(`a generation that fails with ${thrown} is a DeviceLostError before the loss is reported`, async () => {
    const world = new World();
    const bridge = await world.loaded();
    world.generate = async function* () {
      throw thrown;
    };
    const streams = [chat(bridge), chat(bridge)].map(drain);
    for (const { error } of await Promise.all(streams)) assert.equal(error.name, "DeviceLostError");
    assert.equal(world.workers[0]?.terminated, true);
    assert.equal((await drain(load(bridge))).items.length > 1, true);
  });
}

for (const [thrown, name] of [
  ["TypeError: Failed to fetch", "DownloadError"],
  [new TypeError("Failed to execute 'add' on 'Cache': Request failed"), "DownloadError"],
  ["NetworkError: A network error occurred.", "DownloadError"],
  ["QuotaExceededError: Quota exceeded.", "StorageError"],
  ["IntegrityError: Integrity check failed for x", "IntegrityError"],
  ["CompileError: WebAssembly.instantiate(): expected magic word", "IntegrityError"],
  ["SyntaxError: Unexpected token '<'", "IntegrityError"],
  ["ShaderF16SupportError: This model requires shader-f16", "ShaderF16SupportError"],
  ["FeatureSupportError: This model requires feature x", "FeatureSupportError"],
  ["Error: Cannot initialize runtime because of requested maxBufferSize exceeds limit.", "FeatureSupportError"],
  ["Error: Unable to find a compatible GPU.", "WebGPUNotAvailableError"],
  ["WebGPUNotAvailableError: WebGPU is not supported", "WebGPUNotAvailableError"],
  ["RangeError: Array buffer allocation failed", "OutOfMemoryError"],
  ["DeviceLostError: The WebGPU device was lost while loading the model, out of memory", "DeviceLostError"],
  ["MissingModelError: Missing `model_lib` for the model", "InvalidRequestError"],
  ["AbortError: signal is aborted without reason", "AbortError"],
  ["Error: something new", "EngineError"],
  ["nothing like an error", "EngineError"],
  [undefined, "EngineError"],
]) {
  test(`a load that fails with ${thrown} is a ${name}`, async () => {
    const world = new World();
    world.reload = async () => {
      throw thrown;
    };
    const { error } = await drain(load(world.open()));
    assert.ok(error instanceof Error);
    assert.equal(error.name, name);
  });
}
