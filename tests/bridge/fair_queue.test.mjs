import assert from "node:assert/strict";
import { FairQueue } from "../../bridge/shared_engine/fair_queue.js";
import { settle, test } from "./fakes.mjs";

/** A queue whose jobs note that they ran. The first is running when the others are added. */
class Order {
  /** @type {string[]} */
  ran = [];
  queue = new FairQueue();

  /** @param {string} page @param {string} name @param {readonly unknown[]} [messages] */
  add(page, name, messages = []) {
    const run = async () => {
      this.ran.push(name);
      await settle();
    };
    this.queue.add({ page, messages, run });
  }
}

test("a page with many requests does not hold up another, and each page's stay in order", async () => {
  const order = new Order();
  for (const name of ["a1", "a2", "a3", "a4"]) order.add("a", name);
  for (const name of ["b1", "b2"]) order.add("b", name);
  order.add("c", "c1");
  await order.queue.idle();
  assert.deepEqual(order.ran, ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
});

test("the next turn of a conversation comes before a stranger's request", async () => {
  const order = new Order();
  const turns = (/** @type {number} */ count) => Array.from({ length: count }, (_, index) => ({ role: "user", content: `${index}` }));
  order.add("a", "a1", turns(1));
  order.add("b", "b1", [{ role: "user", content: "else" }]);
  order.add("a", "a2", turns(3));
  await order.queue.idle();
  assert.deepEqual(order.ran, ["a1", "a2", "b1"]);
});

test("a long conversation does not keep another page waiting without end", async () => {
  const order = new Order();
  for (let turn = 1; turn < 9; turn += 1) order.add("a", `a${turn}`, Array(turn).fill({ content: "same" }));
  order.add("b", "b1", [{ content: "else" }]);
  await order.queue.idle();
  assert.equal(order.ran.indexOf("b1"), 5);
});

test("a conversation that only begins alike is no next turn", async () => {
  const order = new Order();
  order.add("a", "a1", [{ content: "one" }]);
  order.add("b", "b1", [{ content: "two" }]);
  order.add("a", "a2", [{ content: "other" }, { content: "more" }]);
  await order.queue.idle();
  assert.deepEqual(order.ran, ["a1", "b1", "a2"]);
});

test("every job of random pages runs once, and no page waits for more than one job of each other", async () => {
  let seed = 1;
  const random = (/** @type {number} */ below) => (seed = (seed * 16807) % 2147483647) % below;
  for (let round = 0; round < 50; round += 1) {
    const order = new Order();
    const jobs = Array.from({ length: 12 }, (_, index) => ({ page: "abc"[random(3)] ?? "a", name: `${index}` }));
    for (const { page, name } of jobs) order.add(page, `${page}${name}`);
    await order.queue.idle();
    assert.deepEqual([...order.ran].sort(), jobs.map(({ page, name }) => page + name).sort());
    for (const page of "abc") checkWaits(order.ran, page);
  }
});

/** @param {string[]} ran @param {string} page */
function checkWaits(ran, page) {
  const own = ran.flatMap((name, index) => (name.startsWith(page) ? [index] : []));
  assert.deepEqual(own.map((index) => ran[index]), [...own.map((index) => ran[index])].sort((a, b) => Number(a?.slice(1)) - Number(b?.slice(1))));
  for (const [turn, index] of own.slice(1).entries()) {
    const between = ran.slice((own[turn] ?? 0) + 1, index).map((name) => name[0]);
    assert.equal(new Set(between).size, between.length, `${ran}`);
  }
}
