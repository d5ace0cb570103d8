/** The chunks of an answer in the form of WebLLM's, made of those of wllama. */

import { withoutPartialCharacter } from "../characters.js";
import { AnswerText } from "./answer_text.js";

/** @typedef {Record<string, any>} Chunk */

/** What WebLLM begins an answer with when thinking is turned off, so that both engines' answers are read alike. */
const EMPTY_THINKING = "<think>\n\n</think>\n\n";

/** What was generated before, of an answer that is resumed. @typedef {{ text: string, tokens: number, promptTokens: number }} Earlier */
/** @typedef {{ skipsThinking: boolean, isChat: boolean, model: string, stops: string[], logprobs: boolean, top: number, earlier?: Earlier }} Form */

const NOTHING = { text: "", tokens: 0, promptTokens: 0 };

export class ChunkWriter {
  #form;
  #text;
  #earlier;
  /** What is still to be written again. */
  #left;
  #common;
  #started = performance.now();
  /** In milliseconds. @type {number | undefined} */
  #firstToken;
  /** @type {Chunk} */
  #timings = {};
  /** @type {string | undefined} */
  #finishReason;

  /** @param {Form} form */
  constructor(form) {
    this.#form = form;
    this.#text = new AnswerText(form.stops, form.isChat);
    this.#earlier = form.earlier ?? NOTHING;
    this.#left = this.begun;
    this.#text.push(this.#earlier.text || (form.skipsThinking ? EMPTY_THINKING : ""), []);
    const object = form.isChat ? "chat.completion.chunk" : "text_completion";
    this.#common = { id: crypto.randomUUID(), created: Math.floor(Date.now() / 1000), model: form.model, object };
  }

  /** What was generated before, as the model wrote it: it has to write it again. */
  get begun() {
    const { text } = this.#earlier;
    const isOurs = this.#form.skipsThinking && text.startsWith(EMPTY_THINKING);
    return isOurs ? text.slice(EMPTY_THINKING.length) : text;
  }

  /** Of the whole answer so far, and of its prompt. */
  get counts() {
    const { predicted_n = 0, prompt_n = 0, cache_n = 0 } = this.#timings;
    return { tokens: Math.max(this.#earlier.tokens, predicted_n), promptTokens: prompt_n + cache_n };
  }

  /** True when nothing that follows belongs to the answer. */
  get ended() {
    return this.#text.stopped;
  }

  /** What was generated before. @returns {Chunk[]} */
  begin() {
    return this.#earlier.text ? this.#textChunks(false) : [];
  }

  /** @param {Chunk} chunk of wllama @returns {Chunk[]} */
  read({ choices: [choice], timings }) {
    // They come last, also after a stop string.
    this.#timings = timings ?? this.#timings;
    if (this.ended || !choice) return [];
    this.#finishReason = choice.finish_reason ?? this.#finishReason;
    const text = this.#withoutBegun((this.#form.isChat ? choice.delta?.content : choice.text) ?? "");
    const entries = (choice.logprobs?.content ?? []).map((/** @type {Chunk} */ entry) => tokenEntry(entry, this.#form.top));
    if (text || entries.length > 0) this.#firstToken ??= performance.now() - this.#started;
    this.#text.push(choice.finish_reason ? withoutPartialCharacter(text) : text, entries);
    return this.#textChunks(false);
  }

  /** @param {string} text */
  #withoutBegun(text) {
    const length = Math.min(text.length, this.#left.length);
    this.#left = this.#left.slice(length);
    return text.slice(length);
  }

  /** The answer has reached its length within a character, with so many tokens. */
  cut(/** @type {number} */ tokens) {
    this.#timings = { ...this.#timings, predicted_n: tokens };
    this.#finishReason = "length";
  }

  /** @param {boolean} isInterrupted @returns {Chunk[]} */
  end(isInterrupted) {
    const natural = this.#finishReason === "length" ? "length" : "stop";
    const finish_reason = isInterrupted && !this.ended ? "abort" : natural;
    const last = { ...this.#content(""), index: 0, finish_reason: this.ended ? "stop" : finish_reason };
    const usage = this.#usage();
    return [...this.#textChunks(true), { ...this.#common, choices: [last] }, { ...this.#common, choices: [], usage }];
  }

  /** @param {boolean} isEnd @returns {Chunk[]} */
  #textChunks(isEnd) {
    const { text, entries } = this.#text.take(isEnd);
    if (!text && entries.length === 0) return [];
    const logprobs = this.#form.logprobs ? { content: entries } : null;
    return [{ ...this.#common, choices: [{ ...this.#content(text), index: 0, finish_reason: null, logprobs }] }];
  }

  /** @param {string} text */
  #content(text) {
    return this.#form.isChat ? { delta: { role: "assistant", content: text } } : { text };
  }

  #usage() {
    const { cache_n = 0, prompt_per_second, predicted_per_second } = this.#timings;
    const { tokens, promptTokens } = this.counts;
    // Of an answer that is resumed, the cache may have a part too.
    const cached_tokens = Math.min(cache_n, promptTokens);
    const prompt_tokens = promptTokens - cached_tokens;
    return {
      prompt_tokens,
      completion_tokens: tokens,
      total_tokens: prompt_tokens + tokens,
      extra: {
        e2e_latency_s: (performance.now() - this.#started) / 1000,
        prefill_tokens_per_s: prompt_per_second,
        decode_tokens_per_s: predicted_per_second,
        time_to_first_token_s: this.#firstToken === undefined ? undefined : this.#firstToken / 1000,
        cached_tokens,
      },
    };
  }
}

/** @param {Chunk} entry @param {number} top how many alternatives were requested @returns {Chunk} */
function tokenEntry({ token, bytes, logprob, top_logprobs }, top) {
  const alternatives = (top_logprobs ?? []).slice(0, top);
  return { token, bytes, logprob, top_logprobs: alternatives.map((/** @type {Chunk} */ { token, bytes, logprob }) => ({ token, bytes, logprob })) };
}
