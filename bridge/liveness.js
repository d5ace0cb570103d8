/**
 * Detects an engine that is stuck: in an endless loop, or in one long computation such as the
 * compilation of a huge grammar. It reports nothing, and cannot be interrupted.
 */

import { BridgeError } from "./errors.js";
import { withAwakeTimeout, withTimeout } from "./timeout.js";

/** @import { Environment } from "./environment.js" */
/** @import { Host } from "./hosts.js" */
/** @import { Channel } from "./streams.js" */

/** @typedef {Pick<Environment, "answerTimeout" | "busyTimeout">} Timeouts */

/** The error of an engine that is stuck: it has to be closed, and its model loaded again. */
export class StuckError extends BridgeError {
  /** @param {string} problem */
  constructor(problem) {
    super("WorkerError", problem);
  }
}

/**
 * Fail the engine if it does not answer within this time.
 * @param {Host} host @param {number} seconds
 */
export async function requireAnswer(host, seconds) {
  if (!(await host.answers(seconds))) host.lifeline.fail(new StuckError(`The engine did not answer for ${seconds} s.`));
}

/**
 * Watch the engine during a generation, and fail it if it is stuck. It may be silent for longer while
 * it is wanted than after it was stopped, because then it may well be compiling a grammar.
 * @param {Host} host @param {Channel} channel of the generation @param {Timeouts} timeouts
 * @returns {() => void} ends the watch
 */
export function watchEngine(host, channel, { answerTimeout, busyTimeout }) {
  /** @type {() => void} */
  let end = () => {};
  /** @type {Promise<true>} */
  const ended = new Promise((resolve) => (end = () => resolve(true)));
  void watchWhile(ended, host, busyTimeout);
  channel.onClosed(async () => {
    void requireAnswer(host, answerTimeout);
    // It answers, and yet does not stop: the step that it has begun does not end.
    if (await withAwakeTimeout(busyTimeout, ended)) return;
    host.lifeline.fail(new StuckError(`The engine did not stop within ${busyTimeout} s.`));
  });
  return end;
}

/** @param {Promise<true>} ended @param {Host} host @param {number} seconds */
async function watchWhile(ended, host, seconds) {
  while (!(await withTimeout(seconds / 2, ended))) await requireAnswer(host, seconds);
}
