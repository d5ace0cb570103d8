/** Reads the JSON text of requests, and refuses what cannot be a request before anything starts. */

import { FILE_QUERIES, readFileQuery } from "./downloads/requests.js";
import { invalidRequest, nameAndMessage } from "./errors.js";
import { parseUrl } from "./urls.js";

/** @import { FileQuery, FileQueryKind } from "./downloads/requests.js" */
/** @import { ModelRecord } from "./types.js" */

/**
 * @typedef {object} Config
 * @property {string} webllmUrl
 * @property {string} workerUrl
 * @property {"worker" | "main"} thread
 * @property {number} keepAlive of a shared engine: seconds that its model stays loaded without requests; negative: indefinitely
 * @property {number} maxModels of a shared engine: the most models that this page wants to be loaded at once
 */
/** @typedef {{ model: string } | { record: ModelRecord }} LoadRequest */
/** @typedef {"chat.completions" | "completions" | "embeddings" | "resume"} GenerationKind */
/**
 * @typedef {object} GenerationRequest
 * @property {GenerationKind} kind
 * @property {Record<string, unknown>} body
 * @property {object} [schema] the JSON Schema that the grammar in the body was written from
 */
/** @typedef {{ kind: "models" | "sessions" } | { kind: "sessions.text" | "sessions.delete", sessionId: string }} Query */

/** @type {GenerationKind[]} */
const GENERATION_KINDS = ["chat.completions", "completions", "embeddings", "resume"];

/** In seconds. */
const KEEP_ALIVE = 300;

/** In seconds. */
export const STALL_TIMEOUT = 60;

/**
 * @param {string} text
 * @param {string} bridgeUrl the URL of the bridge's file, which an engine worker runs too
 * @returns {Config}
 */
export function readConfig(text, bridgeUrl) {
  const { webllmUrl, workerUrl = bridgeUrl, thread = "worker", keepAlive = KEEP_ALIVE, maxModels = 1 } = readObject(text);
  if (thread !== "worker" && thread !== "main") throw invalidRequest(`thread must be "worker" or "main", got ${thread}`);
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  if (typeof keepAlive !== "number") throw invalidRequest(`keepAlive must be a number of seconds, got ${JSON.stringify(keepAlive)}`);
  if (!Number.isSafeInteger(maxModels)) throw invalidRequest(`maxModels must be an integer, got ${JSON.stringify(maxModels)}`);
  return {
    webllmUrl: readUrl("webllmUrl", webllmUrl, base),
    workerUrl: readUrl("workerUrl", workerUrl, base),
    thread,
    keepAlive,
    maxModels: /** @type {number} */ (maxModels),
  };
}

/** @param {string} text @returns {LoadRequest} */
export function readLoad(text) {
  return readModel(readObject(text));
}

/** @param {Record<string, unknown>} fields @returns {LoadRequest} */
function readModel({ model }) {
  if (typeof model === "string") return { model };
  if (!isObject(model)) throw invalidRequest("model must be a model ID or a model record");
  const fields = withoutNulls(model);
  if (typeof fields["model_id"] !== "string") throw invalidRequest("model_id of the model record must be a string");
  // WebLLM resolves relative URLs against different bases in a page and in a worker.
  const names = "gguf" in fields ? [] : ["model", "model_lib"];
  for (const name of names) readUrl(`${name} of the model record`, fields[name]);
  for (const name of ["wllama_url", "wasm_url"]) {
    if ("gguf" in fields || name in fields) readUrl(`${name} of the model record`, fields[name]);
  }
  for (const url of [fields["gguf"] ?? []].flat()) readUrl("gguf of the model record", url);
  const { gpu_model_lib } = fields;
  if (gpu_model_lib !== undefined) readUrl("gpu_model_lib of the model record", gpu_model_lib);
  return { record: /** @type {ModelRecord} */ (/** @type {unknown} */ (fields)) };
}

/**
 * @param {string} text the request of a load
 * @returns {number} seconds without any progress, after which it fails; 0: no limit
 */
export function readStallTimeout(text) {
  const { stall_timeout = STALL_TIMEOUT } = readObject(text);
  if (typeof stall_timeout === "number" && stall_timeout >= 0) return stall_timeout;
  throw invalidRequest(`stall_timeout must be a number of seconds, at least 0, got ${JSON.stringify(stall_timeout)}`);
}

/** @param {string} text @returns {GenerationRequest} */
export function readGeneration(text) {
  const { kind: given, request } = readObject(text);
  const kind = GENERATION_KINDS.find((known) => known === given);
  if (!kind) throw invalidRequest(`kind must be one of ${GENERATION_KINDS.join(", ")}, got ${given}`);
  if (!isObject(request)) throw invalidRequest("request must be an object, the body of an OpenAI request");
  const body = withoutNulls(request);
  if (kind === "resume") readSessionId(body);
  // WebLLM would only fail on it during the generation, and a failed generation closes the engine.
  if (kind === "embeddings" && typeof body["input"] !== "string" && !Array.isArray(body["input"])) {
    throw invalidRequest("input must be a string or an array");
  }
  const { extra_body } = body;
  if (!isObject(extra_body)) return { kind, body };
  const { response_schema, ...rest } = withoutNulls(extra_body);
  const found = { ...body, extra_body: rest };
  return typeof response_schema === "string" ? { kind, body: found, schema: readObject(response_schema) } : { kind, body: found };
}

/** @param {string} text @returns {Query | FileQuery} */
export function readQuery(text) {
  const { kind, ...rest } = readObject(text);
  if (typeof kind === "string" && FILE_QUERIES.includes(kind)) {
    return readFileQuery(/** @type {FileQueryKind} */ (kind), rest, readModel);
  }
  if (kind === "models" || kind === "sessions") return { kind };
  if (kind === "sessions.text" || kind === "sessions.delete") return { kind, sessionId: readSessionId(rest) };
  throw invalidRequest(`kind must be one of models, sessions, sessions.text, sessions.delete, ${FILE_QUERIES.join(", ")}, got ${kind}`);
}

/** @param {Query | FileQuery} query @returns {query is FileQuery} */
export function isFileQuery(query) {
  return FILE_QUERIES.includes(query.kind);
}

/** @param {Record<string, unknown>} fields @returns {string} */
export function readSessionId({ session_id }) {
  if (typeof session_id === "string" && session_id !== "") return session_id;
  throw invalidRequest("session_id must be a non-empty string, the ID of a resumable session");
}

/**
 * Python's None arrives as null, which WebLLM takes for a value in most places.
 * @param {object} fields @returns {Record<string, unknown>}
 */
function withoutNulls(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** @param {unknown} value @returns {value is object} */
function isObject(value) {
  return typeof value === "object" && value !== null;
}

/** @param {string} text @returns {Record<string, unknown>} */
function readObject(text) {
  try {
    const value = JSON.parse(text);
    if (isObject(value)) return /** @type {Record<string, unknown>} */ (value);
  } catch (error) {
    throw invalidRequest(`A request must be JSON text: ${nameAndMessage(error).message}`);
  }
  throw invalidRequest(`A request must be a JSON object, got ${text}`);
}

/** @param {string} name @param {unknown} value @param {string} [base] @returns {string} */
function readUrl(name, value, base) {
  const href = typeof value === "string" ? parseUrl(value, base) : undefined;
  if (href !== undefined) return href;
  throw invalidRequest(`${name} must be an absolute URL, got ${JSON.stringify(value)}`);
}
