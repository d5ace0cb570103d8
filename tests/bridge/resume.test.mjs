/** Resuming over a WebLLM that is made up; see kept.test.mjs for the real one. */

import assert from "node:assert/strict";
import { Gate, World, chat, drain, patiently, piece, resume, settle, test, textOf } from "./fakes.mjs";

/** A world that keeps one answer, and a bridge with its model loaded. */
async function keeping() {
  const world = new World();
  return { world, bridge: await world.loaded() };
}

/** @param {any} bridge */
async function stillChats(bridge) {
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
}

test("an answer that was cut off comes as WebLLM tells it", async () => {
  const { world, bridge } = await keeping();
  const gate = new Gate();
  world.rest = async function* () {
    yield piece("Hel");
    await gate.passed;
    yield piece("lo");
  };
  const stream = resume(bridge);
  assert.deepEqual(JSON.parse((await stream.next()) ?? ""), [piece("Hel")]);
  gate.open();
  assert.deepEqual(await drain(stream), { items: [[piece("lo")]], error: undefined });
});

test("one that cannot go on is a NotResumableError, and the engine is as good as before", async () => {
  const { world, bridge } = await keeping();
  world.rest = world.kept;
  const { items, error } = await drain(resume(bridge));
  assert.deepEqual([items, error.name], [[], "NotResumableError"]);
  await stillChats(bridge);
});

test("so is one that WebLLM gives up at the last moment", async () => {
  const { world, bridge } = await keeping();
  world.rest = async function* () {
    throw "Error: Resumable session s1 became unavailable for continued streaming.";
  };
  const { items, error } = await drain(resume(bridge));
  assert.deepEqual([items, error.name], [[], "NotResumableError"]);
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
  world.rest = async (id) => {
    throw `Error: Resumable session not found: ${id}`;
  };
  assert.equal((await drain(resume(bridge))).error.name, "SessionNotFoundError");
  await stillChats(bridge);
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

test("stop while the answer is looked for continues nothing", async () => {
  const { world, bridge } = await keeping();
  const gate = new Gate();
  world.rest = async () => {
    await gate.passed;
    return (async function* () {
      world.log.push("went on");
      yield piece("lo");
    })();
  };
  const stream = resume(bridge);
  await settle();
  stream.stop();
  gate.open();
  await stillChats(bridge);
  assert.equal(world.count("went on"), 0);
});

test("files that cannot be read are not the engine's fault, a device that fails is", async () => {
  const { world, bridge } = await keeping();
  world.rest = async () => {
    throw "NotReadableError: The file could not be read.";
  };
  assert.equal((await drain(resume(bridge))).error.name, "InvalidRequestError");
  await stillChats(bridge);
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
