import assert from "node:assert/strict";
import { checkSupport } from "../../webllm_bridge.js";
import { test } from "./fakes.mjs";

const LIMITS = {
  maxBufferSize: 2 ** 30,
  maxStorageBufferBindingSize: 2 ** 30,
  maxComputeWorkgroupStorageSize: 2 ** 15,
  maxStorageBuffersPerShaderStage: 10,
  maxComputeInvocationsPerWorkgroup: 256,
};

const ADAPTER = {
  info: { vendor: "acme", architecture: "one", description: "", isFallbackAdapter: true, device: "not told" },
  features: new Set(["subgroups", "shader-f16"]),
  limits: { ...LIMITS, maxTextureDimension1D: 1 },
};

/** @param {unknown} adapter @param {boolean} [isSecureContext] */
async function check(adapter, isSecureContext = true) {
  const gpu = { requestAdapter: async () => adapter };
  return JSON.parse(await checkSupport(/** @type {any} */ ({ isSecureContext, navigator: { gpu } })));
}

test("a browser that can run models says with what", async () => {
  assert.deepEqual(await check(ADAPTER), {
    secure: true,
    webgpu: true,
    adapter: { vendor: "acme", architecture: "one", description: "", fallback: true },
    features: ["shader-f16", "subgroups"],
    limits: LIMITS,
  });
});

test("each limit that is too small for WebLLM is a problem", async () => {
  for (const name of Object.keys(LIMITS)) {
    const limits = { ...LIMITS, [name]: 1 };
    assert.equal((await check({ ...ADAPTER, limits })).problem, "limits", name);
  }
});

test("what is missing is named", async () => {
  assert.equal((await check(null)).problem, "no-adapter");
  assert.equal((await check(ADAPTER, false)).problem, "insecure-context");
  const bare = await checkSupport({ isSecureContext: true, navigator: {} });
  assert.deepEqual(JSON.parse(bare), { secure: true, webgpu: false, features: [], limits: {}, problem: "no-webgpu" });
});

test("a browser that refuses an adapter has none", async () => {
  const gpu = { requestAdapter: () => Promise.reject(new Error("blocked")) };
  const text = await checkSupport(/** @type {any} */ ({ isSecureContext: true, navigator: { gpu } }));
  assert.equal(JSON.parse(text).problem, "no-adapter");
});
