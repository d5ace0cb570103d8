/**
 * Chromium 156 notices that a GPU is done when the page sends it something, and otherwise up to two
 * milliseconds later: a third of the time of a token of a small model on a fast GPU, in which nothing
 * happens. With this patch, a GPU device for which WebLLM 0.2.86 waits gets questions that need no GPU,
 * one after the other, until the wait ends; their answers set the pace. docs/webllm-dispatches.md has
 * the figures. Emulated GPUs are left alone, because they need the processor themselves.
 *
 * Guarded by tests/bridge/patches/gpu_waits.test.mjs.
 */

/** After so many milliseconds, questions are rarer: the wait may then end later by a part of its time. */
const LONG_MS = 20;
const PART = 1 / 20;

/** `userAgentData` is Chromium's alone. @typedef {{ navigator?: { userAgentData?: object } }} Scope */

/**
 * @param {GPUDevice} device one that was just created, whose methods are replaced
 * @param {Scope} [scope]
 */
export function patchGpuWaits(device, scope = /** @type {any} */ (globalThis)) {
  const isEmulated = device.adapterInfo?.isFallbackAdapter ?? true;
  if (isEmulated || !scope.navigator?.userAgentData) return;
  const watch = questioner(device);
  const { createBuffer, queue } = device;
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer.call(device, descriptor);
    if (descriptor.usage & GPUBufferUsage.MAP_READ) {
      const { mapAsync } = buffer;
      buffer.mapAsync = (...all) => watch(mapAsync.apply(buffer, all));
    }
    return buffer;
  };
  const { onSubmittedWorkDone } = queue;
  queue.onSubmittedWorkDone = () => watch(onSubmittedWorkDone.call(queue));
}

/** @param {GPUDevice} device @returns {<T>(wait: Promise<T>) => Promise<T>} asks questions until a wait ends */
function questioner(device) {
  let waits = 0;
  let start = 0;
  let isAsking = false;
  const ask = async () => {
    isAsking = true;
    try {
      while (waits > 0) {
        device.pushErrorScope("validation");
        await device.popErrorScope();
        const waited = performance.now() - start;
        if (waited > LONG_MS) await new Promise((resolve) => setTimeout(resolve, waited * PART));
      }
    } catch {
      // A lost device ends all waits.
    }
    isAsking = false;
  };
  const end = () => {
    waits -= 1;
  };
  return (wait) => {
    waits += 1;
    start = performance.now();
    wait.then(end, end);
    if (!isAsking) void ask();
    return wait;
  };
}
