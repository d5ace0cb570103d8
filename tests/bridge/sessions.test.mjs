/** Resuming sessions with a fake WebLLM; see patches/resumed_answer.test.mjs for the real one. */

import assert from "node:assert/strict";
import { Gate, World, chat, drain, piece, resume, settle, test, textOf } from "./fakes.mjs";

/** A world with one stored session, and a bridge with its model loaded. */
async function withSession() {
  const world = new World();
  return { world, bridge: await world.loaded() };
}

/** @param {any} bridge */
async function assertStillChats(bridge) {
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
}

test("a resumed answer is streamed as WebLLM generates it", async () => {
  const { world, bridge } = await withSession();
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

test("a session that the model cannot resume is a NotResumableError and keeps the engine", async () => {
  const { world, bridge } = await withSession();
  world.rest = world.stored;
  const { items, error } = await drain(resume(bridge));
  assert.deepEqual([items, error.name], [[], "NotResumableError"]);
  await assertStillChats(bridge);
});

test("a session that becomes unavailable at the first step is a NotResumableError", async () => {
  const { world, bridge } = await withSession();
  world.rest = async function* () {
    throw "Error: Resumable session s1 became unavailable for continued streaming.";
  };
  const { items, error } = await drain(resume(bridge));
  assert.deepEqual([items, error.name], [[], "NotResumableError"]);
  await assertStillChats(bridge);
});

test("stopping a resumed answer before its first step closes the stream of WebLLM", async () => {
  const { world, bridge } = await withSession();
  const gate = new Gate();
  world.rest = async function* () {
    await gate.passed;
    yield piece("lo");
    world.log.push("continued");
  };
  const stream = resume(bridge);
  await settle();
  stream.stop();
  gate.open();
  await assertStillChats(bridge);
  assert.equal(world.count("continued"), 0);
  assert.ok(world.log.indexOf("returned") < world.log.indexOf("create chat"));
});

test("resuming a missing session is a SessionNotFoundError", async () => {
  const { world, bridge } = await withSession();
  world.rest = async (id) => {
    throw `Error: Resumable session not found: ${id}`;
  };
  assert.equal((await drain(resume(bridge))).error.name, "SessionNotFoundError");
  await assertStillChats(bridge);
});

test("stopping a resumed answer interrupts WebLLM, closes its stream and starts the next request", async () => {
  const { world, bridge } = await withSession();
  const step = new Gate();
  world.rest = async function* () {
    try {
      yield piece("lo");
      await step.passed;
      yield piece("!");
      world.log.push("continued");
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
  assert.equal(world.count("continued"), 0);
  assert.ok(world.log.indexOf("closed") < world.log.indexOf("create chat"));
});

test("a resumed answer stopped while it is looked up never starts", async () => {
  const { world, bridge } = await withSession();
  const gate = new Gate();
  world.rest = async () => {
    await gate.passed;
    return (async function* () {
      world.log.push("continued");
      yield piece("lo");
    })();
  };
  const stream = resume(bridge);
  await settle();
  stream.stop();
  gate.open();
  await assertStillChats(bridge);
  assert.equal(world.count("continued"), 0);
});

test("a session file that cannot be read keeps the engine, and an error of the engine closes it", async () => {
  const { world, bridge } = await withSession();
  world.rest = async () => {
    throw "NotReadableError: The file could not be read.";
  };
  assert.equal((await drain(resume(bridge))).error.name, "InvalidRequestError");
  await assertStillChats(bridge);
  world.rest = async function* () {
    throw "Error: Internal Error: filledKVCacheLength does not match expected value.";
  };
  assert.equal((await drain(resume(bridge))).error.name, "EngineError");
  assert.equal((await drain(chat(bridge))).error.name, "ModelNotLoadedError");
});
