import assert from "node:assert/strict";
import { Gate, RECORD, SESSION, World, chat, drain, load, patiently, query, settle, test, textOf } from "./fakes.mjs";

/** @param {World} world @param {object} question */
function ask(world, question) {
  return drain(query(world.open(), question));
}

test("the list of models says of each what WebLLM says, and leaves out what it does not", async () => {
  const world = new World();
  const rich = { model_id: "rich-q4f16_1", vram_required_MB: 5.5, overrides: { context_window_size: 4096 } };
  const list = [rich, { model_id: "eyes", model_type: 2 }, { model_id: "embed", model_type: 1, overrides: {} }];
  world.importWebLLM = async () => ({ ...world.webllm(), prebuiltAppConfig: { model_list: list } });
  const { items, error } = await ask(world, { kind: "models" });
  assert.equal(error, undefined);
  const rest = { vram_required_mb: 5.5, context_window_size: 4096, required_features: ["shader-f16"], kind: "language" };
  assert.deepEqual(items, [[
    { id: "rich-q4f16_1", ...rest },
    { id: "eyes", required_features: [], kind: "vision" },
    { id: "embed", required_features: [], kind: "embedding" },
  ]]);
});

test("the answers that are kept are told without a model, and by an engine in the page", async () => {
  const world = new World();
  world.sessions = async () => [SESSION];
  const { items } = await ask(world, { kind: "sessions" });
  const told = { id: "s1", model: RECORD.model_id, resumable: true, reason: "generation aborted", completion_tokens: 2 };
  assert.deepEqual(items, [[told]]);
  assert.equal(world.workers.length, 0);
});

test("an answer that is kept can be deleted", async () => {
  const world = new World();
  assert.deepEqual((await ask(world, { kind: "sessions.delete", session_id: "s1" })).items, [{}]);
  assert.deepEqual(world.log, ["delete s1"]);
});

for (const [refusals, end] of /** @type {const} */ ([[3, undefined], [4, "InvalidRequestError"]])) {
  test(`an answer that is held elsewhere ${refusals} times in a row ends in ${end}`, async ({ mock }) => {
    const world = new World();
    let left = refusals;
    world.deleteSession = async (id) => {
      if (left-- > 0) throw new Error(`Resumable session is already active: ${id}`);
    };
    const { error } = await patiently(mock, ask(world, { kind: "sessions.delete", session_id: "s1" }));
    assert.equal(error?.name, end);
    if (error) assert.match(error.message, /^The answer s1 is still being written in another tab/);
  });
}

test("the text of an answer that is kept is told without a model, less a character that it breaks off in", async () => {
  const world = new World();
  world.kept = async (sessionId) => ({ ...SESSION, sessionId, recoveredText: "caf\uFFFD" });
  const { items, error } = await ask(world, { kind: "sessions.text", session_id: "s1" });
  assert.deepEqual([items, error], [[{ text: "caf", completion_tokens: 2 }], undefined]);
  assert.equal(world.workers.length, 0);
});

for (const thrown of [
  new Error("Resumable session not found: s1"),
  new Error("OPFS is unavailable in this environment"),
  new DOMException("not here", "SecurityError"),
]) {
  test(`the text of none is a SessionNotFoundError: ${thrown.message}`, async () => {
    const world = new World();
    world.kept = async () => {
      throw thrown;
    };
    assert.equal((await ask(world, { kind: "sessions.text", session_id: "s1" })).error.name, "SessionNotFoundError");
  });
}

test("where the site may keep no files nothing is kept", async () => {
  const world = new World();
  world.sessions = world.deleteSession = async () => {
    throw new DOMException("not here", "SecurityError");
  };
  assert.deepEqual((await ask(world, { kind: "sessions" })).items, [[]]);
  assert.deepEqual((await ask(world, { kind: "sessions.delete", session_id: "s1" })).items, [{}]);
});

test("a question is answered while the engine works, and while it loads", async () => {
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

for (const question of [
  { kind: "weather" }, {}, { kind: "sessions.delete" }, { kind: "sessions.delete", session_id: "" },
  { kind: "sessions.text" },
]) {
  test(`${JSON.stringify(question)} is no question`, async () => {
    const world = new World();
    assert.equal((await ask(world, question)).error.name, "InvalidRequestError");
    assert.equal(world.imports.length, 0);
  });
}

test("a WebLLM that cannot be fetched is a DownloadError, and the next question asks for it again", async () => {
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

test("what goes wrong with the files is an EngineError, and the loaded model stays", async () => {
  const world = new World();
  const bridge = await world.loaded();
  world.sessions = async () => {
    throw new DOMException("odd", "InvalidStateError");
  };
  assert.equal((await drain(query(bridge, { kind: "sessions" }))).error.name, "EngineError");
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("dispose ends a question, and none is taken after it", async () => {
  const world = new World();
  const bridge = world.open();
  world.sessions = () => new Promise(() => {});
  const asked = drain(query(bridge, { kind: "sessions" }));
  await settle();
  await bridge.dispose();
  assert.equal((await asked).error.name, "DisposedError");
  assert.equal((await drain(query(bridge, { kind: "models" }))).error.name, "DisposedError");
});

test("a question that was stopped has no answer", async () => {
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
