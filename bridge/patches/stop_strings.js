/**
 * WebLLM 0.2.86 ends an answer before the last occurrence of a stop string, and of several stop
 * strings before the first in the list. With this patch the answer ends before the first occurrence
 * of any of them, as in the OpenAI API:
 *
 *     tokens "one", "\n\n", stop "\n"        →  "one", not "one\n"
 *     tokens "x", "ab",     stop ["b", "a"]  →  "x", not "xa"
 *
 * In a chat the stop strings of the request are about the answer: they do not end the reasoning
 * before it, nor the blank lines between the two. Those of the model's template end both.
 *
 *     "<think>\na\n\nb\n</think>\n\none", stop "\n\n"  →  ends after "one", not after "a"
 *
 * After such an end the stop string is in WebLLM's KV cache but not in the text, and the next turn
 * would reuse that cache. With this patch it reads the whole conversation again.
 *
 * Guarded by tests/bridge/patches/stop_strings.test.mjs.
 */

import { answerStart } from "../reasoning.js";
import { markEndToken } from "./end_tokens.js";
import { wrap } from "./wrap.js";

/** Pipelines whose KV cache ends with a stop string that is not in the text. @type {WeakSet<object>} */
const staleCaches = new WeakSet();

/** Pipelines whose current request is a chat. @type {WeakSet<object>} */
const chatPipelines = new WeakSet();

/** @param {any} engine */
export function patchCacheReuse(engine) {
  wrap(engine, "preparePrefillInput", (prepare, request, pipeline, config, mayReuse = true, ...rest) => {
    noteKind(request, pipeline);
    return prepare(request, pipeline, config, mayReuse && !staleCaches.has(pipeline), ...rest);
  });
  // Resumed answers have no prefill.
  wrap(engine, "streamCurrentGeneration", (stream, request, model, pipeline, ...rest) => {
    noteKind(request, pipeline);
    return stream(request, model, pipeline, ...rest);
  });
}

/** @param {any} request @param {object} pipeline */
function noteKind(request, pipeline) {
  if ("messages" in request) chatPipelines.add(pipeline);
  else chatPipelines.delete(pipeline);
}

/** @param {any} pipeline */
export function patchStopStrings(pipeline) {
  wrap(pipeline, "processNextToken", (processNextToken, token, config, ...rest) => {
    const { stopStr } = pipeline;
    const tail = textFromStopString(pipeline, token, config);
    pipeline.stopStr = [];
    try {
      // WebLLM cuts before the last occurrence of a stop string. All text from the first stop string
      // on occurs exactly once, at the end: "x", "ab" with stop ["b", "a"] is cut before "ab".
      processNextToken(token, { ...config, stop: tail ? [tail] : [] }, ...rest);
    } finally {
      pipeline.stopStr = stopStr;
    }
    staleCaches.delete(pipeline);
    if (!tail) return;
    staleCaches.add(pipeline);
    markTokensAfterText(pipeline);
  });
}

/**
 * @param {any} pipeline @param {any} [request] or WebLLM's generation config of it
 * @returns {string[]} those of the model and of the request
 */
export function stopStringsOf({ stopStr }, { stop, ignore_eos } = {}) {
  return ignore_eos ? [] : [stopStr ?? [], stop ?? []].flat().filter((text) => text !== "");
}

/**
 * The text of the answer from the first stop string on, or "". Only the new token can complete a stop
 * string, so the whole answer is decoded only when its last tokens contain one:
 *
 *     stop "END", tokens "one", " E", "N", "D"  →  "" three times, then "END"
 *
 * @param {any} pipeline @param {number} token the new one @param {any} config
 */
function textFromStopString(pipeline, token, config) {
  const { outputIds, stopTokens } = pipeline;
  const stops = stopTokens.includes(token) ? [] : stopStringsOf(pipeline, config);
  if (stops.length === 0) return "";
  const recent = decode(pipeline, [...outputIds.slice(1 - tokensToSearch(stops)), token]);
  if (!stops.some((stop) => recent.includes(stop))) return "";
  const text = decode(pipeline, [...outputIds, token]);
  const start = chatPipelines.has(pipeline) ? answerStart(text) : 0;
  const ofModel = [pipeline.stopStr ?? []].flat();
  const positions = stops.map((stop) => text.indexOf(stop, ofModel.includes(stop) ? 0 : start));
  const found = positions.filter((position) => position >= 0);
  return found.length > 0 ? text.slice(Math.min(...found)) : "";
}

/**
 * How many of the last tokens can contain the longest stop string: each token has at least one byte
 * of it. More, because the text of the first ones may begin within a character, and because an
 * answer that begins with a stop string may be taken for the beginning of `<think>` at first.
 * @param {string[]} stops
 */
function tokensToSearch(stops) {
  return Math.max(...stops.map((text) => new TextEncoder().encode(text).length)) + 16;
}

/** The tokens that lie after the text have logprobs that are not to be sent. @param {any} pipeline */
function markTokensAfterText(pipeline) {
  const { length } = pipeline.getMessage();
  const logprobs = [...pipeline.getTokenLogprobArray()];
  const ids = [...pipeline.outputIds];
  for (ids.pop(); logprobs.length > 0 && decode(pipeline, ids).length >= length; ids.pop()) {
    markEndToken(logprobs.pop());
  }
}

/** @param {any} pipeline @param {Iterable<number>} ids @returns {string} */
function decode({ tokenizer }, ids) {
  return tokenizer.decode(Int32Array.from(ids));
}
