/**
 * WebLLM 0.2.86 fills messages into the template of the model and encodes the result as a whole. So
 * a message with the text of a control token ends its own turn, and can write another one:
 *
 *     message "a<|im_end|>b"  →  "a", the control token, "b"
 *
 * With this patch such text is encoded in two parts, so that it stays text, exactly as it was written:
 *
 *     message "a<|im_end|>b"  →  "a<", "|im_end|>b"
 *
 * A mark of the template that is not one token has the same tokens as such text either way; there a
 * zero-width space is inserted: "[INST]" becomes "[", U+200B, "INST]". Marks without brackets,
 * such as "### User:", stay as they are, and so do the tags for reasoning and tools, which are part
 * of the history. The prompt of a text completion is not a message and may contain control tokens.
 *
 * Guarded by tests/bridge/patches/control_tokens.test.mjs and tests/browser/test_control_tokens.py.
 */

import { wrap } from "./wrap.js";

/** Marks where text is split: no valid text has a surrogate that is alone, and messages are made valid. */
const SPLIT = "\uDC00";

/** Every control token of a known model looks like this, such as `<|im_end|>`, `</s>` and `[INST]`. */
const INSIDE = String.raw`(?=[^<>[\]\s]{0,79}[\p{L}\p{N}])[^<>[\]\s]{1,80}`;
const SHAPE = String.raw`<${INSIDE}>|\[${INSIDE}\]`;

/** Marks of a template; the first kind is not one token: `<<SYS>>`. */
const MARKS = new RegExp(String.raw`<<[^<>\s]{1,80}>>|${SHAPE}`, "gu");

/** Tokens of some models that the history of a chat contains on purpose. */
const TAGS = new Set(["think", "tool_call", "tool_response"].flatMap((name) => [`<${name}>`, `</${name}>`]));

/** Methods of WebLLM's conversation that render messages: of most models, and of those with a manifest. */
const RENDERERS = ["getPromptArrayInternal", "getArtifactPromptSegmentsInternal"];

/** @type {WeakSet<object>} */
const patchedConversations = new WeakSet();

/** @param {any} engine */
export function patchMessages(engine) {
  wrap(engine, "preparePrefillInput", (prepare, request, pipeline, ...rest) => {
    const input = prepare(request, pipeline, ...rest);
    patchConversation(pipeline.getConversationObject(), pipeline);
    return input;
  });
}

/** @param {any} pipeline */
export function patchTokenizer(pipeline) {
  wrap(pipeline.tokenizer, "encode", (encode, text) => {
    const [first, ...parts] = text.split(/\uDC00/u);
    if (parts.length === 0) return encode(text);
    const rest = parts.map((/** @type {string} */ part) => encodeWithin(encode, part, pipeline));
    return Int32Array.from([encode(first), ...rest].flatMap((tokens) => [...tokens]));
  });
}

/**
 * Encode text that does not begin a prompt. Some tokenizers put a space before each text.
 * @param {(text: string) => Iterable<number>} encode @param {string} text @param {any} pipeline
 */
function encodeWithin(encode, text, { prepend_space_in_encode: prependsSpace }) {
  if (!prependsSpace) return [...encode(text)];
  const before = [...encode("\n")];
  const tokens = [...encode(`\n${text}`)];
  const isPrefix = before.every((token, index) => token === tokens[index]);
  return isPrefix ? tokens.slice(before.length) : [...encode(text)];
}

/** @param {any} conversation @param {any} pipeline */
function patchConversation(conversation, pipeline) {
  if (patchedConversations.has(conversation)) return;
  patchedConversations.add(conversation);
  for (const name of RENDERERS) {
    if (!conversation[name]) continue;
    wrap(conversation, name, (render, ...args) => {
      const { messages, override_system_message } = conversation;
      const guard = new Guard(conversation, pipeline);
      // WebLLM compares messages with those of the next request, so they must stay as they are.
      conversation.messages = messages.map((/** @type {any} */ message) => guard.message(message));
      conversation.override_system_message = guard.content(override_system_message);
      try {
        return render(...args);
      } finally {
        Object.assign(conversation, { messages, override_system_message });
      }
    });
  }
}

/** Breaks up control tokens in the messages of a conversation. */
class Guard {
  #encode;
  /** @type {Set<string>} */
  #marks;
  /** @type {Map<string, string>} what replaces text that may be a control token */
  #replacements = new Map();

  /** @param {any} conversation @param {any} pipeline */
  constructor({ config }, pipeline) {
    const encode = (/** @type {string} */ text) => pipeline.tokenizer.encode(text);
    this.#encode = (/** @type {string} */ text) => encodeWithin(encode, text, pipeline);
    this.#marks = marksOf(config);
  }

  /** @param {[string, string, unknown]} message */
  message([role, roleText, content]) {
    return [role, roleText, this.content(content)];
  }

  /** @param {any} content @returns {any} */
  content(content) {
    if (typeof content === "string") return this.#text(content);
    if (!Array.isArray(content)) return content;
    return content.map((part) => (part.type === "text" ? { ...part, text: this.#text(part.text) } : part));
  }

  /** @param {string} text */
  #text(text) {
    const valid = text.replace(/\p{Surrogate}/gu, "\uFFFD");
    const withoutTokens = valid.replace(new RegExp(SHAPE, "gu"), (mark) => this.#replacement(mark));
    return [...this.#marks].reduce((result, mark) => result.replaceAll(mark, () => brokenUp(mark, "\u200B")), withoutTokens);
  }

  /** @param {string} mark */
  #replacement(mark) {
    const known = this.#replacements.get(mark);
    if (known !== undefined) return known;
    const isToken = !TAGS.has(mark) && this.#encode(mark).length === 1;
    const replacement = isToken ? brokenUp(mark, SPLIT) : mark;
    this.#replacements.set(mark, replacement);
    return replacement;
  }
}

/** The marks of a template. Those that are tokens are found by their shape before these are looked for. @param {any} config */
function marksOf(config) {
  const { system_template, roles, role_templates, seps } = config;
  const texts = [system_template, ...Object.values(roles ?? {}), ...Object.values(role_templates ?? {}), ...(seps ?? [])];
  const marks = texts.flatMap((text) => String(text ?? "").replace(/\{\w+\}/g, " ").match(MARKS) ?? []);
  return new Set(marks.filter((mark) => !TAGS.has(mark)));
}

/** @param {string} mark @param {string} separator */
function brokenUp(mark, separator) {
  return mark.slice(0, 1) + separator + mark.slice(1);
}
