/**
 * With `enable_thinking: false` WebLLM 0.2.86 begins an answer with an empty thinking block, counts
 * its tokens for `max_tokens`, and searches it for stop strings. With this patch `max_tokens` concerns
 * only what the model generates; `stop_strings.js` skips the block as it skips all reasoning.
 *
 * Guarded by tests/bridge/patches/empty_thinking.test.mjs.
 */

import { wrap } from "./wrap.js";

const EMPTY_THINKING = "<think>\n\n</think>\n\n";

/** @param {any} pipeline */
export function patchEmptyThinking(pipeline) {
  wrap(pipeline, "processNextToken", (processNextToken, token, config, ...rest) => {
    const { length } = emptyThinkingTokens(pipeline, config);
    const limit = config?.max_tokens;
    if (length === 0 || limit === undefined || limit === null) return processNextToken(token, config, ...rest);
    return processNextToken(token, { ...config, max_tokens: limit + length }, ...rest);
  });
}

/**
 * @param {any} pipeline @param {any} config WebLLM's generation config of the request
 * @returns {number[]} the tokens that WebLLM has put before the answer
 */
function emptyThinkingTokens({ tokenizer }, config) {
  return config?.enable_thinking === false ? [...tokenizer.encode(EMPTY_THINKING)] : [];
}
