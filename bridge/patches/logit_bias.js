/**
 * WebLLM 0.2.86 adds the biases of `logit_bias` to the logits without comparing the IDs with the size of
 * the vocabulary, so an ID beyond it is ignored, or writes outside of the logits. With this patch the
 * request is refused before it changes the engine.
 *
 * Guarded by tests/bridge/patches/logit_bias.test.mjs.
 */

import { wrap } from "./wrap.js";

/** @param {any} engine */
export function patchLogitBias(engine) {
  wrap(engine, "preparePrefillInput", (prepare, request, pipeline, ...rest) => {
    checkTokens(request.logit_bias, pipeline.fullVocabSize);
    return prepare(request, pipeline, ...rest);
  });
}

/** @param {Record<string, number> | null | undefined} bias by token IDs @param {number} size of the vocabulary */
function checkTokens(bias, size) {
  const token = Object.keys(bias ?? {}).find((id) => Number(id) >= size);
  if (token === undefined) return;
  const message = `\`logit_bias\` must have token IDs of the model as keys, from 0 to ${size - 1}, got ${token}`;
  throw Object.assign(new Error(message), { name: "InvalidRequestError" });
}
