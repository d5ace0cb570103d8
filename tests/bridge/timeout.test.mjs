import assert from "node:assert/strict";
import { withAwakeTimeout, withTimeout } from "../../bridge/timeout.js";
import { settle, test } from "./fakes.mjs";

const never = new Promise(() => {});

test("work that is done in time has its result, any other has none", async () => {
  for (const wait of [withTimeout, withAwakeTimeout]) {
    assert.equal(await wait(1, Promise.resolve(5)), 5);
    assert.equal(await wait(0.01, never), undefined);
    await assert.rejects(wait(1, Promise.reject(new Error("boom"))), /boom/);
  }
});

test("a pause of the page ends one part of a deadline only", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let expired = false;
  void withAwakeTimeout(10, never).then(() => (expired = true));
  for (let part = 0; part < 4; part += 1) {
    assert.equal(expired, false);
    mock.timers.tick(3_600_000);
    await settle();
  }
  assert.equal(expired, true);
});
