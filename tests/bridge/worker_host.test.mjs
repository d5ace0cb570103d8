import assert from "node:assert/strict";
import { FakeWorker, World, chat, drain, load, piece, settle, test, textOf } from "./fakes.mjs";

/** @type {[string, (worker: FakeWorker) => void, string][]} */
const DEATHS = [
  ["ends without an event", (worker) => worker.die(), "WorkerError"],
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
  test(`a worker that ${what} during a load fails the load, and the next load works`, async () => {
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

  test(`a worker that ${what} during a generation fails all queued generations and is reported once`, async () => {
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

  test(`a worker that ${what} while idle is reported and replaced by the next load`, async () => {
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

test("a worker that never starts is a WorkerError after the timeout", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const world = new World();
  world.startWorker = () => {};
  const loading = drain(load(world.open({}, { startTimeout: 30 })));
  await settle();
  mock.timers.tick(30_000);
  assert.equal((await loading).error.name, "WorkerError");
  assert.equal(newestWorker(world).terminated, true);
});

test("the start timeout does not apply to a worker that has started", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const world = new World();
  const bridge = world.open({}, { startTimeout: 30 });
  await drain(load(bridge));
  mock.timers.tick(30_000);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("a worker whose file is missing or that cannot be created is a WorkerError", async () => {
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

test("a worker without locks is not taken for one that has ended", async () => {
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

test("an error event of the worker is not reported to the page as well", async () => {
  const world = new World();
  await world.loaded();
  const event = errorEvent("boom");
  newestWorker(world).dispatchEvent(event);
  assert.equal(event.defaultPrevented, true);
});

test("WebLLM's messages reach its engine until the worker is closed", async () => {
  const world = new World();
  const bridge = await world.loaded();
  /** @type {unknown[]} */
  const received = [];
  const engine = world.engines[0];
  assert.ok(engine);
  engine.port.onmessage = (/** @type {MessageEvent} */ { data }) => received.push(data);
  newestWorker(world).emit({ kind: "return" });
  newestWorker(world).emit({ pywebllm: "hello" });
  await bridge.dispose();
  newestWorker(world).emit({ kind: "late" });
  newestWorker(world).emit({ pywebllm: "lost", message: "late" });
  assert.deepEqual(received, [{ kind: "return" }]);
});

test("the lock of a worker is free after dispose", async () => {
  const world = new World();
  const bridge = await world.loaded();
  await bridge.dispose();
  let granted = false;
  await world.locks.request(newestWorker(world).name, async () => (granted = true));
  assert.equal(granted, true);
});
