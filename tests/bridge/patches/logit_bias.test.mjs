import assert from "node:assert/strict";
import { chat, drain, test } from "../fakes.mjs";
import { ask, writing } from "../pipeline.mjs";

/** @param {Record<string, number>} logit_bias */
async function outcome(logit_bias) {
  const { bridge, pipeline } = await writing("a");
  pipeline.fullVocabSize = 512;
  pipeline.prompts = [];
  const { error } = await drain(chat(bridge, { logit_bias }));
  const prompts = pipeline.prompts.length;
  assert.equal((await ask(bridge)).text, "a");
  return { error, prompts };
}

test("a bias for a token beyond the vocabulary is refused before the prompt reaches the model", async () => {
  for (const token of ["512", "2147483647"]) {
    const { error, prompts } = await outcome({ 7: 1, [token]: 1 });
    assert.equal(error.name, "InvalidRequestError");
    assert.equal(error.message, `\`logit_bias\` must have token IDs of the model as keys, from 0 to 511, got ${token}`);
    assert.equal(prompts, 0);
  }
});

test("a bias for the last token of the vocabulary is passed", async () => {
  const { error, prompts } = await outcome({ 511: 1 });
  assert.equal(error, undefined);
  assert.equal(prompts, 1);
});
