import assert from "node:assert/strict";
import { Gate, OTHER, RECORD, World, chat, drain, load, settle, test, textOf } from "./fakes.mjs";

const REPORTS = [
  { progress: NaN, text: "Start to fetch params" },
  { progress: 0.5, text: "Fetching param cache[1/2]: 1MB fetched." },
  { progress: 1, text: "Fetching param cache[2/2]: 2MB fetched." },
  { progress: 0.5, text: "Loading model from cache[1/2]: 1MB loaded." },
  { progress: 1, text: "Loading model from cache[2/2]: 2MB loaded." },
  { progress: 0.4, text: "Loading GPU shader modules[4/10]: 40% completed" },
  { progress: 0, text: "Something that a later WebLLM says" },
  { progress: 1, text: "Finish loading on WebGPU" },
];

test("progress never falls, names each phase in turn, and ends with ready", async () => {
  const world = new World();
  world.reload = async (engine) => {
    for (const report of REPORTS) {
      engine.report({ timeElapsed: 0, ...report });
      await settle();
    }
  };
  const { items, error } = await drain(load(world.open()));
  assert.equal(error, undefined);
  const ratios = items.map(({ ratio }) => ratio);
  assert.deepEqual(ratios, [...ratios].sort((one, other) => one - other));
  const phases = items.map(({ phase }) => phase).filter((phase, index, all) => phase !== all[index - 1]);
  assert.deepEqual(phases, ["start", "fetch", "load", "compile", "ready"]);
  assert.ok(ratios.slice(0, -1).every((ratio) => ratio >= 0 && ratio < 1));
  assert.equal(ratios.at(-1), 1);
  assert.ok(items.some(({ text }) => text === "Fetching param cache[1/2]: 1MB fetched."));
  assert.ok(items.every(({ elapsed }) => elapsed >= 0));
});

test("only the newest progress waits", async () => {
  const world = new World();
  const gate = new Gate();
  world.reload = async (engine) => {
    for (const report of REPORTS) engine.report({ timeElapsed: 0, ...report });
    await gate.passed;
  };
  const stream = load(world.open());
  await settle();
  assert.equal(JSON.parse((await stream.next()) ?? "").text, "Finish loading on WebGPU");
  gate.open();
});

test("a load ends only when the model has answered, and leaves no conversation behind", async () => {
  const world = new World();
  const gate = new Gate();
  world.answer = async (request) => {
    assert.equal(request.max_tokens, 1);
    await gate.passed;
    return { choices: [{}] };
  };
  let done = false;
  const loading = drain(load(world.open())).then(() => (done = true));
  await settle();
  assert.equal(done, false);
  assert.equal(world.count("resetChat"), 0);
  gate.open();
  await loading;
  assert.equal(world.count("resetChat"), 1);
});

test("a reload that resolves without a model is a failed load", async () => {
  const world = new World();
  world.answer = async () => {
    throw "ModelNotLoadedError: Model not loaded before calling ChatCompletionRequest.";
  };
  const bridge = world.open();
  assert.equal((await drain(load(bridge))).error.name, "DeviceLostError");
  assert.equal((await drain(chat(bridge))).error.name, "ModelNotLoadedError");
  world.answer = async () => ({ choices: [] });
  assert.equal((await drain(load(bridge))).error.name, "EngineError");
});

test("callers that load the same model share one load", async () => {
  const world = new World();
  const bridge = world.open();
  const first = drain(load(bridge));
  await settle();
  const second = drain(load(bridge));
  for (const { items, error } of await Promise.all([first, second])) {
    assert.equal(error, undefined);
    assert.equal(items.at(-1).phase, "ready");
  }
  assert.equal(world.count("reload tiny-q4f32_1"), 1);
});

test("who joins a load hears at once how far it is", async () => {
  const world = new World();
  world.reload = async (engine) => {
    engine.report(REPORTS[2]);
    await new Promise(() => {});
  };
  const bridge = world.open();
  load(bridge);
  await settle();
  assert.equal(JSON.parse((await load(bridge).next()) ?? "").phase, "fetch");
});

test("a load goes on for the other caller when one stops", async () => {
  const world = new World();
  const gate = new Gate();
  world.reload = () => gate.passed;
  const bridge = world.open();
  const first = load(bridge);
  const second = drain(load(bridge));
  await settle();
  first.stop();
  gate.open();
  assert.equal((await second).items.at(-1).phase, "ready");
  assert.equal(world.count("terminate"), 0);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("the last caller to stop ends the worker, and the next load starts another", async () => {
  const world = new World();
  world.reload = () => new Promise(() => {});
  const bridge = world.open();
  const streams = [load(bridge), load(bridge)];
  await settle();
  const pending = streams.map((stream) => drain(stream));
  for (const stream of streams) stream.stop();
  assert.equal(world.workers[0]?.terminated, true);
  for (const { error } of await Promise.all(pending)) assert.equal(error, undefined);
  world.reload = async () => {};
  assert.equal((await drain(load(bridge))).items.at(-1).phase, "ready");
  assert.equal(world.workers.length, 2);
});

for (const [moment, hold] of /** @type {[string, (world: World) => void][]} */ ([
  ["the import of WebLLM", (world) => (world.importWebLLM = () => new Promise(() => {}))],
  ["the start of the worker", (world) => (world.startWorker = () => {})],
  ["the reload", (world) => (world.reload = () => new Promise(() => {}))],
  ["the probe", (world) => (world.answer = () => new Promise(() => {}))],
])) {
  test(`a load can be stopped during ${moment}, and another works then`, async () => {
    const world = new World();
    const bridge = world.open();
    const usual = { ...world };
    hold(world);
    const stream = load(bridge);
    await settle();
    stream.stop();
    assert.equal(await stream.next(), undefined);
    Object.assign(world, { ...usual, workers: world.workers });
    assert.equal((await drain(load(bridge))).error, undefined);
    assert.ok(world.workers.slice(0, -1).every(({ terminated }) => terminated));
    assert.equal(textOf(await drain(chat(bridge))), "Hello");
  });
}

test("a load that waits for its turn can be stopped and never starts", async () => {
  const world = new World();
  const gate = new Gate();
  world.reload = () => gate.passed;
  const bridge = world.open();
  const first = drain(load(bridge));
  const waiting = load(bridge, OTHER);
  await settle();
  waiting.stop();
  gate.open();
  await first;
  await settle();
  assert.equal(world.count("reload other-q4f32_1"), 0);
  assert.equal(world.imports.length, 1);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("a stopped load is not joined", async () => {
  const world = new World();
  world.reload = () => new Promise(() => {});
  const bridge = world.open();
  const first = load(bridge);
  await settle();
  world.reload = async () => {};
  first.stop();
  assert.equal((await drain(load(bridge))).items.at(-1).phase, "ready");
});

for (const ticks of [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
  test(`a load stopped ${ticks} ticks before its end is loaded or stopped, and nothing between`, async () => {
    const world = new World();
    const bridge = world.open();
    const watch = bridge.watch();
    const stream = load(bridge);
    world.resetChat = async () => {
      void stopAfter(ticks, stream);
    };
    await drain(stream);
    await settle();
    const { error } = await drain(chat(bridge));
    assert.equal(error?.name, world.workers[0]?.terminated ? "ModelNotLoadedError" : undefined);
    await bridge.dispose();
    assert.deepEqual((await drain(watch)).items, [[{ type: "disposed" }]]);
  });
}

/** @param {number} ticks @param {{ stop(): void }} stream */
async function stopAfter(ticks, stream) {
  for (let tick = 0; tick < ticks; tick += 1) await undefined;
  stream.stop();
}

for (const ticks of Array(8).keys()) {
  test(`a load stopped ${ticks} ticks after WebLLM was imported leaves the old model, if it was still there`, async () => {
    const world = new World();
    const bridge = await world.loaded();
    const gate = new Gate();
    const { importWebLLM } = world;
    world.importWebLLM = async (url) => {
      await gate.passed;
      return importWebLLM(url);
    };
    const stream = load(bridge, OTHER);
    await settle();
    gate.open();
    for (let tick = 0; tick < ticks; tick += 1) await null;
    const before = world.count("terminate");
    stream.stop();
    await settle();
    assert.equal(world.count("terminate"), before === 0 ? 0 : world.workers.length);
  });
}

test("a load that finds its model loaded when its turn comes is done", async () => {
  const world = new World();
  const gate = new Gate();
  world.reload = () => gate.passed;
  const bridge = world.open();
  const first = drain(load(bridge));
  load(bridge, OTHER).stop();
  const second = drain(load(bridge));
  gate.open();
  for (const { error } of await Promise.all([first, second])) assert.equal(error, undefined);
  assert.equal(world.count("reload tiny-q4f32_1"), 1);
});

test("loading the model that is loaded is done at once", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const { items } = await drain(load(bridge));
  assert.deepEqual(items.map(({ phase, ratio }) => [phase, ratio]), [["ready", 1]]);
  assert.deepEqual(world.log, []);
});

test("another model takes the place of the first, in a new worker", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const watch = bridge.watch();
  await drain(load(bridge, OTHER));
  assert.deepEqual(world.log.filter((entry) => !entry.startsWith("start")), [
    "terminate",
    "reload other-q4f32_1",
    "resetChat",
  ]);
  assert.equal((await drain(chat(bridge, { model: RECORD.model_id }))).error.name, "ModelNotLoadedError");
  assert.equal(textOf(await drain(chat(bridge, { model: OTHER.model_id }))), "Hello");
  await bridge.dispose();
  assert.deepEqual((await drain(watch)).items, [[{ type: "disposed" }]], "nothing was lost");
});

test("another model waits until the running generation has ended", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const gate = new Gate();
  world.generate = async function* () {
    await gate.passed;
    yield { choices: [] };
  };
  const generation = drain(chat(bridge));
  const loading = drain(load(bridge, OTHER));
  await settle();
  assert.equal(world.count("terminate"), 0);
  gate.open();
  assert.equal((await generation).error, undefined);
  assert.equal((await loading).error, undefined);
});

test("the model that was asked for last is the one that stays", async () => {
  const world = new World();
  const bridge = world.open();
  await Promise.all([load(bridge), load(bridge, OTHER), load(bridge)].map(drain));
  assert.deepEqual(world.log.filter((entry) => entry.startsWith("reload")), [
    "reload tiny-q4f32_1",
    "reload other-q4f32_1",
    "reload tiny-q4f32_1",
  ]);
  assert.equal((await drain(chat(bridge, { model: RECORD.model_id }))).error, undefined);
  await Promise.all([load(bridge, OTHER), load(bridge)].map(drain));
  assert.equal((await drain(chat(bridge, { model: RECORD.model_id }))).error, undefined);
});
