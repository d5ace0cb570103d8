/**
 * WebLLM 0.2.86 generates a resumable answer even if it cannot store it, and only logs that. With
 * this patch the request is refused before the first token, with advice.
 *
 * Guarded by tests/bridge/patches/journal.test.mjs.
 */

import { invalidRequest, nameAndMessage } from "../errors.js";
import { wrap } from "./wrap.js";

/** @param {any} engine */
export function patchJournal({ resumableCoordinator: coordinator }) {
  wrap(coordinator, "tryCreateJournal", (create, config) => {
    if (!config) return undefined;
    const journal = create({ ...config, strictPersistence: false });
    if (!journal) throw cannotStore("it has no file system for sites");
    journal.config = config;
    wrap(journal, "begin", (begin, first) => beginOrRefuse(journal, begin(first)));
    return journal;
  });
}

/**
 * Once the beginning is stored, `strictPersistence` decides whether a write that fails ends the
 * answer. By default it does not: the answer can be resumed from what was stored.
 * @param {any} journal @param {Promise<void>} beginning
 */
async function beginOrRefuse(journal, beginning) {
  try {
    await beginning;
  } catch (error) {
    const { message } = nameAndMessage(error);
    // The ID is taken or invalid: that is about the request, not about the browser.
    throw /^(Resumable session|Invalid resumable) /.test(message) ? error : cannotStore(message);
  }
  if (!journal.active) throw cannotStore(nameAndMessage(journal.pendingError).message);
}

/** @param {string} reason */
function cannotStore(reason) {
  const advice = "Leave out resumable, or free disk space, and use neither a private window nor a sandboxed frame.";
  return invalidRequest(`This browser cannot store the answer: ${reason.replace(/\.$/, "")}. ${advice}`);
}
