/** Pages that share the engines of one SharedWorker. */

import assert from "node:assert/strict";
import { Gate, OTHER, RECORD, chat, drain, load, piece, query, settle, test, textOf } from "./fakes.mjs";
import { Origin, Page, openPages } from "./shared_world.mjs";

/** A chat whose engine waits before each piece. @param {Origin} origin */
function slowEngine(origin) {
  /** @type {Gate[]} */
  const gates = [];
  origin.world.generate = async function* () {
    for (const content of ["Hel", "lo", "!"]) {
      const gate = new Gate();
      gates.push(gate);
      await gate.passed;
      yield piece(content);
    }
  };
  return gates;
}

/** Let an engine of `slowEngine` write everything. @param {Gate[]} gates */
async function finish(gates) {
  for (let turn = 0; turn < 20; turn += 1) {
    gates.forEach((gate) => gate.open());
    await settle();
  }
}

/** @param {any} bridge @returns {Promise<any[]>} the events of a bridge, as they arrive */
async function eventsOf(bridge) {
  /** @type {any[]} */
  const found = [];
  const stream = bridge.watch();
  void (async () => {
    for (let text = await stream.next(); text !== undefined; text = await stream.next()) found.push(...JSON.parse(text));
  })();
  return found;
}

test("two pages use one worker, one load and one engine", async () => {
  const [first, second] = openPages(2);
  const bridges = [await first?.loaded(), await second?.loaded()];
  const { origin } = /** @type {Page} */ (first);
  assert.equal(origin.started.length, 1);
  assert.equal(origin.world.count(`reload ${RECORD.model_id}`), 1);
  for (const bridge of bridges) assert.equal(textOf(await drain(chat(bridge))), "Hello");
  assert.deepEqual(bridges.map((bridge) => [bridge.isShared, bridge.inUseBy()]), [[true, 1], [true, 1]]);
});

test("a page that is opened after a reload finds the model", async () => {
  const origin = new Origin();
  const before = new Page(origin);
  await before.loaded();
  before.die();
  await settle();
  const bridge = await new Page(origin).open();
  assert.equal(bridge.holds(JSON.stringify({ model: RECORD })), true);
  const { items } = await drain(load(bridge));
  assert.deepEqual(items.map(({ phase }) => phase), ["ready"]);
  assert.equal(origin.world.count(`reload ${RECORD.model_id}`), 1);
});

test("without a SharedWorker that outlives its pages, a page has an engine of its own", async () => {
  for (const missing of ["createSharedWorker", "locks", "localStorage"]) {
    const page = new Page(new Origin());
    const bridge = await page.open({}, { locks: page.world.locks, [missing]: undefined });
    assert.equal(bridge.isShared, false);
    assert.equal(textOf(await drain(load(bridge)).then(() => drain(chat(bridge)))), "Hello");
    assert.equal(page.world.workers.length, 1);
    await bridge.dispose();
  }
});

test("a page whose SharedWorker does not load has an engine of its own", async () => {
  const page = new Page(new Origin());
  page.origin.loads = () => false;
  const bridge = await page.open();
  assert.equal(bridge.isShared, false);
});

test("pages with other files never meet", async () => {
  const origin = new Origin();
  await new Page(origin).loaded();
  await new Page(origin).loaded({ webllmUrl: "https://site.example/newer.js" });
  assert.equal(origin.started.length, 2);
});

test("pages with the wheel join the worker of the blob of the first, also after that page has ended", async () => {
  const origin = new Origin();
  const blobs = new Set(["blob:1", "blob:2", "blob:3"]);
  origin.loads = (url) => blobs.has(url);
  const first = new Page(origin);
  await first.loaded({ workerUrl: "blob:1", webllmUrl: "blob:a" });
  first.die();
  blobs.delete("blob:1");
  await new Page(origin).loaded({ workerUrl: "blob:2", webllmUrl: "blob:b" });
  assert.equal(origin.started.length, 1);
  assert.deepEqual(origin.world.imports, ["blob:a"]);
  origin.worker.die();
  await new Page(origin).loaded({ workerUrl: "blob:3", webllmUrl: "blob:c" });
  assert.deepEqual(origin.started.map(({ url }) => url), ["blob:1", "blob:3"]);
});

test("a stream ends with its page, and the next page is answered", async () => {
  const [first, second] = openPages(2);
  const mine = await first?.loaded();
  const other = await second?.loaded();
  const { origin } = /** @type {Page} */ (first);
  const gates = slowEngine(origin);
  void drain(chat(mine));
  await settle();
  const answer = drain(chat(other));
  await settle();
  first?.die();
  await settle();
  assert.equal(origin.world.count("interrupt"), 1);
  await finish(gates);
  assert.equal(textOf(await answer), "Hello!");
});

test("a load ends with its page unless another waits for it", async () => {
  for (const others of [0, 1]) {
    const origin = new Origin();
    const [first, second] = openPages(2, origin);
    const mine = await first?.open();
    const other = await second?.open();
    const gate = new Gate();
    origin.world.reload = () => gate.passed;
    void drain(load(mine));
    await settle();
    const joined = others ? drain(load(other)) : undefined;
    await settle();
    first?.die();
    await settle();
    assert.equal(origin.world.count("unload"), others ? 0 : 1);
    gate.open();
    assert.equal((await joined)?.error, undefined);
    assert.equal(other.holds(JSON.stringify({ model: RECORD })), others === 1);
  }
});

test("a page in the back/forward cache runs nothing, and goes on when it is shown again", async () => {
  const page = new Page(new Origin());
  const bridge = await page.loaded();
  const gates = slowEngine(page.origin);
  const answer = drain(chat(bridge));
  await settle();
  page.events.dispatchEvent(new Event("pagehide"));
  assert.equal((await answer).error?.name, "WorkerError");
  await settle();
  assert.equal(page.origin.world.count("interrupt"), 1);
  assert.deepEqual(page.origin.locks.held("pywebllm-page:"), []);
  gates.forEach((gate) => gate.open());
  const again = drain(chat(bridge));
  await finish(gates);
  assert.equal(textOf(await again), "Hello!");
});

test("a page that is left while it connects blames no worker, and connects when it is shown again", async () => {
  const [page, other] = openPages(2);
  assert.ok(page && other);
  const bridge = await page.loaded();
  await other.loaded();
  page.origin.worker.die();
  await settle();
  const answer = drain(chat(bridge));
  page.events.dispatchEvent(new Event("pagehide"));
  assert.equal((await answer).error?.name, "WorkerError");
  const again = drain(load(bridge));
  assert.equal((await again).error, undefined);
  assert.equal(page.origin.started.length, 2);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("a load that follows a stopped one of the same model keeps the model", async () => {
  const [page, other] = openPages(2);
  assert.ok(page && other);
  const bridge = await page.open();
  const gate = new Gate();
  let loads = 0;
  page.origin.world.reload = async () => {
    loads += 1;
    if (loads === 1) await gate.passed;
  };
  const stopped = load(bridge);
  await settle();
  stopped.stop();
  const second = drain(load(bridge));
  await settle();
  gate.open();
  assert.equal((await second).error, undefined);
  const otherBridge = await other.loaded();
  await settle();
  assert.deepEqual([bridge.inUseBy(), otherBridge.inUseBy()], [1, 1]);
  await otherBridge.unload(false);
  assert.equal(bridge.holds(JSON.stringify({ model: RECORD })), true);
});

test("a load that overtakes an unload is loaded again after a crash", async () => {
  const page = new Page(new Origin());
  const bridge = await page.loaded();
  const unloaded = bridge.unload(false);
  assert.equal((await drain(load(bridge))).error, undefined);
  await unloaded;
  page.origin.worker.die();
  await settle();
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("a cancelled stream stops the engine and leaves it usable", async () => {
  const page = new Page(new Origin());
  const bridge = await page.loaded();
  const gates = slowEngine(page.origin);
  const stream = chat(bridge);
  await settle();
  stream.stop();
  await settle();
  assert.equal(page.origin.world.count("interrupt"), 1);
  const next = drain(chat(bridge));
  await finish(gates);
  assert.equal(textOf(await next), "Hello!");
});

test("a lost device is an event of every page that uses the model, and is loaded again", async () => {
  const [first, second] = openPages(2);
  const bridges = [await first?.loaded(), await second?.loaded()];
  const { world } = /** @type {Page} */ (first).origin;
  const events = await Promise.all(bridges.map(eventsOf));
  const { generate } = world;
  world.generate = async function* () {
    throw Object.assign(new Error("lost"), { name: "DeviceLostError" });
  };
  assert.equal((await drain(chat(bridges[0]))).error.name, "DeviceLostError");
  await settle();
  assert.deepEqual(events.map(([event]) => event?.name), ["DeviceLostError", "DeviceLostError"]);
  world.generate = generate;
  assert.equal((await drain(load(bridges[1]))).error, undefined);
  assert.equal(textOf(await drain(chat(bridges[1]))), "Hello");
});

test("a crash of the worker is a loss for all pages, and the next load starts another", async () => {
  const [first, second] = openPages(2);
  const bridges = [await first?.loaded(), await second?.loaded()];
  const { origin } = /** @type {Page} */ (first);
  const events = await Promise.all(bridges.map(eventsOf));
  origin.worker.die();
  await settle();
  assert.deepEqual(events.map(([event]) => event?.name), ["WorkerError", "WorkerError"]);
  for (const bridge of bridges) assert.equal((await drain(load(bridge))).error, undefined);
  assert.equal(origin.started.length, 2);
});

test("a worker that is stuck is followed by a new generation, which answers what was not begun", async () => {
  const [first, second] = openPages(2);
  const bridges = [await first?.loaded(), await second?.loaded()];
  const { origin } = /** @type {Page} */ (first);
  const stuck = origin.worker;
  stuck.isStuck = true;
  const answers = await Promise.all(bridges.map((bridge) => drain(chat(bridge))));
  assert.deepEqual(answers.map(textOf), ["Hello", "Hello"]);
  assert.equal(origin.started.length, 2);
  stuck.wake();
  await settle();
  assert.equal(stuck.isDead, true);
});

test("a worker that gets stuck during an answer fails that answer", async () => {
  const page = new Page(new Origin());
  const bridge = await page.loaded();
  const gates = slowEngine(page.origin);
  const answer = drain(chat(bridge));
  await settle();
  page.origin.worker.isStuck = true;
  const { error } = await answer;
  assert.equal(error.name, "WorkerError");
  assert.match(error.message, /did not answer for 1 s/);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
  await finish(gates);
});

test("two models in two pages are both kept, and one that nobody uses is replaced", async () => {
  const origin = new Origin();
  const [first, second] = openPages(2, origin);
  await first?.loaded();
  const other = await second?.loaded({}, OTHER);
  assert.equal(origin.world.count("unload"), 0);
  first?.die();
  await settle();
  assert.equal(origin.world.count("unload"), 0);
  const third = { ...RECORD, model_id: "third-q4f32_1" };
  assert.equal((await drain(load(await new Page(origin).open(), third))).error, undefined);
  assert.equal(origin.world.count("unload"), 1);
  assert.equal(textOf(await drain(chat(other))), "Hello");
});

test("the least recently used model goes when the GPU has no room, and its page loads it again", async () => {
  const origin = new Origin();
  const [first, second] = openPages(2, origin);
  const mine = await first?.loaded();
  const events = await eventsOf(mine);
  const { world } = origin;
  let full = true;
  world.reload = async (_engine, id) => {
    if (id !== OTHER.model_id || !full) return;
    full = false;
    throw Object.assign(new Error("too large"), { name: "OutOfMemoryError" });
  };
  await second?.loaded({}, OTHER);
  await settle();
  assert.equal(events[0]?.name, "ModelUnloadedError");
  assert.equal(textOf(await drain(chat(mine))), "Hello");
});

test("a model that another page uses stays unless it is unloaded by force", async () => {
  const [first, second] = openPages(2);
  const [mine, other] = [await first?.loaded(), await second?.loaded()];
  const { world } = /** @type {Page} */ (first).origin;
  await mine.unload(false);
  await mine.dispose();
  assert.equal(world.count("unload"), 0);
  assert.equal(other.inUseBy(), 0);
  const again = await first?.loaded();
  const gates = slowEngine(/** @type {Page} */ (first).origin);
  const answer = drain(chat(other));
  await settle();
  await again.unload(true);
  assert.equal((await answer).error.name, "ModelUnloadedError");
  assert.equal(world.count("unload"), 1);
  const next = drain(chat(other));
  await finish(gates);
  assert.equal(textOf(await next), "Hello!");
});

test("unload and dispose end though the worker is stuck", async () => {
  const page = new Page(new Origin());
  const bridge = await page.loaded();
  page.origin.worker.isStuck = true;
  await bridge.unload(false);
  await bridge.dispose();
  assert.equal((await drain(chat(bridge))).error.name, "DisposedError");
});

test("a model that nobody else uses is unloaded without force", async () => {
  const page = new Page(new Origin());
  const bridge = await page.loaded();
  await bridge.unload(false);
  assert.equal(page.origin.world.count("unload"), 1);
});

test("an unknown model leaves the one that is loaded", async () => {
  const page = new Page(new Origin());
  const bridge = await page.loaded();
  assert.equal((await drain(load(bridge, "unknown"))).error.name, "ModelNotFoundError");
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("a load that fails leaves nothing behind, and can be tried again", async () => {
  const page = new Page(new Origin());
  const bridge = await page.open();
  const { world } = page.origin;
  const { reload } = world;
  world.reload = async () => {
    throw new Error("no shader");
  };
  assert.equal((await drain(load(bridge))).error.name, "EngineError");
  await settle();
  assert.equal(bridge.holds(JSON.stringify({ model: RECORD })), false);
  world.reload = reload;
  assert.equal((await drain(load(bridge))).error, undefined);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("a request to a model that is being taken waits for it to be loaded again", async () => {
  const origin = new Origin();
  const [first, second] = openPages(2, origin);
  const mine = await first?.loaded();
  const gates = slowEngine(origin);
  const running = drain(chat(mine));
  await settle();
  let full = true;
  origin.world.reload = async (_engine, id) => {
    if (id === OTHER.model_id && full) throw Object.assign(new Error("too large"), { name: "OutOfMemoryError" });
  };
  const other = second?.loaded({}, OTHER);
  await settle();
  full = false;
  const waiting = drain(chat(mine));
  await finish(gates);
  await other;
  assert.deepEqual([await running, await waiting].map(textOf), ["Hello!", "Hello!"]);
});

test("queries are answered without a model", async () => {
  const bridge = await new Page(new Origin()).open();
  const { items } = await drain(query(bridge, { kind: "models" }));
  assert.equal(items[0].length, 2);
});

test("a model is unloaded when it was not used for so long, and the worker ends with the last page", async () => {
  const page = new Page(new Origin());
  const bridge = await page.loaded({ keepAlive: 0 });
  const { worker, world } = page.origin;
  const events = await eventsOf(bridge);
  await settle();
  assert.equal(world.count("unload"), 0);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
  while (events.length === 0) await settle();
  assert.equal(events[0].name, "ModelUnloadedError");
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
  await bridge.dispose();
  while (!worker.isDead) await settle();
});

test("a resumable answer goes on without its page if it was asked to", async () => {
  for (const background of [true, false]) {
    const page = new Page(new Origin());
    const bridge = await page.loaded();
    const gates = slowEngine(page.origin);
    void drain(chat(bridge, { extra_body: { resumable: { sessionId: "s1", background } } }));
    await settle();
    page.die();
    await settle();
    assert.equal(page.origin.world.count("interrupt"), background ? 0 : 1);
    await finish(gates);
    assert.equal(page.origin.world.count("returned"), 1);
  }
});

test("no message to a page has another page's text", async () => {
  const [first, second] = openPages(2);
  const [mine] = [await first?.loaded(), await second?.loaded()];
  const { origin } = /** @type {Page} */ (first);
  /** @type {string[]} */
  const seen = [];
  const port = origin.worker.ports[1];
  const post = port?.postMessage.bind(port);
  if (port) port.postMessage = (message) => (seen.push(JSON.stringify(message)), post?.(message));
  origin.world.generate = async function* () {
    yield piece("answer");
  };
  await drain(chat(mine, { messages: [{ role: "user", content: "question" }] }));
  await settle();
  assert.ok(seen.length > 0);
  assert.doesNotMatch(seen.join(), /question|answer/);
});
