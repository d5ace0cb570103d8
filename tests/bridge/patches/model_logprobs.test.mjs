import assert from "node:assert/strict";
import { patchModelLogprobs } from "../../../bridge/patches/model_logprobs.js";
import { test } from "../fakes.mjs";
import { source } from "../pipeline.mjs";

/** A tensor as far as the patch uses it. @param {number[]} numbers @returns {any} */
const tensor = (...numbers) => ({ numbers, view: () => tensor(...numbers) });

/** WebLLM's own sampling, as far as logprobs are concerned, with the GPU's softmax in JavaScript. */
class Pipeline {
  fullVocabSize = 3;
  device = {};
  /** @type {number[] | undefined} */
  onCPU;
  tvm = { empty: () => ({ copyFrom: (/** @type {Float32Array} */ values) => tensor(...values) }) };

  /** @param {any} logits @param {any} temperatures */
  fsoftmaxWithTemperature = (logits, temperatures) => {
    const [temperature] = temperatures.numbers;
    const most = Math.max(...logits.numbers);
    const weights = logits.numbers.map((/** @type {number} */ it) => Math.exp((it - most) / temperature));
    const sum = weights.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b);
    return tensor(...weights.map((/** @type {number} */ it) => it / sum));
  };

  /** @param {any} values */
  updateLogitsOnCPU(values) {
    this.onCPU = values.numbers;
  }

  /** @param {any} logits @param {{ temperature: number, processor?: boolean }} config */
  async sampleFromRawLogits(logits, { temperature, processor }) {
    if (processor) this.updateLogitsOnCPU(logits);
    else this.updateLogitsOnCPU(this.fsoftmaxWithTemperature(logits, tensor(Math.max(1e-6, temperature))));
    return 0;
  }
}

test("logprobs are those of the model at every temperature", async () => {
  const pipeline = new Pipeline();
  patchModelLogprobs(pipeline);
  for (const temperature of [0, 0.5, 1, 2]) {
    assert.equal(await pipeline.sampleFromRawLogits(tensor(2, 1, 0), { temperature }), 0);
    const logprobs = (pipeline.onCPU ?? []).map((it) => Math.log(it).toFixed(2));
    assert.deepEqual(logprobs, ["-0.41", "-1.41", "-2.41"], `at ${temperature}`);
  }
});

test("a logit processor still gets the logits, and other callers their values", async () => {
  const pipeline = new Pipeline();
  patchModelLogprobs(pipeline);
  await pipeline.sampleFromRawLogits(tensor(2, 1, 0), { temperature: 0, processor: true });
  assert.deepEqual(pipeline.onCPU, [2, 1, 0]);
  pipeline.updateLogitsOnCPU(tensor(5, 6, 7));
  assert.deepEqual(pipeline.onCPU, [5, 6, 7]);
});

test("WebLLM's sampling has the parts that the patch of logprobs uses", () => {
  const sampling = /sampleFromRawLogits\(logitsOnGPU, genConfig\) \{[^]*?\n {4}\}\n/.exec(source)?.[0] ?? "";
  for (const part of [
    "this.fsoftmaxWithTemperature(logitsOnGPU.view([numSeqs, numProbs, this.fullVocabSize])",
    "this.updateLogitsOnCPU(probs)",
    "this.updateLogitsOnCPU(logitsOnGPU)",
    'this.tvm\n                .empty([numSeqs], "float32", this.device)',
  ]) {
    assert.ok(sampling.includes(part), part);
  }
  assert.ok(source.includes("this.sampleFromRawLogits("));
});
