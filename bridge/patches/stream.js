/**
 * A stream of WebLLM 0.2.86
 * - sends the logprobs of one token with a chunk, though a character may take several tokens;
 * - loses the text that waits for the rest of a character when the answer ends within it;
 * - sends the first tokens of a stop string before it sees that they are one.
 *
 * This patch makes the chunks from the state of the pipeline instead. For tokens "a", the two bytes
 * of "é", "\nUs", "er:", with stop "\nUser:":
 *
 *     text of chunks       "a"   "é"       (nothing: "\nUs" is held back, and turns out to be a stop string)
 *     logprobs of tokens   "a"   2 tokens
 *
 * Guarded by tests/bridge/patches/stream.test.mjs.
 */

import { withoutPartialCharacter } from "../characters.js";
import { answerStart, mayOpenReasoning } from "../reasoning.js";
import { isEndToken } from "./end_tokens.js";
import { stopStringsOf } from "./stop_strings.js";
import { wrap } from "./wrap.js";

/** @param {any} engine */
export function patchStream(engine) {
  wrap(engine, "streamCurrentGeneration", (stream, ...args) => {
    const [request, , pipeline, , , state] = args;
    const chunks = stream(...args);
    return new PatchedStream(request, pipeline, state).read(chunks);
  });
}

/** One stream; its pipeline takes no step while a chunk is read. */
class PatchedStream {
  #request;
  #pipeline;
  /** @type {string[]} */
  #stops;
  /** The length of the text sent so far, in UTF-16 code units. @type {number} */
  #textSent;
  #logprobsSent = 0;

  /** @param {any} request @param {any} pipeline @param {any} state of WebLLM's stream: a resumed one has text already */
  constructor(request, pipeline, state) {
    this.#request = request;
    this.#pipeline = pipeline;
    this.#stops = stopStringsOf(pipeline, request);
    this.#textSent = withoutPartialCharacter(pipeline.getMessage().slice(0, state.prevMessageLength)).length;
  }

  /** @param {AsyncIterable<any>} chunks */
  async *read(chunks) {
    for await (const chunk of chunks) {
      const [choice] = chunk.choices;
      if (chunk.usage) yield chunk;
      else if (choice.finish_reason === null) yield* this.#textChunk(chunk);
      else yield* this.#lastChunks(chunk);
    }
  }

  /** @param {any} chunk with a piece of text */
  *#textChunk(chunk) {
    const stopped = this.#pipeline.stopped();
    const text = this.#takeText(stopped ? [] : this.#stops);
    if (text || stopped) yield* this.#chunkWith(text, chunk);
  }

  /** @param {any} chunk with the finish reason, and without text */
  *#lastChunks(chunk) {
    yield* this.#chunkWith(this.#takeText([]), chunk);
    yield chunk;
  }

  /** @param {string} text @param {any} chunk has what all chunks have in common */
  *#chunkWith(text, chunk) {
    const logprobs = this.#takeLogprobs();
    if (!text && !logprobs?.content.length) return;
    const content = "messages" in this.#request ? { delta: { role: "assistant", content: text } } : { text };
    const choice = { ...content, index: 0, finish_reason: null, logprobs };
    yield { ...chunk, choices: [choice] };
  }

  /** @param {string[]} stops whose beginnings are held back */
  #takeText(stops) {
    const message = this.#pipeline.getMessage();
    const end = Math.max(this.#textSent, message.length - this.#heldBack(message, stops));
    const text = message.slice(this.#textSent, end);
    this.#textSent = end;
    return text;
  }

  /** @param {string} message @param {string[]} stops */
  #heldBack(message, stops) {
    if (stops.length === 0 || !("messages" in this.#request)) return heldBackLength(message, stops);
    // What may be the beginning of reasoning may be a stop string too.
    if (mayOpenReasoning(message)) return message.length;
    return heldBackLength(message.slice(answerStart(message)), stops);
  }

  #takeLogprobs() {
    if (!this.#request.logprobs) return null;
    // Logprobs of text that is held back are held back too.
    if (this.#textSent < this.#pipeline.getMessage().length) return { content: [] };
    const all = this.#pipeline.getTokenLogprobArray();
    const unsent = all.slice(this.#logprobsSent);
    this.#logprobsSent = all.length;
    const content = this.#request.ignore_eos ? unsent : unsent.filter((/** @type {object} */ it) => !isEndToken(it));
    return { content };
  }
}

/**
 * The length of the end of a string that may be the beginning of a stop string: 3 for "one\nUs" and "\nUser:".
 * @param {string} text @param {string[]} stops
 */
export function heldBackLength(text, stops) {
  let held = 0;
  for (const stop of stops) {
    for (let length = stop.length - 1; length > held; length -= 1) {
      if (text.endsWith(stop.slice(0, length))) held = length;
    }
  }
  return held;
}
