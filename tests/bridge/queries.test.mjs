import assert from "node:assert/strict";
import { Gate, RECORD, SESSION, World, chat, drain, load, query, settle, test, textOf } from "./fakes.mjs";

/** @param {World} world @param {object} question */
function ask(world, question) {
  return drain(query(world.open(), question));
}

test("the list of models has the fields that WebLLM's records have", async () => {
  const world = new World();
  const rich = { model_id: "rich-q4f16_1", vram_required_MB: 5.5, overrides: { context_window_size: 4096 } };
  const list = [rich, { model_id: "eyes", model_type: 2 }, { model_id: "embed", model_type: 1, overrides: {} }];
  world.importWebLLM = async () => ({ ...world.webllm(), prebuiltAppConfig: { model_list: list } });
  const { items, error } = await ask(world, { kind: "models" });
  assert.equal(error, undefined);
  const rest = { vram_required_mb: 5.5, context_window_size: 4096, required_features: ["shader-f16"], kind: "language" };
  assert.deepEqual(items, [[
    { id: "rich-q4f16_1", ...rest, lacking: ["webgpu"] },
    { id: "eyes", required_features: [], kind: "vision", lacking: ["webgpu"] },
    { id: "embed", required_features: [], kind: "embedding", lacking: ["webgpu"] },
  ]]);
});

test("the list of models says what the GPU lacks for each", async () => {
  const limits = { maxStorageBufferBindingSize: 100 };
  const gpu = { requestAdapter: async () => ({ features: new Set(["subgroups"]), limits }) };
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { gpu } });
  try {
    const world = new World();
    const large = { model_id: "large", buffer_size_required_bytes: 101 };
    const small = { model_id: "small", buffer_size_required_bytes: 100, required_features: ["subgroups"] };
    const list = [{ model_id: "rich-q4f16_1" }, large, small];
    world.importWebLLM = async () => ({ ...world.webllm(), prebuiltAppConfig: { model_list: list } });
    const { items } = await ask(world, { kind: "models" });
    const lacking = items[0].map((/** @type {any} */ model) => model.lacking);
    assert.deepEqual(lacking, [["shader-f16"], ["maxStorageBufferBindingSize"], []]);
  } finally {
    if (before) Object.defineProperty(globalThis, "navigator", before);
    else delete (/** @type {any} */ (globalThis).navigator);
  }
});

test("sessions are listed without a model or a worker", async () => {
  const world = new World();
  world.sessions = async () => [SESSION];
  const { items } = await ask(world, { kind: "sessions" });
  const session = { id: "s1", model: RECORD.model_id, resumable: true, reason: "generation aborted", completion_tokens: 2 };
  assert.deepEqual(items, [[session]]);
  assert.equal(world.workers.length, 0);
});

test("a session can be deleted", async () => {
  const world = new World();
  assert.deepEqual((await ask(world, { kind: "sessions.delete", session_id: "s1" })).items, [{}]);
  assert.deepEqual(world.log, ["delete s1"]);
});

test("the text of a session is returned without a model and without a partial character", async () => {
  const world = new World();
  world.stored = async (sessionId) => ({ ...SESSION, sessionId, recoveredText: "caf\uFFFD" });
  const { items, error } = await ask(world, { kind: "sessions.text", session_id: "s1" });
  assert.deepEqual([items, error], [[{ text: "caf", completion_tokens: 2 }], undefined]);
  assert.equal(world.workers.length, 0);
});

for (const thrown of [
  new Error("Resumable session not found: s1"),
  new Error("OPFS is unavailable in this environment"),
  new DOMException("not here", "SecurityError"),
]) {
  test(`the text of a missing session is a SessionNotFoundError: ${thrown.message}`, async () => {
    const world = new World();
    world.stored = async () => {
      throw thrown;
    };
    assert.equal((await ask(world, { kind: "sessions.text", session_id: "s1" })).error.name, "SessionNotFoundError");
  });
}

test("there are no sessions where a site cannot store files", async () => {
  const world = new World();
  world.sessions = world.deleteSession = async () => {
    throw new DOMException("not here", "SecurityError");
  };
  assert.deepEqual((await ask(world, { kind: "sessions" })).items, [[]]);
  assert.deepEqual((await ask(world, { kind: "sessions.delete", session_id: "s1" })).items, [{}]);
});

test("a query is answered while a model is loading or generating", async () => {
  const world = new World();
  const bridge = world.open();
  const gates = [new Gate(), new Gate()];
  world.reload = async () => gates[0]?.passed;
  world.accept = async () => gates[1]?.passed;
  const loading = drain(load(bridge));
  const chatting = drain(chat(bridge));
  assert.equal((await drain(query(bridge, { kind: "sessions" }))).error, undefined);
  gates[0]?.open();
  await loading;
  assert.equal((await drain(query(bridge, { kind: "sessions" }))).error, undefined);
  gates[1]?.open();
  assert.equal(textOf(await chatting), "Hello");
});

test("an error of the file system is an EngineError and keeps the model loaded", async () => {
  const world = new World();
  const bridge = await world.loaded();
  world.sessions = async () => {
    throw new DOMException("unexpected", "InvalidStateError");
  };
  assert.equal((await drain(query(bridge, { kind: "sessions" }))).error.name, "EngineError");
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("dispose ends a query, and a query after it is a DisposedError", async () => {
  const world = new World();
  const bridge = world.open();
  world.sessions = () => new Promise(() => {});
  const asked = drain(query(bridge, { kind: "sessions" }));
  await settle();
  await bridge.dispose();
  assert.equal((await asked).error.name, "DisposedError");
  assert.equal((await drain(query(bridge, { kind: "models" }))).error.name, "DisposedError");
});

test("a query that was stopped returns nothing", async () => {
  const world = new World();
  const gate = new Gate();
  world.sessions = async () => {
    await gate.passed;
    return [];
  };
  const stream = query(world.open(), { kind: "sessions" });
  stream.stop();
  gate.open();
  await settle();
  assert.equal(await stream.next(), undefined);
});
