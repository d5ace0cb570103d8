/**
 * WebLLM 0.2.86 adds the biases of `logit_bias` to the logits without comparing the IDs with the size of
 * the vocabulary, so an ID beyond it is ignored, or writes outside of the logits. With this patch the
 * request is refused before it changes the engine.
 *
 * Guarded by tests/bridge/patches/logit_bias.test.mjs.
 */

import { checkLogitBias } from "../token_ids.js";
import { wrap } from "./wrap.js";

/** @param {any} engine */
export function patchLogitBias(engine) {
  wrap(engine, "preparePrefillInput", (prepare, request, pipeline, ...rest) => {
    checkLogitBias(request.logit_bias, () => pipeline.fullVocabSize);
    return prepare(request, pipeline, ...rest);
  });
}
