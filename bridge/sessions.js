/** Resumes a generation that was interrupted: WebLLM stores it as a resumable session in this browser. */

import { BridgeError, toBridgeError } from "./errors.js";
import { retryWhileLocked } from "./patches/session_locks.js";

/** @import { Engine } from "./types.js" */

/**
 * Resume a session: a chunk with the text generated so far, then the rest (`patches/resumed_answer.js`).
 * @param {Engine} engine @param {string} sessionId @param {{ closed: boolean }} channel
 */
export async function* resume(engine, sessionId, channel) {
  const { steps, first } = await retryWhileLocked(sessionId, () => start(engine, sessionId, channel));
  try {
    for (let step = first; !step.done; step = await steps.next()) yield step.value;
  } finally {
    await steps.return?.();
  }
}

/**
 * Take the first step, because only then WebLLM checks whether another tab still writes the session.
 * @param {Engine} engine @param {string} sessionId @param {{ closed: boolean }} channel
 */
async function start(engine, sessionId, channel) {
  const options = /** @type {const} */ ({ continueGeneration: true, stream: true });
  const found = await engine.resumeChatCompletion(sessionId, options).catch((error) => {
    // So far it has only read files.
    throw toBridgeError(error, "request");
  });
  if (!(Symbol.asyncIterator in found)) {
    throw new BridgeError("NotResumableError", `The loaded model cannot resume the session ${sessionId}.`);
  }
  /** @type {AsyncIterator<any, unknown>} */
  const steps = found[Symbol.asyncIterator]();
  const stopped = /** @type {const} */ ({ done: true, value: undefined });
  return { steps, first: channel.closed ? stopped : await steps.next() };
}
