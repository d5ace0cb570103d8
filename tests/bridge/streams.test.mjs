import assert from "node:assert/strict";
import { Gate, USAGE, World, chat, drain, piece, settle, test } from "./fakes.mjs";

test("chunks are streamed as WebLLM made them, and the last has the usage", async () => {
  const { items, error } = await drain(chat(await new World().loaded()));
  assert.equal(error, undefined);
  assert.deepEqual(items.flat(), [piece("Hel"), piece("lo"), USAGE]);
});

test("chunks that wait are returned together, and WebLLM does not wait for the reader", async () => {
  const stream = chat(await new World().loaded());
  await settle();
  assert.equal(JSON.parse((await stream.next()) ?? "").length, 3);
  assert.equal(await stream.next(), undefined);
});

test("a chunk for a pending read is returned immediately", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const gate = new Gate();
  world.generate = async function* () {
    yield piece("a");
    await gate.passed;
    yield piece("b");
  };
  const stream = chat(bridge);
  assert.equal(await stream.next(), JSON.stringify([piece("a")]));
  const next = stream.next();
  gate.open();
  assert.equal(await next, JSON.stringify([piece("b")]));
});

test("two concurrent reads get different chunks", async () => {
  const stream = chat(await new World().loaded());
  const texts = await Promise.all([stream.next(), stream.next()]);
  assert.deepEqual(texts.flatMap((text) => JSON.parse(text ?? "")), [piece("Hel"), piece("lo")]);
});

test("stopping a stream ends a pending read, drops what waits and may be repeated", async () => {
  const world = new World();
  const bridge = await world.loaded();
  world.generate = async function* () {
    yield piece("a");
    await new Promise(() => {});
  };
  const stream = chat(bridge);
  await stream.next();
  const pending = stream.next();
  stream.stop();
  stream.stop();
  assert.equal(await pending, undefined);
  assert.equal(await stream.next(), undefined);
});

test("a stream fails after the chunks before the error, with an Error, at each read", async () => {
  const world = new World();
  const bridge = await world.loaded();
  world.generate = async function* () {
    yield piece("a");
    throw "RuntimeError: unreachable";
  };
  const stream = chat(bridge);
  await settle();
  assert.equal(await stream.next(), JSON.stringify([piece("a")]));
  for (let read = 0; read < 2; read += 1) {
    await assert.rejects(stream.next(), (error) => error instanceof Error && error.name === "EngineError");
  }
});
