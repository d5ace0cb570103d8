/**
 * WebLLM 0.2.86 encodes a prompt to its end before it compares its length with the context window, and
 * fails with "Maximum call stack size exceeded" if it has very many tokens. With this patch a text is
 * encoded piece by piece until it is certainly too long, and refused then.
 *
 * Guarded by tests/bridge/patches/prompt_length.test.mjs.
 */

import { wrap } from "./wrap.js";

/** UTF-16 code units that are encoded at once. */
const PIECE = 2 ** 14;

/** Tokens by which a piece can differ from its part of the whole text, at both of its ends. */
const MARGIN = 32;

/** @param {any} pipeline */
export function patchPromptLength(pipeline) {
  wrap(pipeline.tokenizer, "encode", (encode, text) => {
    const { contextWindowSize, slidingWindowSize } = pipeline;
    const isLimited = slidingWindowSize === -1 && contextWindowSize > 0;
    if (!isLimited) return encode(text);
    if (text.length > PIECE) checkPieces(encode, text, contextWindowSize);
    const tokens = encode(text);
    checkLength(tokens.length, contextWindowSize);
    return tokens;
  });
}

/** @param {(text: string) => ArrayLike<number>} encode @param {string} text @param {number} limit in tokens */
function checkPieces(encode, text, limit) {
  let length = 0;
  for (let start = 0; start < text.length; start += PIECE) {
    length += Math.max(0, encode(text.slice(start, start + PIECE)).length - MARGIN);
    checkLength(length, limit);
  }
}

/** @param {number} length of the text, or of its beginning @param {number} limit */
function checkLength(length, limit) {
  if (length <= limit) return;
  const message = `The prompt has more tokens than the context window: at least ${length}, and ${limit} fit.`;
  throw Object.assign(new Error(message), { name: "ContextWindowSizeExceededError" });
}
