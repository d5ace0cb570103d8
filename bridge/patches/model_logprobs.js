/**
 * WebLLM 0.2.86 takes logprobs from the probabilities that it samples from, after `temperature`: with
 * `temperature: 0` the sampled token has 0 and every other -Infinity. With this patch they are those of
 * the model's own distribution, at temperature 1, like those of OpenAI:
 *
 *     temperature 0, logits 2, 1 and 0  →  -0.41, -1.41 and -2.41, not 0, -Infinity and -Infinity
 *
 * Bias, penalties and grammar still count, because they change the logits.
 *
 * Guarded by tests/bridge/patches/model_logprobs.test.mjs.
 */

import { wrap } from "./wrap.js";

/** @param {any} pipeline */
export function patchModelLogprobs(pipeline) {
  if (!pipeline.sampleFromRawLogits || !pipeline.updateLogitsOnCPU) return;
  /** The logits of the current token. @type {any} */
  let logits;
  wrap(pipeline, "sampleFromRawLogits", async (sample, current, ...rest) => {
    logits = current;
    try {
      return await sample(current, ...rest);
    } finally {
      logits = undefined;
    }
  });
  // WebLLM also calls it with the logits themselves, for logit processors.
  wrap(pipeline, "updateLogitsOnCPU", (update, values) =>
    update(logits && values !== logits ? probabilities(pipeline, logits) : values));
}

/** @param {any} pipeline @param {any} logits on the GPU; the scope of WebLLM's caller disposes of the result */
function probabilities({ tvm, device, fullVocabSize, fsoftmaxWithTemperature }, logits) {
  const temperature = tvm.empty([1], "float32", device).copyFrom(new Float32Array([1]));
  const found = fsoftmaxWithTemperature(logits.view([1, 1, fullVocabSize]), temperature);
  return found.view([1, fullVocabSize]);
}
