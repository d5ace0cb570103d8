/** The chunks of an answer in the form of WebLLM's, made of those of wllama. */

import { withoutPartialCharacter } from "../characters.js";
import { AnswerText } from "./answer_text.js";

/** @typedef {Record<string, any>} Chunk */

/** What WebLLM begins an answer with when thinking is turned off, so that both engines' answers are read alike. */
const EMPTY_THINKING = "<think>\n\n</think>\n\n";

/** @typedef {{ skipsThinking: boolean, isChat: boolean, model: string, stops: string[], logprobs: boolean, top: number }} Form */

export class ChunkWriter {
  #form;
  #text;
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
    if (form.skipsThinking) this.#text.push(EMPTY_THINKING, []);
    const object = form.isChat ? "chat.completion.chunk" : "text_completion";
    this.#common = { id: crypto.randomUUID(), created: Math.floor(Date.now() / 1000), model: form.model, object };
  }

  /** True when nothing that follows belongs to the answer. */
  get ended() {
    return this.#text.stopped;
  }

  /** @param {Chunk} chunk of wllama @returns {Chunk[]} */
  read({ choices: [choice], timings }) {
    this.#timings = timings ?? this.#timings;
    if (!choice || this.ended) return [];
    this.#finishReason = choice.finish_reason ?? this.#finishReason;
    const text = (this.#form.isChat ? choice.delta?.content : choice.text) ?? "";
    const entries = (choice.logprobs?.content ?? []).map((/** @type {Chunk} */ entry) => tokenEntry(entry, this.#form.top));
    if (text || entries.length > 0) this.#firstToken ??= performance.now() - this.#started;
    this.#text.push(choice.finish_reason ? withoutPartialCharacter(text) : text, entries);
    return this.#textChunks(false);
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
    const { prompt_n = 0, cache_n = 0, predicted_n = 0, prompt_per_second, predicted_per_second } = this.#timings;
    return {
      prompt_tokens: prompt_n,
      completion_tokens: predicted_n,
      total_tokens: prompt_n + predicted_n,
      extra: {
        e2e_latency_s: (performance.now() - this.#started) / 1000,
        prefill_tokens_per_s: prompt_per_second,
        decode_tokens_per_s: predicted_per_second,
        time_to_first_token_s: this.#firstToken === undefined ? undefined : this.#firstToken / 1000,
        cached_tokens: cache_n,
      },
    };
  }
}

/** @param {Chunk} entry @param {number} top how many alternatives were requested @returns {Chunk} */
function tokenEntry({ token, bytes, logprob, top_logprobs }, top) {
  const alternatives = (top_logprobs ?? []).slice(0, top);
  return { token, bytes, logprob, top_logprobs: alternatives.map((/** @type {Chunk} */ { token, bytes, logprob }) => ({ token, bytes, logprob })) };
}
