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

test("a failed load ends its worker and can be tried again", async () => {
  const world = new World();
  world.reload = async () => {
    throw "TypeError: Failed to fetch";
  };
  const bridge = world.open();
  const failures = await Promise.all([load(bridge), load(bridge)].map(drain));
  for (const { error } of failures) assert.equal(error.name, "DownloadError");
  assert.equal(world.workers[0]?.terminated, true);
  world.reload = async () => {};
  assert.equal((await drain(load(bridge))).error, undefined);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

for (const [thrown, name] of [
  ["TypeError: Failed to fetch", "DownloadError"],
  [new TypeError("Failed to execute 'add' on 'Cache': Request failed"), "DownloadError"],
  ["NetworkError: A network error occurred.", "DownloadError"],
  ["QuotaExceededError: Quota exceeded.", "DownloadError"],
  ["IntegrityError: Integrity check failed for x", "IntegrityError"],
  ["CompileError: WebAssembly.instantiate(): expected magic word", "IntegrityError"],
  ["SyntaxError: Unexpected token '<'", "IntegrityError"],
  ["ShaderF16SupportError: This model requires shader-f16", "ShaderF16SupportError"],
  ["FeatureSupportError: This model requires feature x", "FeatureSupportError"],
  ["Error: Cannot initialize runtime because of requested maxBufferSize exceeds limit.", "FeatureSupportError"],
  ["Error: Unable to find a compatible GPU.", "WebGPUNotAvailableError"],
  ["WebGPUNotAvailableError: WebGPU is not supported", "WebGPUNotAvailableError"],
  ["RangeError: Array buffer allocation failed", "OutOfMemoryError"],
  ["DeviceLostError: The WebGPU device was lost while loading the model, out of memory", "DeviceLostError"],
  ["MissingModelError: Missing `model_lib` for the model", "InvalidRequestError"],
  ["AbortError: signal is aborted without reason", "AbortError"],
  ["Error: something new", "EngineError"],
  ["nothing like an error", "EngineError"],
  [undefined, "EngineError"],
]) {
  test(`a load that fails with ${thrown} is a ${name}`, async () => {
    const world = new World();
    world.reload = async () => {
      throw thrown;
    };
    const { error } = await drain(load(world.open()));
    assert.ok(error instanceof Error);
    assert.equal(error.name, name);
  });
}

test("files that turned out to be spoiled are fetched again by the next load", async () => {
  const world = new World();
  const bridge = world.open();
  const cache = await world.caches.open("webllm/config");
  const elsewhere = await world.caches.open("webllm/wasm");
  await cache.put(`${RECORD.model}mlc-chat-config.json`, new Response("<html>"));
  await cache.put("https://models.example/another/", new Response(""));
  await elsewhere.put(RECORD.model_lib, new Response(""));
  world.reload = async () => {
    throw "SyntaxError: Unexpected token '<'";
  };
  assert.equal((await drain(load(bridge))).error.name, "IntegrityError");
  assert.deepEqual(await cache.keys(), [{ url: "https://models.example/another/" }]);
  assert.deepEqual(await elsewhere.keys(), []);
});

test("files that are good stay when a load fails for another reason", async () => {
  const world = new World();
  const cache = await world.caches.open("webllm/config");
  await cache.put(`${RECORD.model}mlc-chat-config.json`, new Response("{}"));
  world.reload = async () => {
    throw "TypeError: Failed to fetch";
  };
  assert.equal((await drain(load(world.open()))).error.name, "DownloadError");
  assert.equal((await cache.keys()).length, 1);
});

test("files that Python has published are never thrown away", async () => {
  const world = new World();
  const bridge = world.open();
  const model = (await bridge.publish("tiny/mlc-chat-config.json", new Uint8Array(1))).replace(/[^/]*$/, "");
  world.reload = async () => {
    throw "SyntaxError: Unexpected token '<'";
  };
  await drain(load(bridge, { ...RECORD, model }));
  assert.equal((await (await world.caches.open("webllm/config")).keys()).length, 1);
});

test("an id is looked up in WebLLM's list, and one that is not there leaves the loaded model alone", async () => {
  const world = new World();
  const bridge = world.open();
  assert.equal((await drain(load(bridge, OTHER.model_id))).error, undefined);
  assert.deepEqual(world.engines[0]?.appConfig.model_list[0].model_lib, OTHER.model_lib);
  assert.equal((await drain(load(bridge, "no-such-model"))).error.name, "ModelNotFoundError");
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("what an f16 model needs is told by its id", async () => {
  const world = new World();
  await drain(load(world.open(), { ...RECORD, model_id: "tiny-q4f16_1-MLC", required_features: ["subgroups"] }));
  await drain(load(world.open(), RECORD));
  const features = world.engines.map(({ appConfig }) => appConfig.model_list[0].required_features);
  assert.deepEqual(features, [["subgroups", "shader-f16"], []]);
});

test("a record reaches WebLLM without the nulls of Python's None", async () => {
  const world = new World();
  await drain(load(world.open(), { ...RECORD, model_manifest: null, overrides: { temperature: 0 } }));
  assert.deepEqual(world.engines[0]?.appConfig.model_list, [
    { ...RECORD, overrides: { temperature: 0 }, required_features: [] },
  ]);
});

test("relative addresses in a record are refused before anything starts", async () => {
  const world = new World();
  for (const wrong of [{ model: "models/tiny/" }, { model_lib: "model.wasm" }, { model_lib: null }]) {
    const { error } = await drain(load(world.open(), { ...RECORD, ...wrong }));
    assert.equal(error.name, "InvalidRequestError");
    assert.match(error.message, /absolute URL/);
  }
  assert.equal(world.imports.length, 0);
});

test("without WebGPU a load fails before anything is downloaded", async () => {
  const world = new World();
  const { error } = await drain(load(world.open({}, { gpu: undefined })));
  assert.equal(error.name, "WebGPUNotAvailableError");
  assert.equal(world.imports.length, 0);
});

test("a WebLLM that cannot be fetched is a DownloadError, and is fetched anew by the next load", async () => {
  const world = new World();
  const { importWebLLM } = world;
  world.importWebLLM = async () => {
    throw new TypeError("Failed to fetch dynamically imported module: https://site.example/webllm.js");
  };
  const bridge = world.open();
  assert.equal((await drain(load(bridge))).error.name, "DownloadError");
  world.importWebLLM = importWebLLM;
  assert.equal((await drain(load(bridge))).error, undefined);
  assert.equal(new Set(world.imports).size, 2);
});

test("published files land where WebLLM looks for them, and only when they differ", async () => {
  const world = new World();
  const { caches } = world;
  const bridge = world.open();
  const bytes = Uint8Array.of(1, 2, 3);
  const names = ["m/mlc-chat-config.json", "m/model.wasm", "m/params_shard_0.bin", "m/tensor-cache.json"];
  const urls = [];
  for (const name of names) urls.push(await bridge.publish(name, bytes));
  assert.deepEqual(urls, names.map((name) => `https://pywebllm.invalid/${name}`));
  const scopes = [...caches.scopes].map(([scope, entries]) => [scope, entries.size]);
  assert.deepEqual(scopes, [["webllm/config", 1], ["webllm/wasm", 1], ["webllm/model", 2]]);
  await bridge.publish("m/model.wasm", Uint8Array.of(1, 2, 3));
  assert.equal(caches.puts, 4);
  await bridge.publish("m/model.wasm", Uint8Array.of(1, 2, 4));
  assert.equal(caches.puts, 5);
  const stored = await (await caches.open("webllm/wasm")).match("https://pywebllm.invalid/m/model.wasm");
  assert.deepEqual(new Uint8Array((await stored?.arrayBuffer()) ?? new ArrayBuffer(0)), Uint8Array.of(1, 2, 4));
});

test("publish refuses other places, other things, and a browser without a cache", async () => {
  const bridge = new World().open();
  await assert.rejects(bridge.publish("https://elsewhere.example/x", new Uint8Array(1)), { name: "InvalidRequestError" });
  const text = /** @type {any} */ ("text");
  await assert.rejects(bridge.publish("x", text), { name: "InvalidRequestError" });
  const openCache = async () => {
    throw new DOMException("The operation is insecure.", "SecurityError");
  };
  const bare = new World().open({}, { openCache });
  await assert.rejects(bare.publish("x", new Uint8Array(1)), { name: "EngineError" });
});
