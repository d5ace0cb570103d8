import assert from "node:assert/strict";
import { patchWeightUploads } from "../../../bridge/patches/weight_uploads.js";
import { test } from "../fakes.mjs";
import { Device, contextOn } from "../webgpu_context.mjs";

const MANY = 2 ** 24;

/** Tensors of some sizes, each written and waited for, as WebLLM loads them. @param {Device} device @param {number[]} sizes */
async function upload(device, sizes) {
  const { context, a, ...rest } = contextOn(device);
  for (const size of sizes) {
    context.copyRawBytesToBuffer(new Uint8Array(size), a, 0, size);
    await context.sync();
  }
  return { context, a, ...rest };
}

/** @param {Device} device */
function waits(device) {
  return device.log.filter((line) => line === "wait").length;
}

/** @returns {Device} */
function patched() {
  const device = new Device();
  patchWeightUploads(/** @type {any} */ (device));
  return device;
}

test("WebLLM's own class still waits after each tensor", async () => {
  const device = new Device();
  await upload(device, [4, 4, 4]);
  assert.equal(waits(device), 3);
});

test("with the patch, it waits once for many bytes", async () => {
  const device = patched();
  await upload(device, [4, 4, 4]);
  assert.equal(waits(device), 0);
  await upload(device, [MANY, MANY, MANY, MANY, 4]);
  assert.equal(waits(device), 2);
});

test("with the patch, it waits for kernels, for nothing written, and for the end of a device", async () => {
  const device = patched();
  const { context, a, b, run } = await upload(device, [4]);
  run(a, b, 1);
  await context.sync();
  assert.equal(waits(device), 1);
  await context.sync();
  assert.equal(waits(device), 2);
  context.copyRawBytesToBuffer(new Uint8Array(4), a, 0, 4);
  device.destroy();
  await context.sync();
  assert.equal(waits(device), 3);
});
