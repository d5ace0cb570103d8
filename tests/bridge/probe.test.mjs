import assert from "node:assert/strict";
import { EMBEDDER, Gate, World, chat, drain, load, settle, test } from "./fakes.mjs";

test("an embedding model is probed with an embedding before it counts as loaded", async () => {
  const world = new World();
  world.answer = async () => {
    throw "IncorrectPipelineLoadedError: ChatCompletionRequest expects model to be loaded with LLMChatPipeline.";
  };
  await drain(load(world.open(), EMBEDDER));
  assert.deepEqual(world.requests, [{ input: "Hi" }]);
  assert.equal(world.count("resetChat"), 0, "WebLLM refuses that for a model that does not chat");
});

test("an embedding model of WebLLM's list is probed with an embedding", async () => {
  const world = new World();
  world.importWebLLM = async () => ({ ...world.webllm(), prebuiltAppConfig: { model_list: [EMBEDDER] } });
  assert.equal((await drain(load(world.open(), EMBEDDER.model_id))).error, undefined);
  assert.equal(world.count("embed"), 1);
});

test("a load fails if the embedding model returns no embedding", async () => {
  const world = new World();
  world.embed = async () => ({ data: [] });
  assert.equal((await drain(load(world.open(), EMBEDDER))).error.name, "EngineError");
});

test("a load ends only when the model has answered, and leaves an empty conversation", async () => {
  const world = new World();
  const gate = new Gate();
  world.answer = async (request) => {
    assert.equal(request.max_tokens, 1);
    await gate.passed;
    return { choices: [{}] };
  };
  let done = false;
  const loading = drain(load(world.open())).then(() => (done = true));
  await settle();
  assert.equal(done, false);
  assert.equal(world.count("resetChat"), 0);
  gate.open();
  await loading;
  assert.equal(world.count("resetChat"), 1);
});

test("a load fails if the reload resolves without a model", async () => {
  const world = new World();
  world.answer = async () => {
    throw "ModelNotLoadedError: Model not loaded before calling ChatCompletionRequest.";
  };
  const bridge = world.open();
  assert.equal((await drain(load(bridge))).error.name, "DeviceLostError");
  assert.equal((await drain(chat(bridge))).error.name, "ModelNotLoadedError");
  world.answer = async () => ({ choices: [] });
  assert.equal((await drain(load(bridge))).error.name, "EngineError");
});
