import assert from "node:assert/strict";
import { beforeEach } from "node:test";
import { drain, resume, test } from "../fakes.mjs";
import { ask, read, writing } from "../pipeline.mjs";
import { freshFiles, interruptAfter, openTabs } from "../tabs.mjs";

beforeEach(freshFiles);

test("a resumed answer without top_logprobs has logprobs with an empty top_logprobs", async () => {
  const tabs = await openTabs("a", "b", "c");
  await interruptAfter(tabs, 1, { logprobs: true });
  const { logprobs } = read(await drain(resume(tabs.second.bridge)));
  assert.deepEqual(logprobs.map((/** @type {any} */ it) => [it.token, it.top_logprobs]), [["c", []]]);
});

test("an answer has no logprobs unless they are requested", async () => {
  const { bridge } = await writing("a", "b");
  const { chunks } = await ask(bridge);
  assert.deepEqual(chunks.slice(0, 2).map((/** @type {any} */ { choices }) => choices[0].logprobs), [null, null]);
});

test("logprobs without top_logprobs have an empty top_logprobs", async () => {
  const { bridge } = await writing("a", "b");
  for (const body of [{ logprobs: true }, { logprobs: true, top_logprobs: 0 }]) {
    const { logprobs } = await ask(bridge, body);
    assert.deepEqual(logprobs.map((/** @type {any} */ { token }) => token), ["a", "b"]);
    assert.ok(logprobs.every((/** @type {any} */ { top_logprobs }) => top_logprobs.length === 0));
  }
  const { logprobs } = await ask(bridge, { logprobs: true, top_logprobs: 1 });
  assert.equal(logprobs[0].top_logprobs.length, 1);
});
