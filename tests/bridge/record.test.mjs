import assert from "node:assert/strict";
import { OTHER, RECORD, World, chat, drain, load, test, textOf } from "./fakes.mjs";

test("an id is looked up in WebLLM's list, and one that is not there leaves the loaded model alone", async () => {
  const world = new World();
  const bridge = world.open();
  assert.equal((await drain(load(bridge, OTHER.model_id))).error, undefined);
  assert.deepEqual(world.engines[0]?.appConfig.model_list[0].model_lib, OTHER.model_lib);
  assert.equal((await drain(load(bridge, "no-such-model"))).error.name, "ModelNotFoundError");
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("what an f16 model needs is told by its id", async () => {
  const world = new World();
  await drain(load(world.open(), { ...RECORD, model_id: "tiny-q4f16_1-MLC", required_features: ["subgroups"] }));
  await drain(load(world.open(), RECORD));
  const features = world.engines.map(({ appConfig }) => appConfig.model_list[0].required_features);
  assert.deepEqual(features, [["subgroups", "shader-f16"], []]);
});

test("a record reaches WebLLM without the nulls of Python's None", async () => {
  const world = new World();
  await drain(load(world.open(), { ...RECORD, model_manifest: null, overrides: { temperature: 0 } }));
  assert.deepEqual(world.engines[0]?.appConfig.model_list, [
    { ...RECORD, overrides: { temperature: 0 }, required_features: [] },
  ]);
});

test("relative addresses in a record are refused before anything starts", async () => {
  const world = new World();
  for (const wrong of [{ model: "models/tiny/" }, { model_lib: "model.wasm" }, { model_lib: null }]) {
    const { error } = await drain(load(world.open(), { ...RECORD, ...wrong }));
    assert.equal(error.name, "InvalidRequestError");
    assert.match(error.message, /absolute URL/);
  }
  assert.equal(world.imports.length, 0);
});

test("without WebGPU a load fails before anything is downloaded", async () => {
  const world = new World();
  const { error } = await drain(load(world.open({}, { gpu: undefined })));
  assert.equal(error.name, "WebGPUNotAvailableError");
  assert.equal(world.imports.length, 0);
});
