/**
 * WebLLM 0.2.86 lists the token that ends an answer among the logprobs of the tokens of its text.
 * This patch marks the entries of such tokens; `stream.js` does not send them.
 *
 * Guarded by tests/bridge/patches/end_tokens.test.mjs.
 */

import { wrap } from "./wrap.js";

/** Entries of `logprobs`. @type {WeakSet<object>} */
const endTokens = new WeakSet();

/** @param {any} pipeline */
export function patchEndTokens(pipeline) {
  wrap(pipeline, "getTokenLogprob", (getTokenLogprob, id, top) => {
    const entry = getTokenLogprob(id, top);
    if (pipeline.stopTokens.includes(id)) markEndToken(entry);
    return entry;
  });
}

/** @param {object} entry of `logprobs`, whose token is not a part of the text */
export function markEndToken(entry) {
  endTokens.add(entry);
}

/** @param {object} entry of `logprobs` */
export function isEndToken(entry) {
  return endTokens.has(entry);
}
