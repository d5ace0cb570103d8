/**
 * The usage that WebLLM 0.2.86 reports does not contain how many tokens of the prompt were in the KV
 * cache already, and that of a resumed answer counts some tokens of its beginning, and the first new
 * one sometimes twice. This patch adds `extra.cached_tokens`, and counts the tokens of a resumed
 * answer itself; `resumed_answer.js` adds those before the interruption.
 *
 * Guarded by tests/bridge/patches/usage.test.mjs and resumed_answer.test.mjs.
 */

import { wrap } from "./wrap.js";

/** The length of the KV cache at the start of a request's prefill. A resumed request has none. @type {WeakMap<object, number>} */
const cachedTokens = new WeakMap();

/** @param {any} engine */
export function patchUsage(engine) {
  wrap(engine, "preparePrefillInput", (prepare, request, pipeline, ...rest) => {
    const input = prepare(request, pipeline, ...rest);
    cachedTokens.set(request, pipeline.filledKVCacheLength);
    return input;
  });
  wrap(engine, "streamCurrentGeneration", (stream, ...args) => {
    const [request, , pipeline, , , , , options] = args;
    const chunks = stream(...args);
    const cached = cachedTokens.get(request);
    const offset = options?.completionTokenOffset ?? 0;
    return cached === undefined
      ? withUsage(chunks, (usage) => usageOfResumed(usage, pipeline.getCurRoundDecodingTotalTokens() + offset))
      : withUsage(chunks, (usage) => ({ ...usage, extra: { ...usage.extra, cached_tokens: cached } }));
  });
}

/** @param {AsyncIterable<any>} chunks @param {(usage: any) => object} patch */
async function* withUsage(chunks, patch) {
  for await (const chunk of chunks) yield chunk.usage ? { ...chunk, usage: patch(chunk.usage) } : chunk;
}

/** @param {any} usage @param {number} completion_tokens */
function usageOfResumed(usage, completion_tokens) {
  return { ...usage, completion_tokens, total_tokens: usage.prompt_tokens + completion_tokens };
}
