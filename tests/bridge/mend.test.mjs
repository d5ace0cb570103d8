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

/** The part of WebLLM's pipeline that its engine uses; it writes the tokens that it is given. */
class Pipeline {
  stopStr = CONFIG.conv_template.stop_str;
  stopTokens = [END];
  token_postproc_method = "byte_level";
  filledKVCacheLength = 0;
  /** Prompts as the conversation renders them. @type {string[]} */
  prompts = [];
  /** @type {Buffer[]} */
  answer = [];
  /** @type {any} */
  #conversation = { messages: [], config: {} };
  /** @type {Buffer[]} */
  #written = [];
  /** @type {object[]} */
  #logprobs = [];
  #message = "";
  /** @type {string | undefined} */
  #finishReason;
  #stopped = false;
  #counts = { prefill: 0, decode: 0, completion: 0 };

  getConversationObject = () => this.#conversation;
  setConversation = (/** @type {any} */ conversation) => (this.#conversation = conversation);
  getFinishReason = () => this.#finishReason;
  getMessage = () => this.#message;
  getTokenLogprobArray = () => this.#logprobs;
  stopped = () => this.#stopped;
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
    this.#finishReason = undefined;
  }

  /** @param {string} input @param {string} role @param {string | undefined} name @param {any} config */
  async prefillStep(input, role, name, config) {
    this.#begin();
    const fresh = this.filledKVCacheLength === 0;
    if (this.#conversation.isTextCompletion) this.#conversation.prompt = input;
    else this.#converse(input, role, name, fresh);
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

  /** What replaying a kept answer leaves: WebLLM counts its tokens as if they were new. @param {string[]} tokens */
  replay(tokens) {
    this.#begin();
    this.#conversation = { isTextCompletion: true, messages: [], config: {} };
    this.#written = tokens.map((token) => Buffer.from(token, "latin1"));
    this.#message = String(Buffer.concat(this.#written));
    this.#counts.completion = tokens.length;
    this.filledKVCacheLength = PROMPT_TOKENS + tokens.length - 1;
  }

  triggerStop() {
    this.#stop("abort");
  }

  #begin() {
    [this.#written, this.#logprobs, this.#message, this.#stopped] = [[], [], "", false];
    this.#counts = { prefill: 0, decode: 0, completion: 0 };
  }

  /** @param {string} input @param {string} role @param {string | undefined} name @param {boolean} fresh */
  #converse(input, role, name, fresh) {
    this.#conversation.appendMessage(role, input, name);
    this.#conversation.appendReplyHeader("assistant");
    const parts = fresh ? this.#conversation.getPromptArray({}) : this.#conversation.getPromptArrayLastRound({});
    this.prompts.push(parts.join(""));
  }

  /** @param {any} config */
  #sample({ max_tokens = Infinity, stop = [], logprobs, top_logprobs }) {
    const token = this.answer[this.#written.length];
    this.#counts.completion += 1;
    const id = token ? this.#written.length : END;
    if (logprobs && top_logprobs > 0) this.#logprobs.push(this.getTokenLogprob(id, top_logprobs));
    if (!token) return this.#stop("stop");
    this.#written.push(token);
    this.#message = String(Buffer.concat(this.#written));
    for (const text of [stop].flat()) this.#cut(this.#message.lastIndexOf(text));
    if (!this.#stopped && this.#written.length >= max_tokens) this.#stop("length");
  }

  /** @param {number} position of a stop string, or −1 */
  #cut(position) {
    if (position < 0) return;
    this.#message = this.#message.slice(0, position);
    this.#stop("stop");
  }

  /** @param {string} reason */
  #stop(reason) {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#finishReason = reason;
    if (!this.#conversation.isTextCompletion) this.#conversation.finishReply?.(this.#message);
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
    const { logprobs } = await ask(bridge, { logprobs: true, top_logprobs: 1, ignore_eos });
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
  const { chunks } = await ask(bridge, { stop: "\nUser:", ignore_eos: true });
  assert.equal(chunks[0].choices[0].delta.content, "\nUs");
});

const HELLO = { role: "user", content: "hello" };

for (const [end, body, written] of /** @type {[string, object, number][]} */ ([
  ["its own end", {}, 3],
  ["a stop string", { stop: "lo" }, 2],
])) {
  test(`after ${end} the next turn finds the whole conversation in the cache`, async () => {
    const { bridge } = await writing("Hel", "lo");
    const first = await ask(bridge, body);
    assert.deepEqual([first.usage.prompt_tokens, first.usage.completion_tokens], [PROMPT_TOKENS, written]);
    assert.equal(first.usage.extra.cached_tokens, 0);
    const messages = [HELLO, { role: "assistant", content: first.text }, HELLO];
    const { usage } = await ask(bridge, { messages });
    assert.equal(usage.extra.cached_tokens, PREFIX_TOKENS + PROMPT_TOKENS + written - 1);
    assert.equal(usage.prompt_tokens, PROMPT_TOKENS);
    assert.ok(usage.extra.time_to_first_token_s, "what WebLLM says is still there");
  });
}

test("another conversation, and one that was cut at its length, finds nothing", async () => {
  const { bridge } = await writing("Hel", "lo");
  const { text } = await ask(bridge, { max_tokens: 1 });
  const messages = [HELLO, { role: "assistant", content: text }, HELLO];
  assert.equal((await ask(bridge, { messages })).usage.extra.cached_tokens, 0);
  assert.equal((await ask(bridge)).usage.extra.cached_tokens, 0);
});

test("messages reach the model letter by letter, whatever String.replace makes of them", async () => {
  const { bridge, pipeline } = await writing("a");
  const odd = "$$5 $& $` $' {function_string}";
  const messages = [{ role: "system", content: odd }, { role: "user", content: odd }];
  await ask(bridge, { messages });
  assert.equal(pipeline.prompts.at(-1), `<${odd}>user:${odd}\nassistant:`);
  await ask(bridge, { messages: [...messages, { role: "assistant", content: "a" }, { role: "user", content: odd }] });
  assert.match(pipeline.prompts.at(-1) ?? "", /user:\$\$5 \$& \$` \$' \{function_string\}\nassistant:$/);
  await ask(bridge, { messages: [{ role: "tool", tool_call_id: "1", content: "plain" }] });
  assert.equal(pipeline.prompts.at(-1), "<default>tool:tool: plain\nassistant:", "other templates are kept");
});

const JOURNAL = {
  active: false,
  emittedTokenCount: 0,
  close: async () => {},
  recordGeneratedToken: async () => {},
  recordGenerationEnd: async () => {},
};

/** WebLLM's own continuation of an answer, without the files that it is kept in. @param {any} engine @param {Pipeline} pipeline */
function continuation(engine, pipeline) {
  const request = { messages: [HELLO], stream: true, stream_options: { include_usage: true } };
  const scheduler = { intervalTokens: 1000, lastCheckpointSeqLen: 0 };
  const state = { sessionId: SESSION.sessionId, request };
  const given = [request, RECORD.model_id, pipeline, CONFIG, {}, state, { extraEmittedTokens: 0 }];
  return engine.resumableCoordinator.streamContinuation(...given, JOURNAL, scheduler, PROMPT_TOKENS, async () => {});
}

test("a resumed answer goes on within a character, and counts each of its tokens once", async () => {
  const tokens = ["caf", ...bytes("é"), "!"];
  const { bridge, pipeline, world } = await writing(...tokens);
  world.sessions = async () => [{ ...SESSION, sessionId: "s1" }];
  const counts = { emittedTokens: 2, processedSeqLen: PROMPT_TOKENS + 2 };
  world.kept = async () => ({ ...SESSION, ...counts, recoveredText: "caf\uFFFD" });
  world.rest = async (/** @type {any} */ engine) => {
    pipeline.replay(tokens.slice(0, 2));
    return continuation(engine, pipeline);
  };
  const { text, usage, finishReason } = read(await drain(resume(bridge)));
  assert.deepEqual([text, finishReason], ["café!", "stop"]);
  // Four tokens of text and one that ends it.
  assert.deepEqual([usage.completion_tokens, usage.total_tokens], [5, 5]);
  assert.equal(usage.extra.cached_tokens, PROMPT_TOKENS);
});

test("what WebLLM names as its engine's parts is there to be mended", () => {
  const names = ["preparePrefillInput", "streamCurrentGeneration", "chatCompletion", "completion"];
  for (const name of names) assert.equal(typeof Base.prototype[name], "function", name);
  const source = readFileSync(fileURLToPath(import.meta.resolve("@mlc-ai/web-llm")), "utf8");
  for (const name of ["this.stopTokens", "this.token_postproc_method", "this.tokenizer.", "idToToken", "getTokenLogprob("]) {
    assert.ok(source.includes(name), name);
  }
});
