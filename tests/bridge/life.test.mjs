import assert from "node:assert/strict";
import { openBridge } from "../../webllm_bridge.js";
import { FakeWorker, Gate, OTHER, RECORD, World, chat, drain, load, piece, settle, test, textOf } from "./fakes.mjs";

/** @type {[string, (worker: FakeWorker) => void, string][]} */
const DEATHS = [
  ["ends without a word", (worker) => worker.die(), "WorkerError"],
  ["throws", (worker) => worker.dispatchEvent(errorEvent("Uncaught boom")), "WorkerError"],
  ["sends what cannot be read", (worker) => worker.dispatchEvent(new Event("messageerror")), "WorkerError"],
  ["loses its GPU device", (worker) => worker.emit({ pywebllm: "lost", message: "gone" }), "DeviceLostError"],
];

/** @param {string} message */
function errorEvent(message) {
  return Object.assign(new Event("error", { cancelable: true }), { message });
}

/** @param {World} world @returns {FakeWorker} */
function newestWorker(world) {
  const worker = world.workers.at(-1);
  assert.ok(worker);
  return worker;
}

for (const [what, kill, name] of DEATHS) {
  test(`a worker that ${what} during a load fails it, and the next load works`, async () => {
    const world = new World();
    world.reload = () => new Promise(() => {});
    const bridge = world.open();
    const loading = drain(load(bridge));
    await settle();
    kill(newestWorker(world));
    assert.equal((await loading).error.name, name);
    assert.equal(newestWorker(world).terminated, true);
    world.reload = async () => {};
    assert.equal((await drain(load(bridge))).error, undefined);
    assert.equal(textOf(await drain(chat(bridge))), "Hello");
  });

  test(`a worker that ${what} during a generation fails it and those that wait, and says so once`, async () => {
    const world = new World();
    const bridge = await world.loaded();
    const watch = bridge.watch();
    const usual = world.generate;
    world.generate = async function* () {
      yield piece("a");
      await new Promise(() => {});
    };
    const streams = [chat(bridge), chat(bridge)].map(drain);
    await settle();
    kill(newestWorker(world));
    for (const { error } of await Promise.all(streams)) assert.equal(error.name, name);
    const events = JSON.parse((await watch.next()) ?? "");
    assert.deepEqual(events.map((/** @type {any} */ event) => [event.type, event.name]), [["lost", name]]);
    world.generate = usual;
    assert.equal((await drain(load(bridge))).items.at(-1).phase, "ready");
    assert.equal(textOf(await drain(chat(bridge))), "Hello");
    assert.equal(world.workers.length, 2);
  });

  test(`a worker that ${what} while idle is reported, and replaced by the next load`, async () => {
    const world = new World();
    const bridge = await world.loaded();
    const next = bridge.watch().next();
    kill(newestWorker(world));
    assert.equal(JSON.parse((await next) ?? "")[0].name, name);
    assert.equal(newestWorker(world).terminated, true);
    assert.equal((await drain(chat(bridge))).error.name, "ModelNotLoadedError");
    assert.equal((await drain(load(bridge))).items.length > 1, true);
    assert.equal(textOf(await drain(chat(bridge))), "Hello");
  });
}

test("a generation behind a load that is still to come survives the loss of the model before", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const usual = world.generate;
  world.generate = () => (world.generate = usual, neverYields());
  const lost = drain(chat(bridge));
  const loading = drain(load(bridge, OTHER));
  const saved = drain(chat(bridge));
  await settle();
  newestWorker(world).die();
  assert.equal((await lost).error.name, "WorkerError");
  assert.equal((await loading).error, undefined);
  assert.equal(textOf(await saved), "Hello");
});

async function* neverYields() {
  await new Promise(() => {});
}

test("a worker that never starts is given up after the deadline", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const world = new World();
  world.startWorker = () => {};
  const loading = drain(load(world.open({}, { helloSeconds: 30 })));
  await settle();
  mock.timers.tick(30_000);
  assert.equal((await loading).error.name, "WorkerError");
  assert.equal(newestWorker(world).terminated, true);
});

test("the deadline is for the start only", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const world = new World();
  const bridge = world.open({}, { helloSeconds: 30 });
  await drain(load(bridge));
  mock.timers.tick(30_000);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("a worker whose file is missing, or that may not be created, is a WorkerError", async () => {
  const world = new World();
  world.startWorker = (worker) => worker.dispatchEvent(new Event("error", { cancelable: true }));
  assert.equal((await drain(load(world.open()))).error.name, "WorkerError");
  const createWorker = () => {
    throw new DOMException("no", "SecurityError");
  };
  assert.equal((await drain(load(world.open({}, { createWorker })))).error.name, "WorkerError");
});

test("a worker that cannot import WebLLM fails the load with the reason", async () => {
  const world = new World();
  const postMessage = FakeWorker.prototype.postMessage;
  world.startWorker = (worker) => {
    worker.postMessage = () => worker.emit({ pywebllm: "failed", error: "TypeError: Failed to fetch dynamically imported module" });
    worker.sayHello();
  };
  const bridge = world.open();
  assert.equal((await drain(load(bridge))).error.name, "DownloadError");
  world.startWorker = (worker) => Object.assign(worker, { postMessage }).sayHello();
  assert.equal((await drain(load(bridge))).error, undefined);
});

test("a worker without locks is not taken for dead", async () => {
  const world = new World();
  world.startWorker = (worker) => {
    worker.die();
    worker.emit({ pywebllm: "hello", locked: false });
  };
  const bridge = world.open();
  await drain(load(bridge));
  await settle();
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("an error of the worker is not also reported to the page", async () => {
  const world = new World();
  await world.loaded();
  const event = errorEvent("boom");
  newestWorker(world).dispatchEvent(event);
  assert.equal(event.defaultPrevented, true);
});

test("WebLLM's messages reach its engine, and none after the end", async () => {
  const world = new World();
  const bridge = await world.loaded();
  /** @type {unknown[]} */
  const heard = [];
  const engine = world.engines[0];
  assert.ok(engine);
  engine.port.onmessage = (/** @type {MessageEvent} */ { data }) => heard.push(data);
  newestWorker(world).emit({ kind: "return" });
  newestWorker(world).emit({ pywebllm: "hello" });
  await bridge.dispose();
  newestWorker(world).emit({ kind: "late" });
  newestWorker(world).emit({ pywebllm: "lost", message: "late" });
  assert.deepEqual(heard, [{ kind: "return" }]);
});

test("dispose ends every stream, terminates the worker, and may be called again", async () => {
  const world = new World();
  const bridge = await world.loaded();
  world.generate = neverYields;
  const watched = drain(bridge.watch());
  const streams = [chat(bridge), chat(bridge), load(bridge, OTHER)].map(drain);
  await settle();
  assert.equal(bridge.dispose(), bridge.dispose());
  await bridge.dispose();
  for (const { error } of await Promise.all(streams)) assert.equal(error.name, "DisposedError");
  assert.deepEqual((await watched).items, [[{ type: "disposed" }]]);
  assert.equal(world.count("terminate"), 1);
  assert.equal(world.workers.length, 1);
});

test("after dispose every call says so, and starts nothing", async () => {
  const world = new World();
  const bridge = world.open();
  await bridge.dispose();
  assert.equal((await drain(load(bridge))).error.name, "DisposedError");
  assert.equal((await drain(chat(bridge))).error.name, "DisposedError");
  await assert.rejects(bridge.publish("x", new Uint8Array(1)), { name: "DisposedError" });
  assert.deepEqual((await drain(bridge.watch())).items, [[{ type: "disposed" }]]);
  assert.equal(world.imports.length, 0);
});

for (const [moment, hold] of /** @type {[string, (world: World) => void][]} */ ([
  ["the import of WebLLM", (world) => (world.importWebLLM = () => new Promise(() => {}))],
  ["the start of the worker", (world) => (world.startWorker = () => {})],
  ["the reload", (world) => (world.reload = () => new Promise(() => {}))],
  ["the probe", (world) => (world.answer = () => new Promise(() => {}))],
])) {
  test(`dispose during ${moment} ends the load and the worker`, async () => {
    const world = new World();
    hold(world);
    const bridge = world.open();
    const loading = drain(load(bridge));
    await settle();
    await bridge.dispose();
    assert.equal((await loading).error.name, "DisposedError");
    assert.ok(world.workers.every(({ terminated }) => terminated));
  });
}

test("a stopped watch hears nothing more, and dispose says nothing about a loss", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const [stopped, watched] = [bridge.watch(), bridge.watch()];
  stopped.stop();
  await bridge.dispose();
  assert.equal(await stopped.next(), undefined);
  assert.deepEqual((await drain(watched)).items, [[{ type: "disposed" }]]);
});

test("deadlines and locks do not outlive the bridge", async () => {
  const world = new World();
  const bridge = await world.loaded();
  await bridge.dispose();
  let granted = false;
  await world.locks.request(newestWorker(world).name, async () => (granted = true));
  assert.equal(granted, true);
});

test("a cut stream of events leaves the engine in use", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const gate = new Gate();
  world.accept = () => gate.passed;
  const generation = drain(chat(bridge));
  bridge.watch().stop();
  gate.open();
  assert.equal(textOf(await generation), "Hello");
});

test("a worker file from elsewhere is started through a blob, and one blob is enough", async () => {
  const world = new World();
  /** @type {string[]} */
  const started = [];
  const browser = {
    location: { origin: "https://page.example" },
    Worker: class extends FakeWorker {
      /** @param {string} url @param {{ name: string }} options */
      constructor(url, { name }) {
        super(world, url, name);
        started.push(url);
      }
    },
  };
  const cleanUp = dressAs(browser);
  try {
    const { importWebLLM, locks, GPUAdapter } = world;
    const config = JSON.stringify({
      webllmUrl: "https://site.example/webllm.js",
      workerUrl: "https://site.example/webllm_bridge.js",
    });
    const surroundings = /** @type {any} */ ({ importWebLLM, locks, GPUAdapter, gpu: {} });
    const bridge = openBridge(config, surroundings);
    for (const model of [RECORD, OTHER]) assert.equal((await drain(load(bridge, model))).error, undefined);
  } finally {
    cleanUp();
  }
  assert.equal(started.length, 2);
  assert.match(started[0] ?? "", /^blob:/);
  assert.equal(started[1], started[0]);
  assert.equal(await (await fetch(started[0] ?? "")).text(), 'import "https://site.example/webllm_bridge.js";');
});

/** Put globals in place. @param {Record<string, unknown>} globals @returns {() => void} takes them away */
function dressAs(globals) {
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return () => {
    for (const name of Object.keys(globals)) Reflect.deleteProperty(globalThis, name);
  };
}
