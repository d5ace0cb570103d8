import assert from "node:assert/strict";
import { RECORD, World, drain, load, test } from "../fakes.mjs";

test("an f16 model requires shader-f16 by its ID", async () => {
  const world = new World();
  await drain(load(world.open(), { ...RECORD, model_id: "tiny-q4f16_1-MLC", required_features: ["subgroups"] }));
  await drain(load(world.open(), RECORD));
  const features = world.engines.map(({ appConfig }) => appConfig.model_list[0].required_features);
  assert.deepEqual(features, [["subgroups", "shader-f16"], []]);
});
