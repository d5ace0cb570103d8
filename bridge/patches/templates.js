/**
 * WebLLM 0.2.86 puts a message into its template with `String.replace`, which gives a meaning to `$$`
 * or `$&`, and then removes `{function_string}` from the result, message included. With this patch a
 * message reaches the model unchanged:
 *
 *     template "[{user_message}]", message "It costs $$5"  →  "[It costs $$5]", not "[It costs $5]"
 *
 * Guarded by tests/bridge/patches/templates.test.mjs.
 */

import { wrap } from "./wrap.js";

/** @param {any} engine */
export function patchTemplates(engine) {
  wrap(engine, "preparePrefillInput", (prepare, request, pipeline, ...rest) => {
    const input = prepare(request, pipeline, ...rest);
    fillLiterally(pipeline.getConversationObject());
    return input;
  });
}

/** @param {any} conversation of this request, or of an earlier one */
function fillLiterally({ config }) {
  if (typeof config.system_template !== "string") return;
  config.system_template = literalTemplate(config.system_template);
  const roles = Object.entries(config.role_templates ?? {}).map(([role, template]) => {
    const bare = template.replace("{function_string}", "");
    // WebLLM calls `replace` once more, to remove `{function_string}`: that call must change nothing.
    return [role, literalTemplate(bare, (text) => ({ replace: () => text }))];
  });
  config.role_templates = Object.fromEntries(roles);
}

/**
 * A template that is filled with a value as it is.
 * @param {string} template @param {(text: string) => unknown} [finish] what `replace` returns for the filled text
 */
function literalTemplate(template, finish = (text) => text) {
  const replace = (/** @type {string} */ placeholder, /** @type {string} */ value) =>
    finish(template.replace(placeholder, () => value));
  return Object.assign(new String(template), { replace });
}
