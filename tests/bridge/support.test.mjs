import assert from "node:assert/strict";
import { checkSupport } from "#bridge";
import { settle, test } from "./fakes.mjs";

const LIMITS = {
  maxBufferSize: 2 ** 30,
  maxStorageBufferBindingSize: 2 ** 30,
  maxComputeWorkgroupStorageSize: 2 ** 15,
  maxStorageBuffersPerShaderStage: 10,
  maxComputeInvocationsPerWorkgroup: 256,
};

const ADAPTER = {
  info: { vendor: "acme", architecture: "one", description: "", isFallbackAdapter: true, device: "not reported" },
  features: new Set(["subgroups", "shader-f16"]),
  limits: { ...LIMITS, maxTextureDimension1D: 1 },
};

/** @param {unknown} adapter @param {boolean} [isSecureContext] */
async function check(adapter, isSecureContext = true) {
  return checkScope({ isSecureContext, navigator: { gpu: gpuOf(adapter) }, caches: { open: async () => ({}) } });
}

/** @param {unknown} adapter */
function gpuOf(adapter) {
  return { requestAdapter: async () => adapter };
}

/** @param {object} scope */
async function checkScope(scope) {
  return JSON.parse(await checkSupport(/** @type {any} */ (scope)));
}

test("a page that cannot store files is supported, and reports that", async () => {
  const scope = { isSecureContext: true, navigator: { gpu: gpuOf(ADAPTER) } };
  const insecure = async () => {
    throw new DOMException("insecure", "SecurityError");
  };
  const sandboxed = Object.defineProperty({ ...scope }, "caches", { get: () => { throw new DOMException("insecure"); } });
  for (const found of [scope, { ...scope, caches: { open: insecure } }, sandboxed]) {
    const { storage, problem } = await checkScope(found);
    assert.deepEqual([storage, problem], [false, undefined]);
  }
});

test("a supported browser reports its adapter, features and limits", async () => {
  assert.deepEqual(await check(ADAPTER), {
    secure: true,
    webgpu: true,
    storage: true,
    adapter: { vendor: "acme", architecture: "one", description: "", fallback: true },
    features: ["shader-f16", "subgroups"],
    limits: LIMITS,
    thread: "main",
  });
});

test("each limit that is too low is reported with its value and the required one", async () => {
  const needed = {
    maxBufferSize: 2 ** 28,
    maxStorageBufferBindingSize: 2 ** 27,
    maxComputeWorkgroupStorageSize: 2 ** 15,
    maxStorageBuffersPerShaderStage: 10,
  };
  const shortfalls = Object.entries(needed).map(([name, least]) => ({ name, value: least - 1, needed: least }));
  const tooSmall = Object.fromEntries(shortfalls.map(({ name, value }) => [name, value]));
  for (const shortfall of shortfalls) {
    const support = await check({ ...ADAPTER, limits: { ...LIMITS, [shortfall.name]: shortfall.value } });
    assert.deepEqual([support.problem, support.shortfalls], ["limits", [shortfall]]);
  }
  assert.deepEqual((await check({ ...ADAPTER, limits: { ...LIMITS, ...tooSmall } })).shortfalls, shortfalls);
});

test("the lowest limits that WebLLM accepts are not a problem", async () => {
  const least = { ...LIMITS, maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 };
  const support = await check({ ...ADAPTER, limits: { ...least, maxComputeInvocationsPerWorkgroup: 128 } });
  assert.deepEqual([support.problem, support.shortfalls], [undefined, undefined]);
});

test("an adapter of an older browser is described with fewer fields", async () => {
  const { info: _info, ...old } = ADAPTER;
  const unknown = { vendor: "", architecture: "", description: "" };
  assert.deepEqual((await check(old)).adapter, { ...unknown, fallback: false });
  assert.deepEqual((await check({ ...old, isFallbackAdapter: true })).adapter, { ...unknown, fallback: true });
  const between = { ...old, info: { vendor: "acme" }, isFallbackAdapter: true };
  assert.deepEqual((await check(between)).adapter, { ...unknown, vendor: "acme", fallback: true });
});

test("a missing adapter, secure context or WebGPU is reported", async () => {
  assert.equal((await check(null)).problem, "no-adapter");
  assert.equal((await check(ADAPTER, false)).problem, "insecure-context");
  const bare = await checkSupport({ isSecureContext: true, navigator: {} });
  const support = { secure: true, webgpu: false, features: [], limits: {} };
  assert.deepEqual(JSON.parse(bare), { ...support, problem: "no-webgpu", thread: "main" });
});

/** @type {[string, () => Promise<null>][]} */
const REFUSALS = [
  ["rejects", () => Promise.reject(new Error("blocked"))],
  ["throws", () => {
    throw new TypeError("not here");
  }],
];

for (const [how, requestAdapter] of REFUSALS) {
  test(`a browser that ${how} on a request for an adapter has none`, async () => {
    const scope = { isSecureContext: true, navigator: { gpu: { requestAdapter } } };
    assert.equal(JSON.parse(await checkSupport(/** @type {any} */ (scope))).problem, "no-adapter");
  });
}

test("a browser that never returns an adapter has none", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const answer = check(new Promise(() => {}));
  await settle();
  mock.timers.tick(30_000);
  assert.equal((await answer).problem, "no-adapter");
});
