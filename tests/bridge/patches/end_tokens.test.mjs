import assert from "node:assert/strict";
import { test } from "../fakes.mjs";
import { ask, writing } from "../pipeline.mjs";

test("the token that ends an answer has no logprobs unless ignore_eos is set", async () => {
  const { bridge } = await writing("a");
  for (const [ignore_eos, tokens] of /** @type {const} */ ([[false, ["a"]], [true, ["a", "<end>"]]])) {
    const body = { logprobs: true, top_logprobs: 1, ignore_eos, max_tokens: 2 };
    const { logprobs } = await ask(bridge, body);
    assert.deepEqual(logprobs.map((/** @type {any} */ it) => it.token), tokens);
  }
});
