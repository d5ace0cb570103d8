import assert from "node:assert/strict";
import { test } from "../fakes.mjs";
import { PREFIX_TOKENS, PROMPT_TOKENS, ask, writing } from "../pipeline.mjs";

const HELLO = { role: "user", content: "hello" };

test("usage of the next turn has the whole conversation in cached_tokens", async () => {
  const { bridge } = await writing("Hel", "lo");
  const first = await ask(bridge);
  assert.deepEqual([first.usage.prompt_tokens, first.usage.completion_tokens], [PROMPT_TOKENS, 3]);
  assert.equal(first.usage.extra.cached_tokens, 0);
  const messages = [HELLO, { role: "assistant", content: first.text }, HELLO];
  const { usage } = await ask(bridge, { messages });
  assert.equal(usage.extra.cached_tokens, PREFIX_TOKENS + PROMPT_TOKENS + 2);
  assert.equal(usage.prompt_tokens, PROMPT_TOKENS);
  assert.ok(usage.extra.time_to_first_token_s, "the fields of WebLLM are kept");
});

test("usage of another conversation, or after a truncated answer, has 0 in cached_tokens", async () => {
  const { bridge } = await writing("Hel", "lo");
  const { text } = await ask(bridge, { max_tokens: 1 });
  const messages = [HELLO, { role: "assistant", content: text }, HELLO];
  assert.equal((await ask(bridge, { messages })).usage.extra.cached_tokens, 0);
  assert.equal((await ask(bridge)).usage.extra.cached_tokens, 0);
});
