import assert from "node:assert/strict";
import { OTHER, RECORD, World, chat, drain, load, test, textOf } from "./fakes.mjs";

test("a model ID is looked up in WebLLM's list, and an unknown one keeps the current model", async () => {
  const world = new World();
  const bridge = world.open();
  assert.equal((await drain(load(bridge, OTHER.model_id))).error, undefined);
  assert.deepEqual(world.engines[0]?.appConfig.model_list[0].model_lib, OTHER.model_lib);
  assert.equal((await drain(load(bridge, "no-such-model"))).error.name, "ModelNotFoundError");
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("a model record reaches WebLLM without the nulls of Python's None", async () => {
  const world = new World();
  await drain(load(world.open(), { ...RECORD, model_manifest: null, overrides: { temperature: 0 } }));
  assert.deepEqual(world.engines[0]?.appConfig.model_list, [
    { ...RECORD, overrides: { temperature: 0 }, required_features: [] },
  ]);
});
