import assert from "node:assert/strict";
import {
  Gate, OTHER, RECORD, SESSION, USAGE, World, chat, drain, patiently, piece, resume, settle, test, textOf,
} from "./fakes.mjs";

/** A world that keeps one answer, and a bridge with its model loaded. @param {object} [session] */
async function keeping(session) {
  const world = new World();
  world.sessions = async () => [{ ...SESSION, sessionId: "another" }, { ...SESSION, ...session }];
  return { world, bridge: await world.loaded() };
}

/** @param {any} bridge */
async function stillChats(bridge) {
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
}

test("an answer that was cut off goes on, in chunks of one answer", async () => {
  const { bridge } = await keeping();
  const { items, error } = await drain(resume(bridge));
  assert.equal(error, undefined);
  const chunks = items.flat();
  assert.equal(textOf({ items }), "Hello!");
  assert.equal(new Set(chunks.map(({ id }) => id)).size, 1);
  assert.equal(new Set(chunks.map(({ created }) => created)).size, 1);
  const { id, created, ...first } = chunks[0];
  assert.match(id, /^[\da-f-]{36}$/);
  assert.ok(Number.isInteger(created));
  assert.deepEqual(first, {
    object: "chat.completion.chunk",
    model: RECORD.model_id,
    choices: [{ index: 0, delta: { role: "assistant", content: "Hel" }, finish_reason: null, logprobs: null }],
  });
});

for (const [how, read, cached] of /** @type {[string, number, number][]} */ ([
  ["was kept", 0, 10],
  ["is read again", 10, 0],
  ["is read again with more than WebLLM counts", 9, 1],
])) {
  test(`its usage is that of the whole answer, where the prompt ${how}`, async () => {
    const { world, bridge } = await keeping();
    world.rest = async function* () {
      const usage = { prompt_tokens: read, completion_tokens: 3, total_tokens: 3, extra: { e2e_latency_s: 1 } };
      yield { choices: [], usage };
    };
    const { items } = await drain(resume(bridge));
    const counts = { prompt_tokens: read, completion_tokens: 5, total_tokens: read + 5 };
    const extra = { e2e_latency_s: 1, cached_tokens: cached };
    assert.deepEqual(items.flat().at(-1).usage, { ...counts, extra });
  });
}

test("what was kept comes as soon as WebLLM goes on", async () => {
  const { world, bridge } = await keeping();
  const gates = [new Gate(), new Gate()];
  world.rest = async function* () {
    await gates[0]?.passed;
    yield piece("l");
    await gates[1]?.passed;
    yield piece("o");
  };
  const stream = resume(bridge);
  gates[0]?.open();
  let text = "";
  while (text !== "Hell") text += textOf({ items: JSON.parse((await stream.next()) ?? "") });
  gates[1]?.open();
  assert.equal(textOf(await drain(stream)), "o");
});

test("a character that was half written comes once, when it is whole", async () => {
  const { world, bridge } = await keeping();
  const usual = world.kept;
  world.kept = async (id) => ({ ...(await usual(id)), recoveredText: "caf\uFFFD\uFFFD" });
  world.rest = async function* () {
    yield piece("é");
    yield USAGE;
  };
  assert.equal(textOf(await drain(resume(bridge))), "café");
});

test("an answer that has ended is told again, with its end and usage, and nothing is generated", async () => {
  const { world, bridge } = await keeping({ resumable: false, reason: "generation finished", recoveryMode: "none" });
  const { items, error } = await drain(resume(bridge));
  assert.equal(error, undefined);
  const [text, end, usage] = items.flat();
  assert.equal(text.choices[0].delta.content, "Hel");
  assert.deepEqual(end.choices, [{ index: 0, delta: {}, finish_reason: "stop" }]);
  const counts = { prompt_tokens: 0, completion_tokens: 2, total_tokens: 2, extra: { cached_tokens: 10 } };
  assert.deepEqual([usage.choices, usage.usage], [[], counts]);
  assert.equal(world.count("continue s1"), 0);
});

test("one that cannot go on gives its text, then the reason", async () => {
  const reason = "missing RNG state; token replay unavailable";
  const { bridge } = await keeping({ resumable: false, reason, recoveryMode: "text_only" });
  const { items, error } = await drain(resume(bridge));
  assert.equal(textOf({ items }), "Hel");
  assert.deepEqual([error.name, error.message], ["InvalidRequestError", `The answer s1 cannot be continued: ${reason}.`]);
  await stillChats(bridge);
});

test("so does one that WebLLM gives up at the last moment", async () => {
  const { world, bridge } = await keeping();
  world.rest = world.kept;
  const { items, error } = await drain(resume(bridge));
  assert.deepEqual([textOf({ items }), error.name], ["Hel", "InvalidRequestError"]);
  await stillChats(bridge);
});

test("an answer that another page is writing fails at once, with none of its text", async ({ mock }) => {
  const { world, bridge } = await keeping();
  world.rest = async function* () {
    throw "Error: Resumable session is already active: s1";
  };
  const { items, error } = await patiently(mock, drain(resume(bridge)));
  assert.deepEqual([items, error.name], [[], "InvalidRequestError"]);
  assert.match(error.message, /^The answer s1 is still being written in another tab/);
  await stillChats(bridge);
});

test("an answer that another page has only looked at is asked for again", async ({ mock }) => {
  const { world, bridge } = await keeping();
  const { rest } = world;
  let refusals = 3;
  world.rest = async function* (id) {
    if (refusals-- > 0) throw "Error: Resumable session is already active: s1";
    yield* rest(id);
  };
  const drained = await patiently(mock, drain(resume(bridge)));
  assert.deepEqual([textOf(drained), drained.error], ["Hello!", undefined]);
});

test("stop before the first step closes what WebLLM has begun", async () => {
  const { world, bridge } = await keeping();
  const gate = new Gate();
  world.rest = async function* () {
    await gate.passed;
    yield piece("lo");
    world.log.push("went on");
  };
  const stream = resume(bridge);
  await settle();
  stream.stop();
  gate.open();
  await stillChats(bridge);
  assert.equal(world.count("went on"), 0);
  assert.ok(world.log.indexOf("returned") < world.log.indexOf("create chat"));
});

test("an answer that is not kept is a SessionNotFoundError", async () => {
  const { world, bridge } = await keeping();
  assert.equal((await drain(resume(bridge, "nope"))).error.name, "SessionNotFoundError");
  // Another page may delete it between two looks.
  world.kept = async (id) => {
    throw `Error: Resumable session not found: ${id}`;
  };
  assert.equal((await drain(resume(bridge))).error.name, "SessionNotFoundError");
  await stillChats(bridge);
});

test("an answer of another model is not continued, but one that has ended needs no model", async () => {
  const { bridge } = await keeping({ modelId: OTHER.model_id });
  const { items, error } = await drain(resume(bridge));
  assert.deepEqual([items, error.name], [[], "ModelNotLoadedError"]);
  await stillChats(bridge);
  const ended = await keeping({ modelId: OTHER.model_id, resumable: false, reason: "generation finished" });
  const { items: chunks } = await drain(resume(ended.bridge));
  assert.equal(chunks.flat()[0].model, OTHER.model_id);
});

test("stop interrupts WebLLM, closes its stream, and lets the next request in", async () => {
  const { world, bridge } = await keeping();
  const step = new Gate();
  world.rest = async function* () {
    try {
      yield piece("lo");
      await step.passed;
      yield piece("!");
      world.log.push("went on");
    } finally {
      world.log.push("closed");
    }
  };
  const stream = resume(bridge);
  await stream.next();
  await settle();
  stream.stop();
  assert.equal(world.count("interrupt"), 1);
  const next = drain(chat(bridge));
  step.open();
  assert.equal(textOf(await next), "Hello");
  assert.equal(world.count("went on"), 0);
  assert.ok(world.log.indexOf("closed") < world.log.indexOf("create chat"));
});

test("stop while the text is looked for continues nothing", async () => {
  const { world, bridge } = await keeping();
  const gate = new Gate();
  const usual = world.kept;
  world.kept = async (id) => {
    await gate.passed;
    return usual(id);
  };
  const stream = resume(bridge);
  await settle();
  stream.stop();
  gate.open();
  await stillChats(bridge);
  assert.equal(world.count("continue s1"), 0);
});

test("files that cannot be read are not the engine's fault, a device that fails is", async () => {
  const { world, bridge } = await keeping();
  const usual = world.sessions;
  world.sessions = async () => {
    throw "NotReadableError: The file could not be read.";
  };
  assert.equal((await drain(resume(bridge))).error.name, "InvalidRequestError");
  await stillChats(bridge);
  world.sessions = usual;
  world.rest = async function* () {
    throw "Error: Internal Error: filledKVCacheLength does not match expected value.";
  };
  assert.equal((await drain(resume(bridge))).error.name, "EngineError");
  assert.equal((await drain(chat(bridge))).error.name, "ModelNotLoadedError");
});

test("a request to resume names what it means", async () => {
  const { world, bridge } = await keeping();
  for (const request of [{}, { session_id: null }, { session_id: 1 }, { session_id: "" }]) {
    const stream = bridge.generate(JSON.stringify({ kind: "resume", request }));
    assert.equal((await drain(stream)).error.name, "InvalidRequestError");
  }
  assert.deepEqual(world.log, []);
});
