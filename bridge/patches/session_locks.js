/**
 * WebLLM 0.2.86 refuses to resume or delete a session while another tab has it open, even if that tab
 * only lists its sessions, which takes a moment. This patch tries again for 0.7 s.
 *
 * Guarded by tests/bridge/patches/session_locks.test.mjs.
 */

import { invalidRequest, nameAndMessage } from "../errors.js";

/** Milliseconds between attempts. */
const DELAYS = [100, 200, 400];

/**
 * @template T
 * @param {string} sessionId @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function retryWhileLocked(sessionId, work) {
  for (const delay of [...DELAYS, 0]) {
    try {
      return await work();
    } catch (error) {
      if (!nameAndMessage(error).message.startsWith("Resumable session is already active")) throw error;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }
  const problem = `The session ${sessionId} is still being written in another tab, or in this one`;
  throw invalidRequest(`${problem}: stop it there, or wait until it ends.`);
}
