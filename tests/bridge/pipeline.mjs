/** WebLLM's own engine, of the version that package.json pins, over a pipeline that needs no GPU. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as webllm from "@mlc-ai/web-llm";
import { RECORD, World, chat, drain, load, textOf } from "./fakes.mjs";

const ROLES = { user: "user", assistant: "assistant", tool: "tool" };
export const CONFIG = {
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

export const PROMPT_TOKENS = 10;

/** The token that ends an answer. */
export const END = -1;

/** How byte-level BPE writes those bytes of these tests that are not visible Latin-1 characters. */
const WRITTEN = new Map([[0x80, "Ģ"], [0x98, "ĺ"], [0x9f, "Ł"]]);

/** Tokens that prompts of many models begin with, and WebLLM does not count. */
export const PREFIX_TOKENS = 1;

/** What WebLLM puts before an answer with `enable_thinking: false`. */
export const EMPTY_THINKING = "<think>\n\n</think>\n\n";

/** The first ID of the tokens into which the tokenizer encodes text: one for each byte. */
const ENCODED = 1000;

/** WebLLM's own method that adds a token to an answer and checks whether it ends. */
export const source = readFileSync(fileURLToPath(import.meta.resolve("@mlc-ai/web-llm")), "utf8");
const Own = new Function("log", `return class {${/ {4}processNextToken\([^]*?\n {4}\}\n/.exec(source)}};`)({ info() {} });

/** The rest of a pipeline as far as WebLLM's engine uses it; it generates the tokens that it is given. */
export class Pipeline extends Own {
  stopStr = CONFIG.conv_template.stop_str;
  stopTokens = [END];
  token_postproc_method = "byte_level";
  contextWindowSize = 4096;
  slidingWindowSize = -1;
  fullVocabSize = 2 ** 15;
  filledKVCacheLength = 0;
  appearedTokensFreq = new Map();
  /** The rendered prompts. @type {string[]} */
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
  /** Of each prompt. */
  chunks = 1;
  /** The chunks that were computed. */
  computed = 0;
  /** What waits until the GPU is done. */
  device = { sync: async () => {} };
  #position = 0;
  /** @type {object[]} */
  #logprobs = [];
  #counts = { prefill: 0, decode: 0, completion: 0 };

  /** What the tokenizer does, below the patches. @param {string} text */
  encodeText = (text) => [...Buffer.from(text)].map((octet) => ENCODED + octet);

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
    encode: (/** @type {string} */ text) => this.encodeText(text),
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
    const sampled = { token, logprob: -0.5, bytes: [...Buffer.from(token)] };
    const other = { token: "\uFFFD", logprob: -1, bytes: [...Buffer.from("\uFFFD")] };
    return { ...sampled, top_logprobs: [sampled, other].slice(0, top) };
  }

  resetChat() {
    this.filledKVCacheLength = 0;
    this.finishReason = undefined;
  }

  /** @param {string} input @param {string} role @param {string | undefined} name @param {any} config */
  async prefillStep(input, role, name, config) {
    this.commitSampledStep(await this.samplePrefillStep(input, role, name, config), config);
  }

  /** @param {string} input @param {string} role @param {string | undefined} name @param {any} config */
  async samplePrefillStep(input, role, name, config) {
    this.#begin();
    for (let chunk = 0; chunk < this.chunks; chunk += 1) await this.embedAndForward();
    const fresh = this.filledKVCacheLength === 0;
    if (this.conversation.isTextCompletion) this.conversation.prompt = input;
    else this.#converse(input, role, name, fresh, config.enable_thinking === false);
    this.filledKVCacheLength += PROMPT_TOKENS + (fresh ? PREFIX_TOKENS : 0);
    this.#counts.prefill = PROMPT_TOKENS;
    return { ...this.#next(), promptTokenIds: Array(PROMPT_TOKENS).fill(0) };
  }

  async embedAndForward() {
    this.computed += 1;
  }

  /** @param {any} config */
  async decodeStep(config) {
    this.commitSampledStep(await this.sampleDecodeStep(), config);
  }

  async sampleDecodeStep() {
    this.filledKVCacheLength += 1;
    this.#counts.decode += 1;
    await this.embedAndForward();
    await this.mayDecode();
    return this.#next();
  }

  /** What a decode step waits for. */
  async mayDecode() {}

  /** @param {object} _step @param {any} config */
  commitSampledStep(_step, config) {
    this.#sample(config);
    return { textPrefixLength: 0, textDelta: this.outputMessage };
  }

  /**
   * Replay a stored answer: WebLLM counts its tokens as if they were new.
   * @param {number[]} _prompt @param {number[]} _prefix @param {object[]} generated
   */
  async replayGenerationTokens(_prompt, _prefix, { length: tokens }) {
    this.#begin();
    this.conversation = { isTextCompletion: true, messages: [], config: {} };
    this.outputIds = [...Array(tokens).keys()];
    this.outputMessage = this.tokenizer.decode(this.outputIds);
    this.#position = this.#counts.completion = tokens;
    this.filledKVCacheLength = PROMPT_TOKENS + tokens - 1;
    return { replayedTokens: tokens };
  }

  setRNGState() {
    return true;
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

  /** The next token, as the journal of a session describes it. */
  #next() {
    return { tokenId: this.#position, globalTokenPos: PROMPT_TOKENS + this.#position };
  }

  #begin() {
    [this.outputIds, this.outputMessage, this.stopTriggered] = [[], "", false];
    [this.#position, this.#logprobs] = [0, []];
    this.#counts = { prefill: 0, decode: 0, completion: 0 };
  }

  /** @param {string} input @param {string} role @param {string | undefined} name @param {boolean} fresh @param {boolean} emptyThinking */
  #converse(input, role, name, fresh, emptyThinking) {
    this.conversation.appendMessage(role, input, name);
    if (emptyThinking) {
      this.outputIds.push(...this.tokenizer.encode(EMPTY_THINKING));
      this.conversation.appendEmptyThinkingReplyHeader("assistant", EMPTY_THINKING);
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

export const Base = /** @type {any} */ (webllm).MLCEngine;

/** A bridge over WebLLM's own engine, whose model generates these tokens, with one byte per character. */
export async function writing(/** @type {string[]} */ ...tokens) {
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
  };
  world.importWebLLM = async () => ({ ...webllm, MLCEngine: Engine });
  const bridge = world.open({ thread: "main" });
  assert.equal((await drain(load(bridge))).error, undefined);
  pipeline.answer = tokens.map((token) => Buffer.from(token, "latin1"));
  return { pipeline, bridge };
}

/** The UTF-8 bytes of a text, one per token. @param {string} text */
export function bytes(text) {
  return [...Buffer.from(text).toString("latin1")];
}

/** @param {any} drained */
export function read({ items, error }) {
  assert.equal(error, undefined);
  const chunks = items.flat();
  const logprobs = chunks.flatMap((/** @type {any} */ chunk) => chunk.choices[0]?.logprobs?.content ?? []);
  const usage = chunks.at(-1).usage;
  const finishReason = chunks.at(-2).choices[0].finish_reason;
  return { chunks, text: textOf({ items }), logprobs, usage, finishReason };
}

/** @param {any} bridge @param {object} [body] */
export async function ask(bridge, body) {
  return read(await drain(chat(bridge, body)));
}
