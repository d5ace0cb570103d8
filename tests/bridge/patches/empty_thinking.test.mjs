import assert from "node:assert/strict";
import { test } from "../fakes.mjs";
import { EMPTY_THINKING, ask, writing } from "../pipeline.mjs";

test("stop strings and max_tokens do not apply to an empty thinking block", async () => {
  const { bridge } = await writing("Par", "is", ".", "\n", "more");
  const extra_body = { enable_thinking: false };
  for (const [body, text, reason] of /** @type {[object, string, string][]} */ ([
    [{ stop: "\n" }, "Paris.", "stop"],
    [{ stop: ["think", "\n\nP"] }, "Paris.\nmore", "stop"],
    [{ max_tokens: 2 }, "Paris", "length"],
  ])) {
    const answer = await ask(bridge, { ...body, extra_body });
    assert.deepEqual([answer.text, answer.finishReason], [EMPTY_THINKING + text, reason]);
  }
  assert.equal((await ask(bridge, { max_tokens: 2, extra_body })).usage.completion_tokens, 2);
});
