import assert from "node:assert/strict";
import { Gate, World, chat, drain, load, piece, settle, test, textOf } from "./fakes.mjs";

test("a generation without a loaded model, or for another model, is a ModelNotLoadedError", async () => {
  assert.equal((await drain(chat(new World().open()))).error.name, "ModelNotLoadedError");
  const bridge = await new World().loaded();
  const { error } = await drain(chat(bridge, { model: "another" }));
  assert.equal(error.name, "ModelNotLoadedError");
  assert.match(error.message, /another is not loaded/);
  assert.equal((await drain(chat(bridge, { model: null }))).error, undefined);
});

test("a chat request reaches WebLLM unchanged except for the nulls of Python's None", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const response_format = { type: "json_object", schema: '{"type":"null"}' };
  const tools = [{ type: "function", function: { name: "f", parameters: { default: null } } }];
  const extra_body = { enable_thinking: false, resumable: null };
  const nulls = { stop: null, seed: null, stream_options: null };
  await drain(chat(bridge, { messages: [], response_format, tools, extra_body, temperature: 0, ...nulls }));
  const stream = { stream: true, stream_options: { include_usage: true } };
  const less = { extra_body: { enable_thinking: false }, temperature: 0 };
  assert.deepEqual(world.requests, [{ messages: [], response_format, tools, ...less, ...stream }]);
  await drain(chat(bridge, { extra_body: null }));
  assert.ok(!Object.keys(world.requests[1] ?? {}).includes("extra_body"));
});

test("a generation requested during a load waits for it", async () => {
  const bridge = new World().open();
  const loading = drain(load(bridge));
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
  assert.equal((await loading).error, undefined);
});

test("concurrent generations run one after another in the order of the calls", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const gates = [new Gate(), new Gate()];
  world.generate = async function* ({ seed }) {
    world.log.push(`begin ${seed}`);
    await gates[seed]?.passed;
    yield piece(String(seed));
    world.log.push(`end ${seed}`);
  };
  const both = [chat(bridge, { seed: 0 }), chat(bridge, { seed: 1 })].map(drain);
  gates[1]?.open();
  await settle();
  gates[0]?.open();
  assert.deepEqual((await Promise.all(both)).map(textOf), ["0", "1"]);
  const order = world.log.filter((entry) => /begin|end/.test(entry));
  assert.deepEqual(order, ["begin 0", "end 0", "begin 1", "end 1"]);
});

test("a queued generation that is stopped never reaches the engine", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const gate = new Gate();
  world.accept = () => gate.passed;
  const first = drain(chat(bridge));
  const waiting = chat(bridge);
  const last = drain(chat(bridge));
  const pending = waiting.next();
  waiting.stop();
  assert.equal(await pending, undefined);
  gate.open();
  assert.deepEqual([textOf(await first), textOf(await last)], ["Hello", "Hello"]);
  assert.equal(world.count("create chat"), 2);
});

test("stopping a generation during decode interrupts WebLLM, closes its iterator and starts the next request", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const step = new Gate();
  world.generate = async function* () {
    try {
      yield piece("a");
      await step.passed;
      yield piece("b");
      world.log.push("continued");
    } finally {
      await settle();
      world.log.push("freed");
    }
  };
  const stream = chat(bridge);
  await stream.next();
  stream.stop();
  assert.equal(world.count("interrupt"), 1);
  const next = drain(chat(bridge));
  step.open();
  await next;
  assert.ok(world.log.indexOf("freed") < world.log.lastIndexOf("create chat"));
  assert.equal(world.count("continued"), 1, "only the second request ran to its end");
});

test("stopping a generation during prefill ends it immediately, and the next request waits until the engine is free", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const prefill = new Gate();
  const usual = world.generate;
  world.generate = async function* () {
    await prefill.passed;
    world.log.push("prefilled");
    yield piece("late");
  };
  const stream = chat(bridge);
  const pending = stream.next();
  await settle();
  stream.stop();
  assert.equal(await pending, undefined);
  world.generate = usual;
  const next = drain(chat(bridge));
  await settle();
  assert.equal(world.count("create chat"), 1);
  prefill.open();
  assert.equal(textOf(await next), "Hello");
  assert.ok(world.log.indexOf("returned") > world.log.indexOf("prefilled"));
});

test("a generation stopped before WebLLM accepted it never starts", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const gate = new Gate();
  world.accept = () => gate.passed;
  world.generate = async function* () {
    world.log.push("began");
  };
  const stream = chat(bridge);
  await settle();
  stream.stop();
  gate.open();
  await settle();
  assert.deepEqual([world.count("began"), world.count("returned")], [0, 1]);
});

test("stopping a finished generation does nothing", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const stream = chat(bridge);
  await drain(stream);
  stream.stop();
  assert.equal(world.count("interrupt"), 0);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("an error after a generation was stopped is not reported", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const gate = new Gate();
  world.generate = async function* () {
    await gate.passed;
    yield piece("");
  };
  const stream = chat(bridge);
  await settle();
  stream.stop();
  gate.fail("NonNegativeError: Make sure temperature >= 0.");
  assert.equal(await stream.next(), undefined);
  await settle();
});

test("an engine that failed during a generation is closed, and the next load replaces it", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const watch = bridge.watch();
  const usual = world.generate;
  world.generate = async function* () {
    yield piece("a");
    throw "RuntimeError: memory access out of bounds";
  };
  const { items, error } = await drain(chat(bridge));
  assert.deepEqual([items.length, error.name], [1, "EngineError"]);
  assert.deepEqual(JSON.parse((await watch.next()) ?? ""), [
    { type: "lost", name: "EngineError", message: "RuntimeError: memory access out of bounds" },
  ]);
  assert.equal(world.workers[0]?.terminated, true);
  world.generate = usual;
  assert.equal((await drain(chat(bridge))).error.name, "ModelNotLoadedError");
  assert.equal((await drain(load(bridge))).items.length > 1, true);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("a generation always streams with its usage", async () => {
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
