/**
 * WebLLM itself, of the version that package.json pins, over a pipeline that needs no GPU: each test
 * fails when the bridge no longer mends what it should, or when a new WebLLM moves what is mended.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as webllm from "@mlc-ai/web-llm";
import { RECORD, SESSION, World, chat, drain, load, resume, test, textOf } from "./fakes.mjs";

const ROLES = { user: "user", assistant: "assistant", tool: "tool" };
const CONFIG = {
  conv_template: {
    system_template: "<{system_message}>",
    system_message: "default",
    roles: ROLES,
    role_templates: { user: "{user_message}", assistant: "{assistant_message}", tool: "tool: {tool_message}" },
    role_content_sep: ":",
    role_empty_sep: ":",
    seps: ["\n"],
    stop_str: /** @type {string[]} */ ([]),
    stop_token_ids: [],
  },
};

const PROMPT_TOKENS = 10;

/** The token that ends an answer. */
const END = -1;

/** How byte-level BPE writes the bytes of this file that are no visible Latin-1. */
const WRITTEN = new Map([[0x80, "Ģ"], [0x98, "ĺ"], [0x9f, "Ł"]]);

/** What a prompt begins with in many models, and WebLLM does not count. */
const PREFIX_TOKENS = 1;

/** What WebLLM begins an answer with that shall have no thoughts. */
const NO_THOUGHTS = "<think>\n\n</think>\n\n";

/** The ids of tokens that the tokenizer makes of a text begin here: one for each byte. */
const ENCODED = 1000;

/** How WebLLM's own pipeline takes a token into an answer and sees whether it ends it. */
const source = readFileSync(fileURLToPath(import.meta.resolve("@mlc-ai/web-llm")), "utf8");
const Own = new Function("log", `return class {${/ {4}processNextToken\([^]*?\n {4}\}\n/.exec(source)}};`)({ info() {} });

/** The rest of the pipeline that WebLLM's engine uses; it writes the tokens that it is given. */
class Pipeline extends Own {
  stopStr = CONFIG.conv_template.stop_str;
  stopTokens = [END];
  token_postproc_method = "byte_level";
  contextWindowSize = 4096;
  slidingWindowSize = -1;
  filledKVCacheLength = 0;
  appearedTokensFreq = new Map();
  /** Prompts as the conversation renders them. @type {string[]} */
  prompts = [];
  /** @type {Buffer[]} */
  answer = [];
  /** @type {any} */
  conversation = { messages: [], config: {} };
  /** @type {number[]} */
  outputIds = [];
  outputMessage = "";
  /** @type {string | undefined} */
  finishReason;
  stopTriggered = false;
  #position = 0;
  /** @type {object[]} */
  #logprobs = [];
  #counts = { prefill: 0, decode: 0, completion: 0 };

  getConversationObject = () => this.conversation;
  setConversation = (/** @type {any} */ conversation) => (this.conversation = conversation);
  getFinishReason = () => this.finishReason;
  getMessage = () => this.outputMessage;
  getTokenLogprobArray = () => this.#logprobs;
  stopped = () => this.stopTriggered;
  setSeed = (/** @type {number} */ _seed) => {};
  getRNGState = () => 1;
  getCurRoundCompletionTotalTokens = () => this.#counts.completion;
  getCurRoundDecodingTotalTokens = () => this.#counts.decode;
  getCurRoundPrefillTotalTokens = () => this.#counts.prefill;
  getCurRoundPrefillTotalTime = () => 1;
  getCurRoundDecodingTotalTime = () => 1;
  getCurRoundPrefillTokensPerSec = () => 1;
  getCurRoundDecodingTokensPerSec = () => 1;
  getCurRoundGrammarInitTotalTime = () => 0;
  getCurRoundGrammarPerTokenTotalTime = () => 0;
  getCurRoundLatencyBreakdown = () => ({});

  tokenizer = {
    encode: (/** @type {string} */ text) => [...Buffer.from(text)].map((octet) => ENCODED + octet),
    /** @param {Iterable<number>} ids */
    decode: (ids) => String(Buffer.concat([...ids].map((id) => this.#octets(id)))),
    /** @param {number} id */
    idToToken: (id) => {
      const octets = [...(this.answer[id] ?? [])];
      return octets.map((octet) => WRITTEN.get(octet) ?? String.fromCharCode(octet)).join("");
    },
  };

  /** @param {number} id @param {number} top */
  getTokenLogprob(id, top) {
    const token = id === END ? "<end>" : String(this.answer[id]);
    const said = { token, logprob: -0.5, bytes: [...Buffer.from(token)] };
    const other = { token: "\uFFFD", logprob: -1, bytes: [...Buffer.from("\uFFFD")] };
    return { ...said, top_logprobs: [said, other].slice(0, top) };
  }

  resetChat() {
    this.filledKVCacheLength = 0;
    this.finishReason = undefined;
  }

  /** @param {string} input @param {string} role @param {string | undefined} name @param {any} config */
  async prefillStep(input, role, name, config) {
    this.#begin();
    const fresh = this.filledKVCacheLength === 0;
    if (this.conversation.isTextCompletion) this.conversation.prompt = input;
    else this.#converse(input, role, name, fresh, config.enable_thinking === false);
    this.filledKVCacheLength += PROMPT_TOKENS + (fresh ? PREFIX_TOKENS : 0);
    this.#counts.prefill = PROMPT_TOKENS;
    this.#sample(config);
  }

  /** @param {any} config */
  async decodeStep(config) {
    this.commitSampledStep(await this.sampleDecodeStep(), config);
  }

  async sampleDecodeStep() {
    this.filledKVCacheLength += 1;
    this.#counts.decode += 1;
    return {};
  }

  /** @param {object} _step @param {any} config */
  commitSampledStep(_step, config) {
    this.#sample(config);
    return {};
  }

  /** What replaying a kept answer leaves: WebLLM counts its tokens as if they were new. @param {number} tokens */
  replay(tokens) {
    this.#begin();
    this.conversation = { isTextCompletion: true, messages: [], config: {} };
    this.outputIds = [...Array(tokens).keys()];
    this.outputMessage = this.tokenizer.decode(this.outputIds);
    this.#position = this.#counts.completion = tokens;
    this.filledKVCacheLength = PROMPT_TOKENS + tokens - 1;
  }

  triggerStop() {
    if (this.stopTriggered) return;
    this.stopTriggered = true;
    this.finishReason = "abort";
    if (!this.conversation.isTextCompletion) this.conversation.finishReply(this.outputMessage);
  }

  /** @param {number} id */
  #octets(id) {
    return this.answer[id] ?? Buffer.from(id === END ? [] : [id - ENCODED]);
  }

  #begin() {
    [this.outputIds, this.outputMessage, this.stopTriggered] = [[], "", false];
    [this.#position, this.#logprobs] = [0, []];
    this.#counts = { prefill: 0, decode: 0, completion: 0 };
  }

  /** @param {string} input @param {string} role @param {string | undefined} name @param {boolean} fresh @param {boolean} brief */
  #converse(input, role, name, fresh, brief) {
    this.conversation.appendMessage(role, input, name);
    if (brief) {
      this.outputIds.push(...this.tokenizer.encode(NO_THOUGHTS));
      this.conversation.appendEmptyThinkingReplyHeader("assistant", NO_THOUGHTS);
    } else this.conversation.appendReplyHeader("assistant");
    const parts = fresh ? this.conversation.getPromptArray({}) : this.conversation.getPromptArrayLastRound({});
    this.prompts.push(parts.join(""));
  }

  /** @param {any} config */
  #sample(config) {
    const id = this.#position < this.answer.length ? this.#position : END;
    this.#position += 1;
    this.#counts.completion += 1;
    const { logprobs, top_logprobs } = config;
    if (logprobs && top_logprobs > 0) this.#logprobs.push(this.getTokenLogprob(id, top_logprobs));
    this.processNextToken(id, config);
  }
}

const Base = /** @type {any} */ (webllm).MLCEngine;

/** A bridge over WebLLM's own engine, whose model writes these tokens: one byte a character. */
async function writing(/** @type {string[]} */ ...tokens) {
  const world = new World();
  const pipeline = new Pipeline();
  const Engine = class extends Base {
    /** @param {string} id */
    async reload(id) {
      this.loadedModelIdToLock.set(id, { acquire: async () => {}, release: async () => {} });
    }
    getLLMStates() {
      return [RECORD.model_id, pipeline, CONFIG];
    }
    async listResumableSessions() {
      return world.sessions();
    }
    /** @param {string} id @param {object} [options] */
    async resumeChatCompletion(id, options) {
      return options ? world.rest(/** @type {any} */ (this)) : world.kept(id);
    }
  };
  world.importWebLLM = async () => ({ ...webllm, MLCEngine: Engine });
  const bridge = world.open({ thread: "main" });
  assert.equal((await drain(load(bridge))).error, undefined);
  pipeline.answer = tokens.map((token) => Buffer.from(token, "latin1"));
  return { world, pipeline, bridge };
}

/** The bytes of a text in UTF-8, one a token. @param {string} text */
function bytes(text) {
  return [...Buffer.from(text).toString("latin1")];
}

/** @param {any} drained */
function read({ items, error }) {
  assert.equal(error, undefined);
  const chunks = items.flat();
  const logprobs = chunks.flatMap((/** @type {any} */ chunk) => chunk.choices[0]?.logprobs?.content ?? []);
  const usage = chunks.at(-1).usage;
  const finishReason = chunks.at(-2).choices[0].finish_reason;
  return { chunks, text: textOf({ items }), logprobs, usage, finishReason };
}

/** @param {any} bridge @param {object} [body] */
async function ask(bridge, body) {
  return read(await drain(chat(bridge, body)));
}

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

const JOURNAL = {
  active: false,
  emittedTokenCount: 0,
  close: async () => {},
  recordGeneratedToken: async () => {},
  recordGenerationEnd: async () => {},
};

/**
 * WebLLM's own continuation of an answer, without the files that it is kept in.
 * @param {any} engine @param {Pipeline} pipeline @param {object} [body] of the request that was kept
 */
function continuation(engine, pipeline, body) {
  const request = { messages: [HELLO], stream: true, stream_options: { include_usage: true }, ...body };
  const scheduler = { intervalTokens: 1000, lastCheckpointSeqLen: 0 };
  const state = { sessionId: SESSION.sessionId, request };
  const given = [request, RECORD.model_id, pipeline, CONFIG, { ...body }, state, { extraEmittedTokens: 0 }];
  return engine.resumableCoordinator.streamContinuation(...given, JOURNAL, scheduler, PROMPT_TOKENS, async () => {});
}

test("a resumed answer goes on within a character, and counts each of its tokens once", async () => {
  const tokens = ["caf", ...bytes("é"), "!"];
  const { bridge, pipeline, world } = await writing(...tokens);
  world.sessions = async () => [{ ...SESSION, sessionId: "s1" }];
  const counts = { emittedTokens: 2, processedSeqLen: PROMPT_TOKENS + 2 };
  world.kept = async () => ({ ...SESSION, ...counts, recoveredText: "caf\uFFFD" });
  world.rest = async (/** @type {any} */ engine) => {
    pipeline.replay(2);
    return continuation(engine, pipeline);
  };
  const { text, usage, finishReason } = read(await drain(resume(bridge)));
  assert.deepEqual([text, finishReason], ["café!", "stop"]);
  // Four tokens of text and one that ends it.
  assert.deepEqual([usage.completion_tokens, usage.total_tokens], [5, 5]);
  assert.equal(usage.extra.cached_tokens, PROMPT_TOKENS);
});

test("other likely tokens that nobody asked for are not told after a resume either", async () => {
  const { bridge, pipeline, world } = await writing("a", "b");
  let kept = "";
  const takeStep = pipeline.prefillStep.bind(pipeline);
  pipeline.prefillStep = (...given) => {
    kept = JSON.stringify(given[3]);
    return takeStep(...given);
  };
  await ask(bridge, { logprobs: true });
  world.sessions = async () => [SESSION];
  world.rest = async (/** @type {any} */ engine) => {
    pipeline.replay(1);
    const { logprobs, top_logprobs } = JSON.parse(kept);
    return continuation(engine, pipeline, { logprobs, top_logprobs });
  };
  const { logprobs } = read(await drain(resume(bridge)));
  assert.deepEqual(logprobs.map((/** @type {any} */ it) => [it.token, it.top_logprobs]), [["b", []]]);
});

test("what WebLLM names as its engine's parts is there to be mended", () => {
  const names = ["preparePrefillInput", "streamCurrentGeneration", "chatCompletion", "completion"];
  for (const name of names) assert.equal(typeof Base.prototype[name], "function", name);
  for (const name of ["this.stopTokens", "this.token_postproc_method", "this.tokenizer.", "idToToken", "getTokenLogprob("]) {
    assert.ok(source.includes(name), name);
  }
});
