/**
 * WebLLM itself, of the version that package.json pins, over a pipeline that needs no GPU: each test
 * fails when the bridge no longer mends what it should, or when a new WebLLM moves what is mended.
 * Of answers that are kept, see kept.test.mjs.
 */

import assert from "node:assert/strict";
import { drain, test } from "./fakes.mjs";
import { Base, CONFIG, NO_THOUGHTS, PREFIX_TOKENS, PROMPT_TOKENS, ask, bytes, source, writing } from "./pipeline.mjs";

test("each token's logprobs are sent once, however many tokens a character takes", async () => {
  const { bridge } = await writing("a", ...bytes("é"), ...bytes("😀"), "b");
  const { chunks, text, logprobs } = await ask(bridge, { logprobs: true, top_logprobs: 1 });
  assert.equal(text, "aé😀b");
  assert.equal(logprobs.length, 8);
  assert.deepEqual([logprobs[0].token, logprobs.at(-1).token], ["a", "b"]);
  const counts = chunks.slice(0, 4).map((/** @type {any} */ { choices }) => choices[0].logprobs.content.length);
  assert.deepEqual(counts, [1, 2, 4, 1]);
});

for (const method of ["byte_level", "byte_fallback"]) {
  test(`tokens that are parts of a character have their own bytes: ${method}`, async () => {
    const { bridge, pipeline } = await writing("a", ...bytes("é"), ...bytes("😀"), "b");
    pipeline.token_postproc_method = method;
    if (method === "byte_fallback") {
      const hex = (/** @type {number} */ id) => pipeline.answer[id]?.toString("hex").toUpperCase();
      pipeline.tokenizer.idToToken = (id) => `<0x${hex(id)}>`;
    }
    const { logprobs } = await ask(bridge, { logprobs: true, top_logprobs: 2 });
    const octets = logprobs.flatMap((/** @type {any} */ token) => token.bytes);
    assert.equal(String(Buffer.from(octets)), "aé😀b");
    const [said, other] = logprobs[1].top_logprobs;
    assert.deepEqual([said.bytes, other.bytes], [[0xc3], undefined], "of the other, only its text is known");
  });
}

test("a token whose bytes the vocabulary does not tell has none", async () => {
  const { bridge, pipeline } = await writing(...bytes("é"));
  for (const method of ["byte_level", "byte_fallback"]) {
    pipeline.token_postproc_method = method;
    pipeline.tokenizer.idToToken = () => "\u{1F600}";
    const { logprobs } = await ask(bridge, { logprobs: true, top_logprobs: 1 });
    assert.deepEqual(logprobs.map((/** @type {any} */ token) => token.bytes), [undefined, undefined]);
  }
});

test("the token that ends an answer is none of its text, and with ignore_eos it is", async () => {
  const { bridge } = await writing("a");
  for (const [ignore_eos, tokens] of /** @type {const} */ ([[false, ["a"]], [true, ["a", "<end>"]]])) {
    const body = { logprobs: true, top_logprobs: 1, ignore_eos, max_tokens: 2 };
    const { logprobs } = await ask(bridge, body);
    assert.deepEqual(logprobs.map((/** @type {any} */ it) => it.token), tokens);
  }
});

test("every seed is one that WebLLM's generator can take, and near ones begin far apart", async () => {
  const { bridge, pipeline } = await writing("a");
  const seeds = /** @type {number[]} */ ([]);
  pipeline.setSeed = (/** @type {number} */ seed) => seeds.push(seed);
  const near = [...Array(20).keys()];
  const asked = [...near, -3, 2 ** 31 - 1, -(2 ** 31 - 1), 2 ** 53 - 1, 1 - 2 ** 53, 2 ** 32, 3];
  for (const seed of asked) await ask(bridge, { seed });
  // After each answer WebLLM seeds its generator by the clock.
  const given = seeds.filter((seed) => seed < 2 ** 31);
  assert.equal(given.length, asked.length);
  assert.ok(given.every((seed) => Number.isInteger(seed) && seed > 0 && seed < 2 ** 31 - 1));
  assert.equal(given.at(-1), given[3]);
  assert.equal(new Set(given).size, asked.length - 1);
  // The first number of the generator, 0 to 1, decides on the first token.
  const first = given.slice(0, near.length).map((seed) => ((48271 * seed) % (2 ** 31 - 1)) / (2 ** 31 - 1));
  const tenths = new Set(first.map((number) => Math.floor(number * 10)));
  assert.ok(tenths.size >= 6, `${first}`);
});

test("without logprobs asked for there are none", async () => {
  const { bridge } = await writing("a", "b");
  const { chunks } = await ask(bridge);
  assert.deepEqual(chunks.slice(0, 2).map((/** @type {any} */ { choices }) => choices[0].logprobs), [null, null]);
});

test("logprobs are told without top_logprobs, which are then empty", async () => {
  const { bridge } = await writing("a", "b");
  for (const wish of [{ logprobs: true }, { logprobs: true, top_logprobs: 0 }]) {
    const { logprobs } = await ask(bridge, wish);
    assert.deepEqual(logprobs.map((/** @type {any} */ { token }) => token), ["a", "b"]);
    assert.ok(logprobs.every((/** @type {any} */ { top_logprobs }) => top_logprobs.length === 0));
  }
  const { logprobs } = await ask(bridge, { logprobs: true, top_logprobs: 1 });
  assert.equal(logprobs[0].top_logprobs.length, 1);
});

test("an answer that is cut within a character gives all of its text and logprobs before its end", async () => {
  const { bridge } = await writing("a", `b${bytes("😀")[0]}`);
  const { chunks, text, logprobs, finishReason } = await ask(bridge, { logprobs: true, max_tokens: 2 });
  assert.deepEqual([text, logprobs.length, finishReason], ["ab\uFFFD", 2, "length"]);
  assert.deepEqual(chunks.at(-2).choices[0].delta, {}, "the end has no text, as everywhere");
});

test("plain completions are mended as chats are", async () => {
  const { bridge } = await writing("a", ...bytes("é"), bytes("é")[0] ?? "");
  const request = { prompt: "x", logprobs: true, max_tokens: 4 };
  const { items, error } = await drain(bridge.generate(JSON.stringify({ kind: "completions", request })));
  assert.equal(error, undefined);
  const choices = items.flat().flatMap((/** @type {any} */ chunk) => chunk.choices);
  assert.deepEqual(choices.map((/** @type {any} */ { text }) => text), ["a", "é", "\uFFFD", ""]);
  assert.deepEqual(choices.map(({ logprobs }) => logprobs?.content.length), [1, 2, 1, undefined]);
  assert.equal(items.flat().at(-1).usage.extra.cached_tokens, 0);
});

test("no part of a stop string is sent, and what only looked like one is", async () => {
  const { bridge } = await writing("one", "\nUs", "e", "d", "\nUs", "er", ":", "more");
  const { text, finishReason, chunks } = await ask(bridge, { stop: ["\nUser:", "!"] });
  assert.deepEqual([text, finishReason], ["one\nUsed", "stop"]);
  assert.equal(chunks[1].choices[0].delta.content, "\nUsed", "it waited until it could be no stop string");
});

test("what looks like a stop string at the end of an answer is sent", async () => {
  const { bridge } = await writing("one", "\nUs");
  assert.equal((await ask(bridge, { stop: "\nUser:" })).text, "one\nUs");
  assert.equal((await ask(bridge, { stop: "\nUser:", max_tokens: 2 })).text, "one\nUs");
});

test("with ignore_eos WebLLM heeds no stop string, and none is waited for", async () => {
  const { bridge } = await writing("\nUs", "e");
  const { chunks } = await ask(bridge, { stop: "\nUser:", ignore_eos: true, max_tokens: 2 });
  assert.equal(chunks[0].choices[0].delta.content, "\nUs");
});

const HELLO = { role: "user", content: "hello" };

test("after its own end the next turn finds the whole conversation in the cache", async () => {
  const { bridge } = await writing("Hel", "lo");
  const first = await ask(bridge);
  assert.deepEqual([first.usage.prompt_tokens, first.usage.completion_tokens], [PROMPT_TOKENS, 3]);
  assert.equal(first.usage.extra.cached_tokens, 0);
  const messages = [HELLO, { role: "assistant", content: first.text }, HELLO];
  const { usage } = await ask(bridge, { messages });
  assert.equal(usage.extra.cached_tokens, PREFIX_TOKENS + PROMPT_TOKENS + 2);
  assert.equal(usage.prompt_tokens, PROMPT_TOKENS);
  assert.ok(usage.extra.time_to_first_token_s, "what WebLLM says is still there");
});

test("after a stop string, which is in the cache and not in the text, the next turn reads all anew", async () => {
  const { bridge, pipeline } = await writing("Hel", "lo.");
  const { text } = await ask(bridge, { stop: "." });
  assert.equal(text, "Hello");
  const messages = [HELLO, { role: "assistant", content: text }, HELLO];
  assert.equal((await ask(bridge, { messages })).usage.extra.cached_tokens, 0);
  assert.equal(pipeline.prompts.at(-1), "<default>user:hello\nassistant:Hello\nuser:hello\nassistant:");
  const longer = [...messages, { role: "assistant", content: "Hello." }, HELLO];
  assert.notEqual((await ask(bridge, { messages: longer })).usage.extra.cached_tokens, 0, "its own end is another");
});

for (const [tokens, stop, text] of /** @type {[string[], string | string[], string][]} */ ([
  [["one", "\n\n", "two"], "\n", "one"],
  [["x", "ab", "two"], ["b", "a"], "x"],
  [["one", " E", "N", "D"], ["END"], "one "],
  [["END"], ["END"], ""],
])) {
  test(`${JSON.stringify(tokens)} ends before the first of ${JSON.stringify(stop)}`, async () => {
    const { bridge, pipeline } = await writing(...tokens);
    const told = await ask(bridge, { stop, logprobs: true });
    assert.deepEqual([told.text, told.finishReason], [text, "stop"]);
    assert.equal(pipeline.conversation.messages.at(-1)[2], text, "the conversation says what was told");
    const taken = told.logprobs.map((/** @type {any} */ { token }) => token);
    assert.deepEqual(taken, tokens.slice(0, taken.length));
    assert.ok(taken.slice(0, -1).join("").length < Math.max(text.length, 1), `${taken} has none of the stop string`);
    assert.ok(taken.join("").length >= text.length);
  });
}

test("a long answer is not read anew for each token to find a stop string", async () => {
  const words = [...Array(60).keys()].map((number) => `${number} `);
  const { bridge, pipeline } = await writing(...words, "END");
  const { decode } = pipeline.tokenizer;
  /** @type {number[]} */
  const read = [];
  pipeline.tokenizer.decode = (ids) => {
    read.push([...ids].length);
    return decode(ids);
  };
  assert.equal((await ask(bridge, { stop: "END" })).text, words.join(""));
  // WebLLM itself reads all of it once a token; the bridge adds a look at the last tokens.
  const long = read.filter((length) => length > words.length / 2);
  assert.ok(long.length <= words.length / 2 + 4, `${long.length} long texts were read`);
});

test("an answer without thoughts is stopped by what the model writes, and is as long as it may be", async () => {
  const { bridge } = await writing("Par", "is", ".", "\n", "more");
  const extra_body = { enable_thinking: false };
  for (const [body, text, reason] of /** @type {[object, string, string][]} */ ([
    [{ stop: "\n" }, "Paris.", "stop"],
    [{ stop: ["think", "\n\nP"] }, "Paris.\nmore", "stop"],
    [{ max_tokens: 2 }, "Paris", "length"],
  ])) {
    const told = await ask(bridge, { ...body, extra_body });
    assert.deepEqual([told.text, told.finishReason], [NO_THOUGHTS + text, reason]);
  }
  assert.equal((await ask(bridge, { max_tokens: 2, extra_body })).usage.completion_tokens, 2);
});

test("another conversation, and one that was cut at its length, finds nothing", async () => {
  const { bridge } = await writing("Hel", "lo");
  const { text } = await ask(bridge, { max_tokens: 1 });
  const messages = [HELLO, { role: "assistant", content: text }, HELLO];
  assert.equal((await ask(bridge, { messages })).usage.extra.cached_tokens, 0);
  assert.equal((await ask(bridge)).usage.extra.cached_tokens, 0);
});

/** What `String.replace`, and what WebLLM itself, takes for more than letters. */
const ODD = "$$5 $& $` $' {function_string} {system_message} {user_message}";

for (const template of ["{user_message}", "[{function_string}{user_message}]"]) {
  test(`messages reach the model letter by letter in ${template}`, async () => {
    const { bridge, pipeline } = await writing("a");
    const user = CONFIG.conv_template.role_templates.user;
    CONFIG.conv_template.role_templates.user = template;
    try {
      const said = template === user ? ODD : `[${ODD}]`;
      const messages = [{ role: "system", content: ODD }, { role: "user", content: ODD }];
      await ask(bridge, { messages });
      assert.equal(pipeline.prompts.at(-1), `<${ODD}>user:${said}\nassistant:`);
      const { usage } = await ask(bridge, { messages: [...messages, { role: "assistant", content: "a" }, messages[1]] });
      assert.notEqual(usage.extra.cached_tokens, 0);
      assert.ok(pipeline.prompts.at(-1)?.endsWith(`user:${said}\nassistant:`));
    } finally {
      CONFIG.conv_template.role_templates.user = user;
    }
  });
}

test("where nothing is odd, templates and the default system message are as WebLLM fills them", async () => {
  const { bridge, pipeline } = await writing("a");
  await ask(bridge, { messages: [{ role: "tool", tool_call_id: "1", content: "plain" }] });
  assert.equal(pipeline.prompts.at(-1), "<default>tool:tool: plain\nassistant:");
});

test("what WebLLM names as its engine's parts is there to be mended", () => {
  const names = ["preparePrefillInput", "streamCurrentGeneration", "chatCompletion", "completion"];
  for (const name of names) assert.equal(typeof Base.prototype[name], "function", name);
  for (const name of ["this.stopTokens", "this.token_postproc_method", "this.tokenizer.", "idToToken", "getTokenLogprob("]) {
    assert.ok(source.includes(name), name);
  }
});
