/**
 * WebLLM 0.2.86 checks between two tokens whether an answer was interrupted, but not between the chunks
 * of a prompt: a stopped request with a long prompt computes to its end before the next one can start.
 * With this patch, a chunk starts only when the one before is done, and none does after an interruption.
 * The answer then ends without text and with `abort`, and the cache is empty, as after a reset.
 *
 * Guarded by tests/bridge/patches/prefill_stop.test.mjs and tests/browser/test_stopping.py.
 */

import { wrap } from "./wrap.js";

/** Thrown between two chunks, and caught where the prefill began. */
class PrefillStopped extends Error {}

/** @param {any} engine */
export function patchPrefillStop(engine) {
  const patched = new WeakSet();
  wrap(engine, "preparePrefillInput", (prepare, request, pipeline, ...rest) => {
    if (!patched.has(pipeline)) stopBetweenChunks(engine, pipeline);
    patched.add(pipeline);
    return prepare(request, pipeline, ...rest);
  });
}

/** @param {any} engine @param {any} pipeline */
function stopBetweenChunks(engine, pipeline) {
  /** The chunks of the prefill that runs; undefined in decode steps, and where an answer is resumable. @type {number | undefined} */
  let chunks;
  wrap(pipeline, "prefillStep", async (prefill, ...args) => {
    chunks = 0;
    try {
      return await prefill(...args);
    } catch (error) {
      if (!(error instanceof PrefillStopped)) throw error;
      // A part of the prompt is in the cache, and belongs to no conversation.
      pipeline.resetChat(true);
      pipeline.stopTriggered = true;
      pipeline.finishReason = "abort";
    } finally {
      chunks = undefined;
    }
  });
  wrap(pipeline, "embedAndForward", async (forward, ...args) => {
    if (chunks !== undefined) {
      if (chunks > 0) await pipeline.device.sync();
      if (chunks > 0 && engine.interruptSignal) throw new PrefillStopped();
      chunks += 1;
    }
    return forward(...args);
  });
}
