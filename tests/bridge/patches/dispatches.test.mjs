import assert from "node:assert/strict";
import { patchDispatches } from "../../../bridge/patches/dispatches.js";
import { test } from "../fakes.mjs";
import { Device, contextOn } from "../webgpu_context.mjs";

/** Two tokens: the second differs in a number. @param {ReturnType<typeof contextOn>} on */
function twoTokens({ context, a, b, run }) {
  for (const n of [7, 8]) {
    run(a, b, 1);
    run(b, a, n);
    context.deviceCopyWithinGPU(a, 0, b, 0, 16);
    run(a, b, 2);
    context.flushCommands();
  }
}

test("WebLLM's own class still encodes kernels as the patch expects", () => {
  const device = new Device();
  twoTokens(contextOn(device));
  const count = (/** @type {string} */ word) => device.log.filter((line) => line.startsWith(word)).length;
  assert.deepEqual([count("begin"), count("write"), count("copy"), count("submit"), device.groups], [6, 6, 2, 2, 6]);
});

test("the patch keeps the order of dispatches and copies, in one pass between two copies", () => {
  const device = new Device();
  patchDispatches(/** @type {any} */ (device));
  twoTokens(contextOn(device));
  const encoded = device.log.filter((line) => !line.startsWith("write"));
  const token = [
    "begin", "k(b1,b2,b3) x 3", "k(b2,b1,b4) x 3", "end", "copy b1 b2", "begin", "k(b1,b2,b5) x 3", "end", "finish", "submit",
  ];
  assert.deepEqual(encoded, [...token, ...token]);
});

test("many kernels are submitted in parts, in their order, and a part is never empty", () => {
  for (const kernels of [48, 49, 100]) {
    const device = new Device();
    patchDispatches(/** @type {any} */ (device));
    const { context, a, b, run } = contextOn(device);
    for (let number = 0; number < kernels; number += 1) run(a, b, number);
    context.flushCommands();
    const parts = device.log.filter((line) => !line.startsWith("write")).join(" ").split(" finish submit").slice(0, -1);
    assert.deepEqual(parts.map((part) => part.split("x 3").length - 1), { 48: [48], 49: [48, 1], 100: [48, 48, 4] }[kernels]);
    for (const part of parts) assert.match(part, /^ ?begin k.* x 3 end$/);
  }
});

test("the patch reuses bind groups, and writes only uniforms that have changed", () => {
  const device = new Device();
  patchDispatches(/** @type {any} */ (device));
  twoTokens(contextOn(device));
  assert.equal(device.groups, 3);
  const written = device.log.filter((line) => line.startsWith("write"));
  assert.deepEqual(written, ["write b3 1 3", "write b4 7 3", "write b5 2 3", "write b4 8 3"]);
});

test("a uniform that has changed between two tokens and back is written again", () => {
  const device = new Device();
  patchDispatches(/** @type {any} */ (device));
  const { context, a, b, run } = contextOn(device);
  for (const n of [1, 2, 1]) {
    run(a, b, n);
    context.flushCommands();
  }
  assert.deepEqual(device.log.filter((line) => line.startsWith("write")), ["write b3 1 3", "write b3 2 3", "write b3 1 3"]);
});

test("a bind group of other buffers, or of another part of one, is not reused", () => {
  const device = new Device();
  patchDispatches(/** @type {any} */ (device));
  const layout = {}, [one, other] = [device.createBuffer({}), device.createBuffer({})];
  const resources = [{ buffer: one }, { buffer: other }, { buffer: one, size: 8 }, { buffer: one, offset: 8, size: 8 }, { buffer: one }];
  for (const resource of resources) device.createBindGroup({ layout, entries: [{ binding: 0, resource }] });
  device.createBindGroup({ layout: {}, entries: [{ binding: 0, resource: { buffer: one } }] });
  assert.equal(device.groups, 5);
});

test("a timed pass stands for itself, and the passes around it are not joined", () => {
  const device = new Device();
  patchDispatches(/** @type {any} */ (device));
  const encoder = /** @type {any} */ (device.createCommandEncoder());
  for (const descriptor of [undefined, undefined, { timestampWrites: {} }, undefined]) {
    const pass = encoder.beginComputePass(descriptor);
    pass.dispatchWorkgroups(1);
    pass.end();
  }
  encoder.finish();
  assert.deepEqual(device.log.filter((line) => !line.includes("x 1")), ["begin", "end", "begin", "end", "begin", "end", "finish"]);
});
