import assert from "node:assert/strict";
import { KeepAlive } from "../../bridge/shared_engine/keep_alive.js";
import { test } from "./fakes.mjs";

test("a model expires once, so many seconds after its last use", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {number[]} */
  const expired = [];
  const keepAlive = new KeepAlive((seconds) => expired.push(seconds));
  keepAlive.start(300);
  mock.timers.tick(299_000);
  keepAlive.start(300);
  mock.timers.tick(299_000);
  assert.deepEqual(expired, []);
  mock.timers.tick(1000);
  assert.deepEqual(expired, [300]);
  keepAlive.start(5);
  keepAlive.stop();
  mock.timers.tick(10_000);
  assert.deepEqual(expired, [300]);
});

test("a negative time, or one that is longer than a timer of a browser, has no end", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const keepAlive = new KeepAlive(() => assert.fail("it expired"));
  for (const seconds of [-1, 2 ** 31, Infinity]) {
    keepAlive.start(seconds);
    mock.timers.tick(2 ** 31);
  }
});
