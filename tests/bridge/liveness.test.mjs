import assert from "node:assert/strict";
import { OTHER, RECORD, World, chat, drain, load, piece, settle, test, textOf } from "./fakes.mjs";

/** A bridge with a loaded model that gives its engine little time. @param {{ answerTimeout?: number, busyTimeout?: number }} [timeouts] */
async function impatient({ answerTimeout = 0.02, busyTimeout = 2 } = {}) {
  const world = new World();
  const bridge = world.open({}, { answerTimeout, busyTimeout });
  assert.equal((await drain(load(bridge))).error, undefined);
  world.log.length = 0;
  return { world, bridge };
}

/** Generations that begin and never end, until the test sets `world.generate` again. @param {World} world */
function hang(world) {
  const usual = world.generate;
  world.generate = async function* () {
    world.generate = usual;
    yield piece("a");
    await new Promise(() => {});
  };
}

/** @param {World} world @param {number} [index] */
function makeStuck(world, index = 0) {
  const worker = world.workers[index];
  assert.ok(worker);
  worker.stuck = true;
}

/** @param {any} bridge */
function events(bridge) {
  /** @type {any[]} */
  const seen = [];
  void drain(bridge.watch()).then(({ items }) => seen.push(...items.flat()));
  return seen;
}

test("a stopped generation whose worker is stuck is replaced by those that wait, in order", async () => {
  const { world, bridge } = await impatient();
  const seen = events(bridge);
  hang(world);
  const stopped = chat(bridge);
  await stopped.next();
  /** @type {string[]} */
  const order = [];
  const waiting = ["first", "second"].map(async (user) => {
    const answer = await drain(chat(bridge, { user }));
    order.push(user);
    return answer;
  });
  makeStuck(world);
  stopped.stop();
  for (const answer of await Promise.all(waiting)) assert.equal(textOf(answer), "Hello");
  assert.deepEqual(order, ["first", "second"]);
  assert.deepEqual(world.requests.map(({ user }) => user), [undefined, "first", "second"]);
  assert.equal(world.workers.length, 2);
  assert.equal(world.workers[0]?.terminated, true);
  await bridge.dispose();
  assert.deepEqual(seen, [{ type: "disposed" }], "the model was not lost");
});

test("a stuck engine is loaded again at once, before anyone asks", async () => {
  const { world, bridge } = await impatient();
  hang(world);
  const stopped = chat(bridge);
  await stopped.next();
  makeStuck(world);
  stopped.stop();
  while (world.count(`reload ${RECORD.model_id}`) === 0) await settle();
  assert.equal(bridge.holds(JSON.stringify({ model: RECORD })), true);
  const { items } = await drain(load(bridge));
  assert.equal(items.at(-1).phase, "ready");
  assert.equal(world.count(`reload ${RECORD.model_id}`), 1);
});

test("a worker that is stuck after the load is replaced before the next request", async () => {
  const { world, bridge } = await impatient();
  makeStuck(world);
  const answers = await Promise.all([drain(chat(bridge)), drain(chat(bridge))]);
  assert.deepEqual(answers.map(textOf), ["Hello", "Hello"]);
  assert.equal(world.workers.length, 2);
});

test("a worker that becomes stuck fails the running request only", async () => {
  const { world, bridge } = await impatient({ busyTimeout: 0.1 });
  hang(world);
  const answers = [drain(chat(bridge)), drain(chat(bridge))];
  await settle();
  makeStuck(world);
  const [running, waiting] = await Promise.all(answers);
  assert.equal(running?.error.name, "WorkerError");
  assert.match(running?.error.message, /did not answer for 0\.1 s/);
  assert.ok(waiting);
  assert.equal(textOf(waiting), "Hello");
});

test("a generation that does not stop, though its worker answers, is ended after the longer time", async () => {
  const { world, bridge } = await impatient({ busyTimeout: 0.1 });
  hang(world);
  const stopped = chat(bridge);
  await stopped.next();
  stopped.stop();
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
  assert.equal(world.workers.length, 2);
});

test("a long step of a worker that answers is waited for", async () => {
  const { world, bridge } = await impatient({ answerTimeout: 0.01, busyTimeout: 0.05 });
  world.generate = async function* () {
    yield piece("a");
    await new Promise((resolve) => setTimeout(resolve, 200));
    yield piece("b");
  };
  assert.equal(textOf(await drain(chat(bridge))), "ab");
  assert.equal(world.workers.length, 1);
});

test("an engine that cannot be loaded again is reported as lost to all that wait", async () => {
  const { world, bridge } = await impatient();
  const next = bridge.watch().next();
  makeStuck(world);
  world.reload = async () => {
    throw new Error("no more memory");
  };
  const answers = await Promise.all([drain(chat(bridge)), drain(chat(bridge))]);
  for (const { error } of answers) {
    assert.equal(error.name, "WorkerError");
    assert.match(error.message, /stuck.*no more memory/);
  }
  const [event] = JSON.parse((await next) ?? "");
  assert.deepEqual([event.type, event.name], ["lost", "WorkerError"]);
  world.reload = async () => {};
  assert.equal((await drain(load(bridge))).error, undefined);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("a stuck engine is not loaded again for a load of another model that waits", async () => {
  const { world, bridge } = await impatient();
  hang(world);
  const stopped = chat(bridge);
  await stopped.next();
  makeStuck(world);
  const loading = drain(load(bridge, OTHER));
  stopped.stop();
  assert.equal((await loading).error, undefined);
  assert.deepEqual(world.log.filter((entry) => entry.startsWith("reload")), [`reload ${OTHER.model_id}`]);
});

test("dispose ends the load that replaces a stuck engine", async () => {
  const { world, bridge } = await impatient();
  makeStuck(world);
  world.reload = () => new Promise(() => {});
  const answer = drain(chat(bridge));
  while (world.workers.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await bridge.dispose();
  assert.equal((await answer).error.name, "DisposedError");
  assert.ok(world.workers.every(({ terminated }) => terminated));
});

test("dispose does not wait for a worker that is stuck", async () => {
  const { world, bridge } = await impatient({ answerTimeout: 60, busyTimeout: 60 });
  hang(world);
  const stopped = chat(bridge);
  await stopped.next();
  makeStuck(world);
  stopped.stop();
  await bridge.dispose();
  assert.equal(world.workers[0]?.terminated, true);
});
