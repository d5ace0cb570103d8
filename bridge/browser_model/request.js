/**
 * Chat requests as WebLLM takes them, for the browser's own model (the Prompt API, `LanguageModel`). What that
 * cannot do is refused by name.
 */

import { invalidRequest } from "../errors.js";

/** @import { GenerationRequest } from "../requests.js" */

/** @typedef {{ role: string, content: string }} Message */
/** @typedef {{ history: Message[], input: Message[], stops: string[], schema: object | undefined }} Prompt */

/** Parameters that it has not, with the values that change nothing. @type {Record<string, unknown[]>} */
const WITHOUT = {
  temperature: [],
  top_p: [1],
  frequency_penalty: [0],
  presence_penalty: [0],
  repetition_penalty: [1],
  seed: [],
  max_tokens: [],
  logprobs: [false],
  top_logprobs: [],
  ignore_eos: [false],
  enable_thinking: [],
  enable_latency_breakdown: [false],
  resumable: [],
};

const WHY = "the browser's own model cannot do that; choose the model in the page or a server for it";

/** @param {GenerationRequest} request @returns {Prompt} */
export function readPrompt({ kind, body, schema }) {
  if (kind !== "chat.completions") throw unsupported(kind);
  const { extra_body, ...rest } = body;
  const given = /** @type {Record<string, unknown>} */ ({ ...rest, .../** @type {object} */ (extra_body ?? {}) });
  for (const [name, neutral] of Object.entries(WITHOUT)) {
    if (given[name] !== undefined && !neutral.includes(given[name])) throw unsupported(name);
  }
  if (Object.keys(given["logit_bias"] ?? {}).length > 0) throw unsupported("logit_bias");
  checkFormat(given["response_format"], schema);
  const messages = /** @type {{ role: string, content: unknown }[]} */ (given["messages"]).map(readMessage);
  const input = messages.splice(-1);
  if (input[0]?.role !== "user") throw invalidRequest(`messages must end with one of the user: ${WHY}`);
  const beginning = given["beginning"];
  if (beginning) input.push(/** @type {any} */ ({ role: "assistant", content: beginning, prefix: true }));
  const stops = [given["stop"] ?? []].flat().filter((text) => text !== "");
  return { history: messages, input, stops: /** @type {string[]} */ (stops), schema };
}

/** @param {unknown} format @param {object | undefined} schema */
function checkFormat(format, schema) {
  const { type } = /** @type {{ type?: string }} */ (format ?? {});
  if (type === "structural_tag") throw unsupported("tools");
  if (type === "grammar" && !schema) throw unsupported("response_format with a grammar");
}

/** @param {{ role: string, content: unknown }} message @returns {Message} */
function readMessage({ role, content }) {
  if (typeof content === "string") return { role, content };
  const parts = /** @type {{ type: string, text: string }[]} */ (content ?? []);
  if (parts.some(({ type }) => type !== "text")) throw unsupported("images in messages");
  return { role, content: parts.map(({ text }) => text).join("") };
}

/** @param {string} name */
function unsupported(name) {
  return invalidRequest(`${name} is not supported: ${WHY}`);
}
