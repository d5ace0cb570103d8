/** Requests as WebLLM takes them, as llama.cpp's server takes them; what it cannot do is refused by name. */

import { invalidRequest } from "../errors.js";
import { MESSAGES } from "../patches/error_names.js";
import { gbnfOf, literal } from "./grammar.js";
import { gbnfOfTag } from "./structural_tag.js";

/** @typedef {Record<string, any>} Body */

/** llama.cpp's order is another one, and it cuts unlikely tokens off by default. */
const SAMPLING = {
  samplers: ["penalties", "temperature", "top_p"],
  top_k: 0,
  min_p: 0,
  typical_p: 1,
};

const SEEDS = 2 ** 32;

/**
 * What a model contributes to its requests.
 * @typedef {object} ModelText
 * @property {(text: string) => string} message how the text of a message is passed
 * @property {(text: string) => string} prompt how the prompt of a text completion is passed
 * @property {number} contextLength in tokens
 * @property {string} [system] the system message of a chat without one
 * @property {{ temperature?: number, top_p?: number, repetition_penalty?: number }} defaults
 */

/**
 * A resumed answer is written again as far as it was written, held by a grammar: with the same seed, and without
 * sampling, these are the same tokens. As a last message of the assistant llama.cpp drops it, and the mark of the turn,
 * if it does not parse answers.
 * @param {Body} body @param {ModelText} model @param {string} [begun] what was written before of this answer
 * @returns {Body}
 */
export function chatRequest(body, model, begun = "") {
  const { enable_thinking, beginning } = body["extra_body"] ?? {};
  if (beginning) throw unsupported("A last message of the assistant", "it cannot continue one");
  const kwargs = enable_thinking === undefined ? {} : { chat_template_kwargs: { enable_thinking } };
  return {
    ...sampling(body, model),
    ...kwargs,
    ...grammar(body["response_format"]),
    ...(body["logprobs"] && { logprobs: true, top_logprobs: Math.max(1, body["top_logprobs"] ?? 0) }),
    ...(begun && { grammar: `root ::= ${literal(begun)} .*\n` }),
    messages: messages(body["messages"], model),
  };
}

/** @param {Body} body @param {ModelText} model @returns {Body} */
export function completionRequest(body, model) {
  if (typeof body["prompt"] !== "string" || body["prompt"] === "") throw invalidRequest("prompt must be a non-empty string");
  const logprobs = body["logprobs"] && { n_probs: Math.max(1, body["top_logprobs"] ?? 0) };
  return { ...sampling(body, model), ...logprobs, prompt: model.prompt(body["prompt"]) };
}

/** @param {Body} body @returns {string[]} */
export function stopsOf({ stop, ignore_eos }) {
  return ignore_eos ? [] : [stop ?? []].flat().filter((text) => text !== "");
}

/** @param {Body} body @param {ModelText} model @returns {Body} */
function sampling(body, { contextLength, defaults }) {
  if (body["extra_body"]?.enable_latency_breakdown) throw unsupported("enable_latency_breakdown", "it does not measure the parts of a step");
  const optional = {
    max_tokens: body["max_tokens"],
    frequency_penalty: body["frequency_penalty"],
    presence_penalty: body["presence_penalty"],
    seed: body["seed"] === undefined ? undefined : validSeed(body["seed"]),
    ignore_eos: body["ignore_eos"],
    logit_bias: body["logit_bias"] && Object.entries(body["logit_bias"]).map(([id, bias]) => [Number(id), bias]),
  };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined && value !== null);
  return {
    ...SAMPLING,
    ...Object.fromEntries(given),
    temperature: body["temperature"] ?? defaults.temperature ?? 1,
    top_p: body["top_p"] ?? defaults.top_p ?? 1,
    // All tokens so far: by default, the last 64.
    repeat_last_n: contextLength,
    repeat_penalty: body["repetition_penalty"] ?? defaults.repetition_penalty ?? 1,
    cache_prompt: true,
    timings_per_token: true,
  };
}

/** llama.cpp takes 32 bits, of which all ones mean a random seed. @param {number} seed */
function validSeed(seed) {
  const bits = ((seed % SEEDS) + SEEDS) % SEEDS;
  return bits === SEEDS - 1 ? 1 : bits;
}

/** @param {Body | undefined} format @returns {Body} */
function grammar(format) {
  if (!format || format["type"] === "text") return {};
  if (format["type"] === "grammar") return { grammar: gbnfOf(format["grammar"]) };
  if (format["type"] === "structural_tag") return { grammar: gbnfOfTag(format["structural_tag"]) };
  throw unsupported(`response_format ${format["type"]}`, "grammars are written by this library");
}

/** @param {Body[]} given @param {ModelText} model @returns {Body[]} */
function messages(given, { message, system }) {
  const found = given.map(({ role, content }) => ({ role, content: message(text(content)) }));
  const needsSystem = system !== undefined && found[0]?.role !== "system";
  return needsSystem ? [{ role: "system", content: message(system) }, ...found] : found;
}

/** @param {unknown} content @returns {string} */
function text(content) {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  if (content.some(({ type }) => type !== "text")) {
    throw invalidRequest(MESSAGES["UserMessageContentErrorForNonVLM"] ?? "");
  }
  return content.map(({ text: part }) => part).join("");
}

/** @param {string} name @param {string} reason */
function unsupported(name, reason) {
  return invalidRequest(`${name} is not supported by the engine wllama: ${reason}. Leave it out, or use the engine webllm.`);
}
