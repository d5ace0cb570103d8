import assert from "node:assert/strict";
import { World, drain, load, query, test } from "./fakes.mjs";

test("a failed import of WebLLM is a DownloadError, and the next load imports it again", async () => {
  const world = new World();
  const { importWebLLM } = world;
  world.importWebLLM = async () => {
    throw new TypeError("Failed to fetch dynamically imported module: https://site.example/webllm.js");
  };
  const bridge = world.open();
  assert.equal((await drain(load(bridge))).error.name, "DownloadError");
  world.importWebLLM = importWebLLM;
  assert.equal((await drain(load(bridge))).error, undefined);
  assert.equal(new Set(world.imports).size, 2);
});

test("a failed import of WebLLM for a query is a DownloadError, and the next query imports it again", async () => {
  const world = new World();
  const usual = world.importWebLLM;
  world.importWebLLM = async () => {
    throw new TypeError("Failed to fetch dynamically imported module");
  };
  const bridge = world.open();
  assert.equal((await drain(query(bridge, { kind: "models" }))).error.name, "DownloadError");
  world.importWebLLM = usual;
  assert.equal((await drain(query(bridge, { kind: "models" }))).error, undefined);
});
