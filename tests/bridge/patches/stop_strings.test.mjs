import assert from "node:assert/strict";
import { chat, drain, test } from "../fakes.mjs";
import { ask, writing } from "../pipeline.mjs";

const HELLO = { role: "user", content: "hello" };

test("the turn after a stop string does not reuse the KV cache", async () => {
  const { bridge, pipeline } = await writing("Hel", "lo.");
  const { text } = await ask(bridge, { stop: "." });
  assert.equal(text, "Hello");
  const messages = [HELLO, { role: "assistant", content: text }, HELLO];
  assert.equal((await ask(bridge, { messages })).usage.extra.cached_tokens, 0);
  assert.equal(pipeline.prompts.at(-1), "<default>user:hello\nassistant:Hello\nuser:hello\nassistant:");
  const longer = [...messages, { role: "assistant", content: "Hello." }, HELLO];
  assert.notEqual((await ask(bridge, { messages: longer })).usage.extra.cached_tokens, 0, "this ended at an end token");
});

for (const [tokens, stop, text] of /** @type {[string[], string | string[], string][]} */ ([
  [["one", "\n\n", "two"], "\n", "one"],
  [["x", "ab", "two"], ["b", "a"], "x"],
  [["one", " E", "N", "D"], ["END"], "one "],
  [["END"], ["END"], ""],
])) {
  test(`an answer ${JSON.stringify(tokens)} ends before the first of ${JSON.stringify(stop)}`, async () => {
    const { bridge, pipeline } = await writing(...tokens);
    const answer = await ask(bridge, { stop, logprobs: true });
    assert.deepEqual([answer.text, answer.finishReason], [text, "stop"]);
    assert.equal(pipeline.conversation.messages.at(-1)[2], text, "the conversation has the text that was sent");
    const taken = answer.logprobs.map((/** @type {any} */ { token }) => token);
    assert.deepEqual(taken, tokens.slice(0, taken.length));
    assert.ok(taken.slice(0, -1).join("").length < Math.max(text.length, 1), `${taken} contains a part of the stop string`);
    assert.ok(taken.join("").length >= text.length);
  });
}

const THOUGHT = ["<th", "ink>", "\n", "one", "\n\n", "two", "\n", "</think>", "\n\n"];

for (const [tokens, stop, text] of /** @type {[string[], string | string[], string][]} */ ([
  [[...THOUGHT, "Par", "is", "\n\n", "more"], "\n\n", `${THOUGHT.join("")}Paris`],
  [[...THOUGHT, "Paris"], ["one", "think"], `${THOUGHT.join("")}Paris`],
  [["\n", ...THOUGHT, "Paris", "."], [".", "<"], `\n${THOUGHT.join("")}Paris`],
  [["<think>", "one"], "one", "<think>one"],
  // Not reasoning, though it begins like it.
  [["<", "th", "is>", "one"], "<", ""],
  [["\n\n", "one"], "\n\n", ""],
  [["\n\n", "<", "t", "h", "i", "n", "e"], "\n\n", ""],
])) {
  test(`an answer ${JSON.stringify(tokens)} ends at ${JSON.stringify(stop)} only after its reasoning`, async () => {
    const { bridge, pipeline } = await writing(...tokens);
    const answer = await ask(bridge, { stop });
    assert.equal(answer.text, text);
    assert.equal(pipeline.conversation.messages.at(-1)[2], text, "the conversation has the text that was sent");
  });
}

test("a stop string of the model's template ends reasoning too", async () => {
  const { bridge, pipeline } = await writing("<think>", "one", "END", "two");
  pipeline.stopStr = ["END"];
  assert.equal((await ask(bridge, { stop: "one" })).text, "<think>one");
});

test("a text completion has no reasoning, so a stop string ends it anywhere", async () => {
  const { bridge } = await writing("<think>", "one", "END", "two");
  const { items } = await drain(chat(bridge, { messages: null, prompt: "a", stop: "END" }, "completions"));
  const text = items.flat().map((chunk) => chunk.choices[0]?.text ?? "").join("");
  assert.equal(text, "<think>one");
});

test("reasoning is sent while it is written, stop strings or not", async () => {
  const { bridge } = await writing("<think>", "one", "\n", "two");
  const { chunks } = await ask(bridge, { stop: "\n\n" });
  const texts = chunks.map((/** @type {any} */ chunk) => chunk.choices[0]?.delta.content).filter(Boolean);
  assert.deepEqual(texts, ["<think>", "one", "\n", "two"]);
});

test("a long answer is not decoded again for each token to find a stop string", async () => {
  const tokens = [...Array(60).keys()].map((number) => `${number} `);
  const { bridge, pipeline } = await writing(...tokens, "END");
  const { decode } = pipeline.tokenizer;
  /** @type {number[]} */
  const decoded = [];
  pipeline.tokenizer.decode = (ids) => {
    decoded.push([...ids].length);
    return decode(ids);
  };
  assert.equal((await ask(bridge, { stop: "END" })).text, tokens.join(""));
  // WebLLM itself decodes the whole answer for each token; the patch decodes the last tokens only.
  const long = decoded.filter((length) => length > tokens.length / 2);
  assert.ok(long.length <= tokens.length / 2 + 4, `${long.length} long texts were decoded`);
});

test("an answer without stop strings is decoded by WebLLM only", async () => {
  const { bridge, pipeline } = await writing("Hel", "lo", ".");
  const { decode } = pipeline.tokenizer;
  let count = 0;
  pipeline.tokenizer.decode = (ids) => {
    count += 1;
    return decode(ids);
  };
  assert.equal((await ask(bridge)).text, "Hello.");
  assert.equal(count, 4, "three tokens and the end token");
});
