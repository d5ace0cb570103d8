/** Runs one generation of the loaded model into a stream. */

import { embed } from "./embeddings.js";
import { isRequestError, toBridgeError } from "./errors.js";
import { watchEngine } from "./liveness.js";
import { readSessionId } from "./requests.js";
import { resume } from "./sessions.js";

/** @import { Timeouts } from "./liveness.js" */
/** @import { LoadedModel } from "./load.js" */
/** @import { GenerationRequest } from "./requests.js" */
/** @import { Channel } from "./streams.js" */
/** @import { Engine } from "./types.js" */

/**
 * Push the chunks of a generation into a channel. The next chunk is requested whether or not anyone
 * reads the stream, so that a slow reader does not slow down the model. Resolves when the engine can
 * take the next request.
 * @param {LoadedModel} model @param {GenerationRequest} request @param {Channel} channel @param {Timeouts} timeouts
 */
export async function generate({ host, engine }, request, channel, timeouts) {
  const { lifeline } = host;
  const endWatch = watchEngine(host, channel, timeouts);
  /** @type {AsyncIterator<unknown> | undefined} */
  let iterator;
  try {
    iterator = (await lifeline.guard(startGeneration(engine, request, channel)))[Symbol.asyncIterator]();
    // WebLLM cannot be interrupted within a prefill or a decode step: a generation that is stopped
    // ends with its current step, and the chunks of that step are dropped.
    channel.onClosed(() => iterator && engine.interruptGenerate());
    while (!channel.closed) {
      const step = await lifeline.guard(iterator.next());
      if (step.done) break;
      channel.push(step.value);
    }
  } catch (thrown) {
    const error = toBridgeError(thrown, iterator ? "generate" : "request");
    if (!isRequestError(error)) lifeline.fail(error);
    throw error;
  } finally {
    const finished = iterator?.return?.();
    iterator = undefined;
    await lifeline.guard(finished).catch(() => {});
    endWatch();
  }
}

/**
 * @param {Engine} engine @param {GenerationRequest} request @param {{ closed: boolean }} channel
 * @returns {Promise<AsyncIterable<unknown>>}
 */
async function startGeneration(engine, { kind, body }, channel) {
  if (kind === "resume") return resume(engine, readSessionId(body), channel);
  if (kind === "embeddings") return embed(engine, body, channel);
  const api = kind === "completions" ? engine.completions : engine.chat.completions;
  const options = /** @type {object | undefined} */ (body["stream_options"]);
  const request = { ...body, stream: true, stream_options: { ...options, include_usage: true } };
  return /** @type {any} */ (api).create(request);
}
