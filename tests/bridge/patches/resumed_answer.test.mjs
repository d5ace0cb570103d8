import assert from "node:assert/strict";
import { beforeEach } from "node:test";
import { drain, resume, settle, test, textOf } from "../fakes.mjs";
import { PROMPT_TOKENS, ask, bytes, read } from "../pipeline.mjs";
import { freshFiles, interruptAfter, openTabs, resumableChat, storedText } from "../tabs.mjs";

beforeEach(freshFiles);

test("an answer of a closed tab is resumed in another tab as chunks of one answer", async () => {
  const tabs = await openTabs("a", "b", "c", "d");
  await interruptAfter(tabs, 2);
  const { text, chunks, usage, finishReason } = read(await drain(resume(tabs.second.bridge)));
  assert.deepEqual([text, finishReason], ["abcd", "stop"]);
  assert.deepEqual(chunks[0].choices, [
    { index: 0, delta: { role: "assistant", content: "abc" }, finish_reason: null, logprobs: null },
  ]);
  for (const name of ["id", "created", "model", "object"]) {
    assert.equal(new Set(chunks.map((/** @type {any} */ chunk) => chunk[name])).size, 1, name);
  }
  // Four tokens of text and the end token.
  assert.deepEqual([usage.prompt_tokens, usage.completion_tokens, usage.total_tokens], [0, 5, 5]);
  assert.equal(usage.extra.cached_tokens, PROMPT_TOKENS);
});

test("a resumed answer contains what the other tab wrote before it stopped", async ({ mock }) => {
  const { first, second, step } = await openTabs("a", "b", "c", "d", "e");
  const writer = resumableChat(first.bridge);
  await settle();
  mock.timers.enable({ apis: ["setTimeout"] });
  const resumed = drain(resume(second.bridge));
  await settle();
  await step(2);
  writer.stop();
  await step();
  mock.timers.tick(100);
  const { text, usage } = read(await resumed);
  assert.deepEqual([text, usage.completion_tokens], ["abcde", 6]);
});

test("resuming an answer that the other tab finishes meanwhile is a NotResumableError", async ({ mock }) => {
  const { first, second, step } = await openTabs("a", "b", "c");
  const writer = drain(resumableChat(first.bridge));
  await settle();
  mock.timers.enable({ apis: ["setTimeout"] });
  const resumed = drain(resume(second.bridge));
  await settle();
  await step(3);
  assert.equal(textOf(await writer), "abc");
  mock.timers.tick(100);
  const { items, error } = await resumed;
  assert.deepEqual([items, error.name], [[], "NotResumableError"]);
  assert.deepEqual(await storedText(second.bridge), { text: "abc", completion_tokens: 4 });
  assert.equal((await ask(second.bridge)).text, "abc");
});

test("an answer resumed within a character has the whole character and counts each token once", async () => {
  const tabs = await openTabs("caf", ...bytes("é"), "!");
  await interruptAfter(tabs, 1);
  assert.deepEqual(await storedText(tabs.second.bridge), { text: "caf", completion_tokens: 2 });
  const { text, usage } = read(await drain(resume(tabs.second.bridge)));
  assert.deepEqual([text, usage.completion_tokens], ["café!", 5]);
});

test("an answer without any stored token is resumed from its beginning", async () => {
  const tabs = await openTabs("a", "b");
  tabs.first.pipeline.commitSampledStep = () => {
    throw new Error("the tab was closed");
  };
  await drain(resumableChat(tabs.first.bridge));
  const { text, usage } = read(await drain(resume(tabs.second.bridge)));
  assert.deepEqual([text, usage.completion_tokens], ["ab", 3]);
});
