/**
 * In the logprobs of WebLLM 0.2.86 a token that is a part of a character has the bytes of U+FFFD.
 * With this patch it has its own bytes, or undefined where the vocabulary does not contain them:
 *
 *     "é" in two tokens  →  bytes [0xC3] and [0xA9], not [0xEF, 0xBF, 0xBD] twice
 *
 * Guarded by tests/bridge/patches/token_bytes.test.mjs.
 */

import { BYTES, fallbackByte } from "../token_bytes.js";
import { wrap } from "./wrap.js";

/** @param {any} pipeline */
export function patchTokenBytes(pipeline) {
  wrap(pipeline, "getTokenLogprob", (getTokenLogprob, id, top) => {
    const found = getTokenLogprob(id, top);
    const bytes = found.token.includes("\uFFFD") ? bytesOf(pipeline, id) : found.bytes;
    const top_logprobs = found.top_logprobs.map((/** @type {any} */ other) => {
      if (!other.token.includes("\uFFFD")) return other;
      // WebLLM does not report the ID of an alternative token; only that of the sampled one is known.
      return { ...other, bytes: other.logprob === found.logprob && other.token === found.token ? bytes : undefined };
    });
    return { ...found, bytes, top_logprobs };
  });
}

/**
 * @param {any} pipeline @param {number} id
 * @returns {(number | undefined)[] | undefined} the bytes of a token; undefined if the vocabulary does not contain them
 */
function bytesOf({ tokenizer, token_postproc_method: method }, id) {
  /** @type {string} */
  const token = tokenizer.idToToken(id);
  if (method === "byte_level") {
    const bytes = [...token].map((character) => BYTES.get(character));
    return bytes.includes(undefined) ? undefined : bytes;
  }
  const byte = fallbackByte(token);
  return byte === undefined ? undefined : [byte];
}
