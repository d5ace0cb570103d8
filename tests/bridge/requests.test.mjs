import assert from "node:assert/strict";
import { RECORD, World, drain, load, query, test } from "./fakes.mjs";
import { Origin, Page } from "./shared_world.mjs";

for (const kind of ["images", undefined, null]) {
  test(`a generation of kind ${kind} is an InvalidRequestError`, async () => {
    const world = new World();
    const bridge = await world.loaded();
    const { error } = await drain(bridge.generate(JSON.stringify({ kind, request: {} })));
    assert.equal(error.name, "InvalidRequestError");
    assert.match(error.message, /chat\.completions, completions, embeddings, resume/);
  });
}

/** @param {World} world @param {object} question */
function ask(world, question) {
  return drain(query(world.open(), question));
}

for (const question of [
  { kind: "weather" }, {}, { kind: "sessions.delete" }, { kind: "sessions.delete", session_id: "" },
  { kind: "sessions.text" },
]) {
  test(`a query ${JSON.stringify(question)} is an InvalidRequestError`, async () => {
    const world = new World();
    assert.equal((await ask(world, question)).error.name, "InvalidRequestError");
    assert.equal(world.imports.length, 0);
  });
}

test("a shared bridge with a keepAlive or maxModels of another type is refused", async () => {
  const page = new Page(new Origin());
  for (const wrong of [{ keepAlive: "5m" }, { maxModels: 1.5 }]) {
    await assert.rejects(page.open(wrong), ({ name, message }) => name === "InvalidRequestError" && /must be/.test(message));
  }
  assert.equal(page.origin.started.length, 0);
});

test("relative URLs in a model record are refused before anything starts", async () => {
  const world = new World();
  for (const wrong of [{ model: "models/tiny/" }, { model_lib: "model.wasm" }, { model_lib: null }]) {
    const { error } = await drain(load(world.open(), { ...RECORD, ...wrong }));
    assert.equal(error.name, "InvalidRequestError");
    assert.match(error.message, /absolute URL/);
  }
  assert.equal(world.imports.length, 0);
});

/** A world with one stored session, and a bridge with its model loaded. */
async function withSession() {
  const world = new World();
  return { world, bridge: await world.loaded() };
}

test("a request to resume without a session ID is an InvalidRequestError", async () => {
  const { world, bridge } = await withSession();
  for (const request of [{}, { session_id: null }, { session_id: 1 }, { session_id: "" }]) {
    const stream = bridge.generate(JSON.stringify({ kind: "resume", request }));
    assert.equal((await drain(stream)).error.name, "InvalidRequestError");
  }
  assert.deepEqual(world.log, []);
});

test("requests that cannot be read fail their stream", async () => {
  const bridge = await new World().loaded();
  const bad = ["", "7", "{}", '{"kind":"embeddings","request":{}}', '{"kind":"completions","request":null}'];
  for (const text of bad) assert.equal((await drain(bridge.generate(text))).error.name, "InvalidRequestError", text);
  for (const text of ["[", '{"model":7}', '{"model":null}', '{"model":{}}']) {
    assert.equal((await drain(bridge.load(text))).error.name, "InvalidRequestError", text);
  }
});

test("a configuration that cannot be read is refused immediately", () => {
  const world = new World();
  for (const config of [{ webllmUrl: "webllm.js" }, { webllmUrl: undefined }, { thread: "moon" }]) {
    assert.throws(() => world.open(config), { name: "InvalidRequestError" });
  }
});

test("a browser without URL.canParse is supported", async () => {
  const { canParse } = URL;
  Reflect.deleteProperty(URL, "canParse");
  try {
    assert.equal((await drain(load(new World().open()))).error, undefined);
    assert.throws(() => new World().open({ webllmUrl: "https://" }), { name: "InvalidRequestError" });
  } finally {
    URL.canParse = canParse;
  }
});
