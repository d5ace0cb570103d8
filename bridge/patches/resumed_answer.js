/**
 * A stream that WebLLM 0.2.86 resumes begins with the first new token, under a new ID, and its usage
 * counts the new tokens only. With this patch the stream is one whole answer: a chunk with the text
 * generated before the interruption, then the rest, with one ID and one usage.
 *
 * Guarded by tests/bridge/patches/resumed_answer.test.mjs.
 */

import { withoutPartialCharacter } from "../characters.js";
import { wrap } from "./wrap.js";

/** @typedef {{ modelId: string, recoveredText: string, emittedTokens: number, processedSeqLen: number }} Recovered */

/** @param {any} engine */
export function patchResumedAnswer({ resumableCoordinator: coordinator }) {
  wrap(coordinator, "streamContinuation", (stream, ...args) => wholeAnswer(args[5], stream(...args)));
}

/**
 * @param {Recovered} recovered the beginning, read when no other tab could write any more
 * @param {AsyncIterable<any>} rest
 */
async function* wholeAnswer(recovered, rest) {
  const same = { id: crypto.randomUUID(), created: Math.floor(Date.now() / 1000) };
  const delta = { role: "assistant", content: withoutPartialCharacter(recovered.recoveredText) };
  const choices = [{ index: 0, delta, finish_reason: null, logprobs: null }];
  let isFirst = true;
  for await (const chunk of rest) {
    // Not before the first step: WebLLM's stream releases the session only if it has been started.
    if (isFirst) yield { ...same, model: recovered.modelId, object: "chat.completion.chunk", choices };
    isFirst = false;
    yield { ...chunk, ...same, ...(chunk.usage && { usage: usageOfWhole(recovered, chunk.usage) }) };
  }
}

/**
 * WebLLM either has stored the KV cache of the prompt too, or reads the prompt again.
 * @param {Recovered} recovered @param {any} rest
 */
function usageOfWhole({ emittedTokens, processedSeqLen }, rest) {
  const completion_tokens = emittedTokens + rest.completion_tokens;
  const cached_tokens = Math.max(0, processedSeqLen - emittedTokens - rest.prompt_tokens);
  const total_tokens = rest.prompt_tokens + completion_tokens;
  return { ...rest, completion_tokens, total_tokens, extra: { ...rest.extra, cached_tokens } };
}
