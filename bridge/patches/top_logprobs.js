/**
 * WebLLM 0.2.86 returns no logprobs at all for `logprobs: true` without `top_logprobs`. With this
 * patch it returns them, each with an empty `top_logprobs`.
 *
 * Guarded by tests/bridge/patches/top_logprobs.test.mjs.
 */

import { wrap } from "./wrap.js";

/** Above 0, so that WebLLM computes logprobs, and a number, so that it survives the journal of a session. */
const NONE = 0.5;

/** @param {any} engine */
export function patchTopLogprobs(engine) {
  for (const name of ["chatCompletion", "completion"]) {
    wrap(engine, name, (create, request) => create(withTopLogprobs(request)));
  }
}

/** @param {any} pipeline */
export function patchTopLogprobsOfTokens(pipeline) {
  wrap(pipeline, "getTokenLogprob", (getTokenLogprob, id, top) => getTokenLogprob(id, Math.floor(top)));
}

/** @param {any} request */
function withTopLogprobs(request) {
  return request.logprobs && !request.top_logprobs ? { ...request, top_logprobs: NONE } : request;
}
