import assert from "node:assert/strict";
import { chat, drain, test } from "../fakes.mjs";
import { ask, writing } from "../pipeline.mjs";

/** A model with one token per byte that encodes what it is prompted with, as WebLLM does. @param {object} [sizes] */
async function encoding(sizes = {}) {
  const { bridge, pipeline } = await writing("a");
  Object.assign(pipeline, sizes);
  let encoded = 0;
  const encode = pipeline.encodeText;
  pipeline.encodeText = (text) => {
    encoded += text.length;
    return encode(text);
  };
  const { prefillStep } = pipeline;
  pipeline.prefillStep = async (input, ...rest) => {
    pipeline.tokenizer.encode(input);
    await prefillStep.call(pipeline, input, ...rest);
  };
  return { bridge, pipeline, encodedLength: () => encoded };
}

/** @param {any} bridge @param {string} content */
async function send(bridge, content) {
  return (await drain(chat(bridge, { messages: [{ role: "user", content }] }))).error;
}

test("a very long message is refused before it is encoded to its end", async () => {
  const { bridge, encodedLength } = await encoding();
  const error = await send(bridge, "word ".repeat(400_000));
  assert.equal(error.name, "ContextWindowSizeExceededError");
  assert.match(error.message, /at least \d+, and 4096 fit/);
  assert.ok(encodedLength() < 20_000, String(encodedLength()));
  assert.equal((await ask(bridge)).text, "a");
});

test("a message is refused from the first token that does not fit", async () => {
  const { bridge } = await encoding({ contextWindowSize: 50_000 });
  assert.equal(await send(bridge, "a".repeat(50_000)), undefined);
  assert.equal((await send(bridge, "a".repeat(50_001))).name, "ContextWindowSizeExceededError");
});

test("a model with a sliding window takes a message of any length", async () => {
  const { bridge } = await encoding({ contextWindowSize: -1, slidingWindowSize: 1024 });
  assert.equal(await send(bridge, "a".repeat(50_000)), undefined);
});
