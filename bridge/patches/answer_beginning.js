/**
 * WebLLM 0.2.86 refuses a last message of the assistant, which other servers let the model continue.
 * With this patch the text of `extra_body.beginning` comes after the template's mark of the assistant's
 * turn, where WebLLM puts an empty thinking block; the answer is what the model adds:
 *
 *     beginning "Ada is"  →  prompt "…<|im_start|>assistant\nAda is", answer " a chess player."
 *
 * The history has the whole message, so that the next turn can reuse the KV cache.
 *
 * Guarded by tests/bridge/patches/answer_beginning.test.mjs.
 */

import { wrap } from "./wrap.js";

/** The beginning of the answer that each conversation waits for. @type {WeakMap<object, string>} */
const beginnings = new WeakMap();

/** @param {any} engine */
export function patchAnswerBeginning(engine) {
  wrap(engine, "preparePrefillInput", (prepare, request, pipeline, ...rest) => {
    const input = prepare(request, pipeline, ...rest);
    const conversation = pipeline.getConversationObject();
    if (!beginnings.has(conversation)) patchConversation(conversation);
    beginnings.set(conversation, request.extra_body?.beginning ?? "");
    return input;
  });
}

/** @param {any} conversation */
function patchConversation(conversation) {
  let block = "";
  wrap(conversation, "appendReplyHeader", (append, role) => {
    block = "";
    const beginning = beginnings.get(conversation);
    if (!beginning) return append(role);
    return conversation.appendEmptyThinkingReplyHeader(role, "");
  });
  wrap(conversation, "appendEmptyThinkingReplyHeader", (append, role, text) => {
    block = text;
    return append(role, text + beginnings.get(conversation));
  });
  wrap(conversation, "finishReply", (finish, message) => {
    const [before, after] = message.startsWith(block) ? [block, message.slice(block.length)] : ["", message];
    return finish(before + beginnings.get(conversation) + after);
  });
}
