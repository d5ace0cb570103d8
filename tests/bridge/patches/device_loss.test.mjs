import assert from "node:assert/strict";
import { watchDevices } from "../../../bridge/patches/device_loss.js";
import { test } from "../fakes.mjs";

/** A class of adapters, and a function that requests a device and returns who has seen it. */
function world() {
  /** @type {string[]} */
  let seen = [];
  const adapters = /** @type {any} */ ({ prototype: { requestDevice: async () => ({}) } });
  const watch = (/** @type {string} */ name) => watchDevices(adapters, () => void seen.push(name));
  const request = async () => {
    seen = [];
    await adapters.prototype.requestDevice();
    return seen;
  };
  return { adapters, watch, request };
}

test("watchers that end in any order see the devices until they end, and no others", async () => {
  const { watch, request } = world();
  const endFirst = watch("first");
  const endSecond = watch("second");
  assert.deepEqual(await request(), ["first", "second"]);
  endFirst();
  assert.deepEqual(await request(), ["second"]);
  endSecond();
  assert.deepEqual(await request(), []);
});

test("the last of nested watchers leaves the method of the browser", async () => {
  const { adapters, watch } = world();
  const { requestDevice } = adapters.prototype;
  const ends = [watch("outer"), watch("inner")];
  for (const end of ends.reverse()) end();
  assert.equal(adapters.prototype.requestDevice, requestDevice);
});
