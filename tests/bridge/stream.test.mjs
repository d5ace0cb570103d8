import assert from "node:assert/strict";
import { Gate, USAGE, World, chat, drain, load, piece, settle, test, textOf } from "./fakes.mjs";

test("the file exports nothing but its two functions", async () => {
  const bridge = await import("../../webllm_bridge.js");
  assert.deepEqual(Object.keys(bridge).sort(), ["checkSupport", "openBridge"]);
});

test("chunks cross as WebLLM made them and the last has the usage", async () => {
  const { items, error } = await drain(chat(await new World().loaded()));
  assert.equal(error, undefined);
  assert.deepEqual(items.flat(), [piece("Hel"), piece("lo"), USAGE]);
});

test("chunks that wait cross together, and WebLLM never waits for the reader", async () => {
  const stream = chat(await new World().loaded());
  await settle();
  assert.equal(JSON.parse((await stream.next()) ?? "").length, 3);
  assert.equal(await stream.next(), undefined);
});

test("a chunk that somebody waits for crosses at once", async () => {
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

test("of two reads at once each gets what the other did not", async () => {
  const stream = chat(await new World().loaded());
  const texts = await Promise.all([stream.next(), stream.next()]);
  assert.deepEqual(texts.flatMap((text) => JSON.parse(text ?? "")), [piece("Hel"), piece("lo")]);
});

test("stop ends a pending read at once, forgets what waits, and may be called again", async () => {
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

test("an error comes after the chunks before it, is an Error, and stays", async () => {
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

test("a generation always streams with its usage, whatever the request says", async () => {
  const world = new World();
  const bridge = await world.loaded();
  await drain(chat(bridge, { stream: false, stream_options: { include_usage: false, other: 1 }, seed: 7 }));
  const [request] = world.requests;
  assert.equal(request.stream, true);
  assert.deepEqual(request.stream_options, { include_usage: true, other: 1 });
  assert.equal(request.seed, 7);
});

test("completions and chat completions reach their own function", async () => {
  const world = new World();
  const bridge = await world.loaded();
  await drain(chat(bridge, { prompt: "Once" }, "completions"));
  assert.equal(world.count("create text"), 1);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
  assert.equal(world.count("create chat"), 1);
});

test("requests that cannot be read are refused in the stream", async () => {
  const bridge = await new World().loaded();
  const bad = ["", "7", "{}", '{"kind":"embeddings","request":{}}', '{"kind":"completions","request":null}'];
  for (const text of bad) assert.equal((await drain(bridge.generate(text))).error.name, "InvalidRequestError", text);
  for (const text of ["[", '{"model":7}', '{"model":null}', '{"model":{}}']) {
    assert.equal((await drain(bridge.load(text))).error.name, "InvalidRequestError", text);
  }
});

test("a configuration that cannot be read is refused at once", () => {
  const world = new World();
  for (const config of [{ webllmUrl: "webllm.js" }, { webllmUrl: undefined }, { thread: "moon" }]) {
    assert.throws(() => world.open(config), { name: "InvalidRequestError" });
  }
});

test("nothing starts before the first load", async () => {
  const world = new World();
  world.open();
  await settle();
  assert.deepEqual([world.workers.length, world.imports.length], [0, 0]);
  await drain(load(world.open()));
  assert.deepEqual([world.workers.length, world.imports.length], [1, 1]);
});

test("a browser whose URL has no canParse will do", async () => {
  const { canParse } = URL;
  Reflect.deleteProperty(URL, "canParse");
  try {
    assert.equal((await drain(load(new World().open()))).error, undefined);
    assert.throws(() => new World().open({ webllmUrl: "https://" }), { name: "InvalidRequestError" });
  } finally {
    URL.canParse = canParse;
  }
});
