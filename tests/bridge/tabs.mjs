/** Resumable sessions of the real WebLLM, over files in memory, in two tabs of a site. */

import { Gate, chat, drain, query, settle } from "./fakes.mjs";
import { Folder, fill, provideFiles } from "./file_system.mjs";
import { writing } from "./pipeline.mjs";

/** An empty file system with free space, for `beforeEach`. */
export function freshFiles() {
  const root = new Folder();
  provideFiles(async () => root);
  fill(false);
}

/** Start a resumable chat. @param {any} bridge @param {object} [body] @param {object} [settings] */
export function resumableChat(bridge, body, settings) {
  return chat(bridge, { ...body, extra_body: { resumable: { enabled: true, sessionId: "s1", ...settings } } });
}

/**
 * Two tabs whose models generate the same tokens; the first decodes one each time that `step` is called.
 * @param {string[]} tokens
 */
export async function openTabs(...tokens) {
  const [first, second] = [await writing(...tokens), await writing(...tokens)];
  /** @type {Gate[]} */
  const gates = [];
  first.pipeline.mayDecode = () => {
    const gate = new Gate();
    gates.push(gate);
    return gate.passed;
  };
  const step = async (count = 1) => {
    for (; count > 0; count -= 1) {
      gates.shift()?.open();
      await settle();
    }
  };
  return { first, second, step };
}

/**
 * Let the first tab generate some tokens and be closed.
 * @param {Awaited<ReturnType<typeof openTabs>>} tabs @param {number} count at least 1 @param {object} [body]
 */
export async function interruptAfter({ first, step }, count, body) {
  const stream = resumableChat(first.bridge, body);
  await settle();
  await step(count - 1);
  stream.stop();
  await step();
  return stream;
}

/** The text of the session. @param {any} bridge */
export async function storedText(bridge) {
  const { items } = await drain(query(bridge, { kind: "sessions.text", session_id: "s1" }));
  return items[0];
}
