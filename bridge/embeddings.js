/** Embeds many inputs in batches: WebLLM cannot be interrupted while it embeds. */

/** @import { Engine } from "./types.js" */

/** The most inputs that WebLLM is given at a time. */
const BATCH_SIZE = 16;

/**
 * Embed as a stream with one chunk, so that an error of the model is not mistaken for a request that
 * WebLLM refused.
 * @param {Engine} engine @param {any} request @param {{ closed: boolean }} channel
 */
export async function* embed(engine, request, channel) {
  const responses = [];
  for (const input of batches(request.input)) {
    if (channel.closed) return;
    responses.push(await engine.embeddings.create({ ...request, input }));
  }
  yield responses.length === 1 ? responses[0] : mergeResponses(responses);
}

/**
 * Split a list of strings or of token lists; a string or a list of tokens is a single input.
 * An empty list stays one batch, which WebLLM refuses.
 * @param {any} input @returns {any[]}
 */
function batches(input) {
  if (!Array.isArray(input) || typeof input[0] === "number") return [input];
  const parts = [];
  for (let start = 0; start === 0 || start < input.length; start += BATCH_SIZE) {
    parts.push(input.slice(start, start + BATCH_SIZE));
  }
  return parts;
}

/** @param {any[]} responses to the batches of one request */
function mergeResponses(responses) {
  const data = responses.flatMap((response) => response.data).map((item, index) => ({ ...item, index }));
  const usages = responses.map(({ usage }) => usage);
  const sum = (/** @type {(usage: any) => number} */ count) => usages.reduce((total, usage) => total + count(usage), 0);
  const seconds = sum(({ total_tokens, extra }) => total_tokens / extra.prefill_tokens_per_s);
  const total_tokens = sum((usage) => usage.total_tokens);
  const extra = { prefill_tokens_per_s: total_tokens / seconds };
  const usage = { prompt_tokens: sum((usage) => usage.prompt_tokens), total_tokens, extra };
  return { ...responses[0], data, usage };
}
