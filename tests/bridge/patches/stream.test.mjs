import assert from "node:assert/strict";
import { drain, test } from "../fakes.mjs";
import { ask, bytes, writing } from "../pipeline.mjs";

test("the logprobs of each token are sent once, also for characters of several tokens", async () => {
  const { bridge } = await writing("a", ...bytes("é"), ...bytes("😀"), "b");
  const { chunks, text, logprobs } = await ask(bridge, { logprobs: true, top_logprobs: 1 });
  assert.equal(text, "aé😀b");
  assert.equal(logprobs.length, 8);
  assert.deepEqual([logprobs[0].token, logprobs.at(-1).token], ["a", "b"]);
  const counts = chunks.slice(0, 4).map((/** @type {any} */ { choices }) => choices[0].logprobs.content.length);
  assert.deepEqual(counts, [1, 2, 4, 1]);
});

test("an answer truncated within a character sends all of its text and logprobs", async () => {
  const { bridge } = await writing("a", `b${bytes("😀")[0]}`);
  const { chunks, text, logprobs, finishReason } = await ask(bridge, { logprobs: true, max_tokens: 2 });
  assert.deepEqual([text, logprobs.length, finishReason], ["ab\uFFFD", 2, "length"]);
  assert.deepEqual(chunks.at(-2).choices[0].delta, {}, "the last chunk has no text, as in other answers");
});

test("completions are patched in the same way as chats", async () => {
  const { bridge } = await writing("a", ...bytes("é"), bytes("é")[0] ?? "");
  const request = { prompt: "x", logprobs: true, max_tokens: 4 };
  const { items, error } = await drain(bridge.generate(JSON.stringify({ kind: "completions", request })));
  assert.equal(error, undefined);
  const choices = items.flat().flatMap((/** @type {any} */ chunk) => chunk.choices);
  assert.deepEqual(choices.map((/** @type {any} */ { text }) => text), ["a", "é", "\uFFFD", ""]);
  assert.deepEqual(choices.map(({ logprobs }) => logprobs?.content.length), [1, 2, 1, undefined]);
  assert.equal(items.flat().at(-1).usage.extra.cached_tokens, 0);
});

test("no part of a stop string is sent, but text that only looked like one is", async () => {
  const { bridge } = await writing("one", "\nUs", "e", "d", "\nUs", "er", ":", "more");
  const { text, finishReason, chunks } = await ask(bridge, { stop: ["\nUser:", "!"] });
  assert.deepEqual([text, finishReason], ["one\nUsed", "stop"]);
  assert.equal(chunks[1].choices[0].delta.content, "\nUsed", "it was held back until it could not be a stop string");
});

test("the beginning of a stop string at the end of an answer is sent", async () => {
  const { bridge } = await writing("one", "\nUs");
  assert.equal((await ask(bridge, { stop: "\nUser:" })).text, "one\nUs");
  assert.equal((await ask(bridge, { stop: "\nUser:", max_tokens: 2 })).text, "one\nUs");
});

test("text is not held back with ignore_eos, which disables stop strings", async () => {
  const { bridge } = await writing("\nUs", "e");
  const { chunks } = await ask(bridge, { stop: "\nUser:", ignore_eos: true, max_tokens: 2 });
  assert.equal(chunks[0].choices[0].delta.content, "\nUs");
});
