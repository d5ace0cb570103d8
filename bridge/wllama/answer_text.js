/**
 * The text of an answer while it is generated: where it ends, and how much of it can be sent. The rules for stop
 * strings are those of `patches/stop_strings.js`: the first occurrence ends the answer, not within reasoning.
 */

import { answerStart, mayOpenReasoning } from "../reasoning.js";
import { heldBackLength } from "../patches/stream.js";

/** What may be the beginning of reasoning is not searched until more of it is there. */
const MARGIN = 32;

export class AnswerText {
  /** True when a stop string has ended the answer. */
  stopped = false;
  #stops;
  #isChat;
  #text = "";
  #sent = 0;
  /** The logprobs of tokens whose text has not been sent, each with where that text ends. @type {{ end: number, entry: object }[]} */
  #entries = [];

  /** @param {string[]} stops @param {boolean} isChat whether the text may begin with reasoning */
  constructor(stops, isChat) {
    this.#stops = stops;
    this.#isChat = isChat;
  }

  /** @param {string} text @param {object[]} entries the logprobs of its tokens */
  push(text, entries) {
    if (this.stopped) return;
    const searched = Math.max(0, this.#text.length - this.#longest() - MARGIN);
    this.#text += text;
    for (const entry of entries) this.#entries.push({ end: this.#text.length, entry });
    const start = this.#isChat ? answerStart(this.#text) : 0;
    const found = this.#stops.map((stop) => this.#text.indexOf(stop, Math.max(start, searched))).filter((at) => at >= 0);
    if (found.length === 0) return;
    this.stopped = true;
    this.#text = this.#text.slice(0, Math.min(...found));
    this.#entries = this.#entries.filter(({ end }) => end <= this.#text.length);
  }

  /**
   * What can be sent now and was not sent before.
   * @param {boolean} isEnd whether nothing follows
   * @returns {{ text: string, entries: object[] }}
   */
  take(isEnd) {
    const end = Math.max(this.#sent, this.#text.length - (isEnd || this.stopped ? 0 : this.#heldBack()));
    const text = this.#text.slice(this.#sent, end);
    this.#sent = end;
    const count = this.#entries.findIndex((entry) => entry.end > end);
    const entries = this.#entries.splice(0, count < 0 ? this.#entries.length : count);
    return { text, entries: entries.map(({ entry }) => entry) };
  }

  #heldBack() {
    if (this.#stops.length === 0 || !this.#isChat) return heldBackLength(this.#text, this.#stops);
    if (mayOpenReasoning(this.#text)) return this.#text.length - this.#sent;
    return heldBackLength(this.#text.slice(answerStart(this.#text)), this.#stops);
  }

  #longest() {
    return Math.max(0, ...this.#stops.map((stop) => stop.length));
  }
}
