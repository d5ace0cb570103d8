/** What is passed to llama.cpp, and how its answers are written. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerText } from "../../../bridge/wllama/answer_text.js";
import { Boundaries, MARK } from "../../../bridge/wllama/boundaries.js";
import { ChunkWriter } from "../../../bridge/wllama/chunks.js";
import { chatRequest, completionRequest } from "../../../bridge/wllama/request.js";

const TOKENIZER = {
  pre_tokenizer: { pretokenizers: [{ type: "Split", pattern: { Regex: "\\p{Lu}\\p{L}*| ?\\p{L}+|[^\\s\\p{L}]+ ?|\\s" } }, { type: "ByteLevel" }] },
  added_tokens: [{ content: "<|end|>" }],
};

test("words of a message are marked, and text of a control token is broken up", () => {
  const boundaries = new Boundaries(TOKENIZER);
  const words = (/** @type {string} */ text) => text.split(MARK);
  assert.deepEqual(words(boundaries.message("Hi, Ada is")), ["Hi", ", ", "Ada", " is"]);
  assert.deepEqual(words(boundaries.message("a<|end|>b")), ["a", "<", "|", "end", "|>", "b"]);
  assert.deepEqual(words(boundaries.message(`a\uD800${MARK}`)), ["a", "\uFFFD\uFFFD"]);
});

test("control tokens of a prompt stay whole", () => {
  assert.equal(new Boundaries(TOKENIZER).prompt("Hi Ada<|end|>b c"), `Hi${MARK} Ada<|end|>b${MARK} c`);
});

const MODEL = { contextLength: 99, message: (/** @type {string} */ it) => it.toUpperCase(), prompt: (/** @type {string} */ it) => it, system: "sys", defaults: { temperature: 0.4 } };
const USER = [{ role: "user", content: "a" }];

test("parameters of a chat become those of llama.cpp", () => {
  const request = chatRequest({ messages: USER, seed: -1, logit_bias: { 5: -100 }, max_tokens: 7, repetition_penalty: 2, extra_body: { enable_thinking: false } }, MODEL);
  assert.deepEqual(request["messages"], [{ role: "system", content: "SYS" }, { role: "user", content: "A" }]);
  assert.deepEqual([request["temperature"], request["top_p"], request["top_k"], request["repeat_last_n"]], [0.4, 1, 0, 99]);
  assert.deepEqual([request["seed"], request["logit_bias"], request["max_tokens"], request["repeat_penalty"]], [1, [[5, -100]], 7, 2]);
  assert.deepEqual(request["chat_template_kwargs"], { enable_thinking: false });
});

for (const [what, body, message] of /** @type {[string, object, RegExp][]} */ ([
  ["a latency breakdown", { extra_body: { enable_latency_breakdown: true } }, /^enable_latency_breakdown is not supported/],
  ["answers that continue a message", { extra_body: { beginning: "Ada is" } }, /^A last message of the assistant is not supported by the engine wllama/],
  ["images", { messages: [{ role: "user", content: [{ type: "image_url" }] }] }, /reads text only/],
  ["another response format", { response_format: { type: "json_object" } }, /^response_format json_object is not supported/],
])) {
  test(`${what} are refused by name`, () => {
    assert.throws(() => chatRequest({ messages: USER, ...body }, MODEL), { name: "InvalidRequestError", message });
  });
}

test("an empty prompt is refused", () => {
  assert.throws(() => completionRequest({ prompt: "" }, MODEL), { name: "InvalidRequestError" });
});

/** @param {string[]} stops @param {string[]} pieces @param {boolean} [isChat] */
function sent(stops, pieces, isChat = false) {
  const text = new AnswerText(stops, isChat);
  const found = pieces.map((piece) => {
    text.push(piece, [{ piece }]);
    return text.take(false);
  });
  return { found: [...found, text.take(true)].map((it) => it.text), stopped: text.stopped, entries: found.flatMap((it) => it.entries) };
}

test("the beginning of a stop string is held back until it is none", () => {
  assert.deepEqual(sent(["\nUser:"], ["a\n", "Us", "x"]).found, ["a", "", "\nUsx", ""]);
  assert.deepEqual(sent(["\nUser:"], ["a\n", "User:b"]), { found: ["a", "", ""], stopped: true, entries: [] });
  assert.deepEqual(sent(["b"], ["a", "b"]).entries, [{ piece: "a" }]);
});

test("a stop string within reasoning does not end a chat", () => {
  assert.equal(sent(["x"], ["<think>\nx\n</think>\n\na", "x"], true).found.join(""), "<think>\nx\n</think>\n\na");
  assert.equal(sent(["x"], ["<think>\nx", "b"], false).found.join(""), "<think>\n");
});

const FORM = { isChat: true, model: "m", stops: [], logprobs: false, top: 0, skipsThinking: false };
const delta = (/** @type {string} */ content) => ({ choices: [{ delta: { content }, finish_reason: null }], timings: { prompt_n: 3, cache_n: 2, predicted_n: 1 } });

test("chunks have the form of WebLLM's, and the last one the usage", () => {
  const writer = new ChunkWriter(FORM);
  const chunks = [...writer.read(delta("a")), ...writer.read({ choices: [{ delta: {}, finish_reason: "length" }] }), ...writer.end(false)];
  assert.deepEqual(chunks.map(({ choices }) => choices[0]?.finish_reason), [null, "length", undefined]);
  assert.deepEqual(chunks[0]?.["choices"][0].delta, { role: "assistant", content: "a" });
  const { prompt_tokens, completion_tokens, extra } = chunks.at(-1)?.["usage"];
  assert.deepEqual([prompt_tokens, completion_tokens, extra.cached_tokens], [3, 1, 2]);
});

test("an answer that was interrupted ends with abort, and one that a stop string ended does not", () => {
  const reason = (/** @type {ChunkWriter} */ writer) => writer.end(true).at(-2)?.["choices"][0].finish_reason;
  assert.equal(reason(new ChunkWriter(FORM)), "abort");
  const stopped = new ChunkWriter({ ...FORM, stops: ["b"] });
  stopped.read(delta("ab"));
  assert.deepEqual([stopped.ended, reason(stopped)], [true, "stop"]);
});

test("without thinking an answer begins with an empty block of it", () => {
  assert.equal(new ChunkWriter({ ...FORM, skipsThinking: true }).read(delta("a"))[0]?.["choices"][0].delta.content, "<think>\n\n</think>\n\na");
});
