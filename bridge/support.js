/** Checks whether this browser can run models. */

import { CACHES } from "./files.js";
import { withTimeout } from "./timeout.js";

/** The lowest limits that WebLLM 0.2.86 accepts, see its `detectGPUDevice`. */
const REQUIRED_LIMITS = /** @type {const} */ ([
  ["maxBufferSize", 2 ** 28],
  ["maxStorageBufferBindingSize", 2 ** 27],
  ["maxComputeWorkgroupStorageSize", 2 ** 15],
  ["maxStorageBuffersPerShaderStage", 10],
  // Reported because it affects speed; WebLLM accepts any value.
  ["maxComputeInvocationsPerWorkgroup", 0],
]);

/** A GPU process that hangs never answers a request for an adapter. */
const ADAPTER_TIMEOUT = 30;

/**
 * Report whether a model can run here, without starting or downloading anything.
 * @param {{ isSecureContext: boolean, navigator: { gpu?: GPU }, caches?: Pick<CacheStorage, "open"> }} [scope]
 * @returns {Promise<string>} JSON text
 */
export async function checkSupport(scope = globalThis) {
  const gpu = scope.navigator.gpu;
  const support = { secure: scope.isSecureContext, webgpu: gpu !== undefined, features: [], limits: {} };
  if (!support.secure) return JSON.stringify({ ...support, problem: "insecure-context" });
  if (!gpu) return JSON.stringify({ ...support, problem: "no-webgpu" });
  const adapter = await findAdapter(gpu);
  if (!adapter) return JSON.stringify({ ...support, problem: "no-adapter" });
  const limits = REQUIRED_LIMITS.map(([name, needed]) => ({ name, value: adapter.limits[name], needed }));
  const shortfalls = limits.filter(({ value, needed }) => value < needed);
  return JSON.stringify({
    ...support,
    storage: await hasStorage(scope),
    adapter: describeAdapter(adapter),
    features: [...adapter.features].sort(),
    limits: Object.fromEntries(limits.map(({ name, value }) => [name, value])),
    ...(shortfalls.length > 0 && { problem: "limits", shortfalls }),
  });
}

/**
 * A sandboxed frame throws when `caches` is only read, and other browsers when a cache is opened.
 * @param {{ caches?: Pick<CacheStorage, "open"> }} scope
 * @returns {Promise<boolean>} whether files can be kept for later visits
 */
async function hasStorage(scope) {
  try {
    return (await scope.caches?.open(CACHES.weights)) !== undefined;
  } catch {
    return false;
  }
}

/** @param {GPU | undefined} gpu @returns {Promise<GPUAdapter | null | undefined>} null or undefined if there is none */
export async function findAdapter(gpu) {
  if (!gpu) return undefined;
  // The same options as WebLLM's, so that this is the adapter that it would get.
  const request = async () => gpu.requestAdapter({ powerPreference: "high-performance" });
  return withTimeout(ADAPTER_TIMEOUT, request()).catch(() => null);
}

/** Chrome before 127 has no `info`, and `isFallbackAdapter` was first the adapter's. @param {GPUAdapter} adapter */
export function describeAdapter(adapter) {
  const old = /** @type {{ info?: GPUAdapterInfo, isFallbackAdapter?: boolean }} */ (adapter);
  const { vendor = "", architecture = "", description = "", isFallbackAdapter } = old.info ?? {};
  return { vendor, architecture, description, fallback: isFallbackAdapter ?? old.isFallbackAdapter ?? false };
}
