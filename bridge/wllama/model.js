/** What is loaded: the files of a model, how text is passed to it, and llama.cpp's parameters. */

import { remember } from "../downloads/catalog.js";
import { invalidFileError, nameAndMessage } from "../errors.js";
import { partsOf } from "../gguf_record.js";
import { readBuiltinModel } from "./builtin_model.js";
import { writeGguf } from "./gguf.js";
import { readModelInfo } from "./gguf_reader.js";
import { GgufFiles } from "./gguf_files.js";
import { measured, requireMemory } from "./gguf_sizes.js";
import { threadCount } from "./resources.js";

/** @import { LoadModelParams } from "@wllama/wllama" */
/** @import { Browser } from "../model_files.js" */
/** @import { Report, WllamaRecord } from "./engine.js" */
/** @import { ModelText } from "./request.js" */

/** @typedef {{ browser: Browser, report: (report: Report) => void, published: ReadonlyMap<string, Blob>, signal: AbortSignal }} Context */
/** @typedef {{ blobs: Blob[], text: ModelText, parameters: LoadModelParams }} Loaded */

/** WebLLM's `ModelType.embedding`. */
const EMBEDDING = 1;

/** The longest context window in tokens that is reserved without being asked for. */
const CONTEXT = 4096;

/** Tokens of a prompt that are read at a time: a request can be stopped between two batches. */
const BATCH = 256;

const ERROR_LEVEL = 4;

/** @param {WllamaRecord} record @param {Context} context @returns {Promise<Loaded>} */
export function loadedModel(record, context) {
  return record.gguf ? ggufModel(record, context) : builtinModel(record, context);
}

/** @param {WllamaRecord} record @param {Context} context @returns {Promise<Loaded>} */
async function builtinModel(record, { browser, report, published, signal }) {
  const { metadata, tensors, boundaries, config } = await readBuiltinModel(record, browser, report, published, signal);
  const { temperature, top_p, repetition_penalty } = config;
  const contextLength = Number(record.overrides?.context_window_size ?? config.context_window_size);
  const text = {
    contextLength,
    message: (/** @type {string} */ it) => boundaries.message(it),
    prompt: (/** @type {string} */ it) => boundaries.prompt(it),
    system: config.conv_template.system_message,
    defaults: { temperature, top_p, repetition_penalty },
  };
  // As WebLLM computes: float32 throughout.
  const exact = /** @type {const} */ ({ cache_type_k: "f32", cache_type_v: "f32", flash_attn: false });
  const file = /** @type {any} */ (writeGguf(metadata, tensors));
  return { blobs: [file], text, parameters: { ...parametersOf(record, contextLength), ...exact } };
}

/** @param {WllamaRecord} record @param {Context} context @returns {Promise<Loaded>} */
async function ggufModel(record, { browser, report, signal }) {
  const known = await measured(record, browser, signal);
  requireMemory(known);
  await remember(browser.openCache, known);
  const files = new GgufFiles(known, browser, report, signal);
  const blobs = await files.read();
  const [url = ""] = partsOf(record);
  const info = await readModelInfo(/** @type {Blob} */ (blobs[0])).catch(async (error) => {
    await files.forget(url);
    throw invalidFileError(url, nameAndMessage(error).message);
  });
  const contextLength = Number(record.overrides?.context_window_size ?? Math.min(info.contextLength || CONTEXT, CONTEXT));
  const { temperature, top_p, repetition_penalty } = /** @type {any} */ (record.overrides ?? {});
  const text = {
    contextLength,
    message: (/** @type {string} */ it) => withoutControlTokens(it, info.controlTokens),
    prompt: (/** @type {string} */ it) => it,
    defaults: { temperature, top_p, repetition_penalty },
  };
  const named = blobs.map((blob, index) => new File([blob], nameOfPart(index, blobs.length)));
  return { blobs: named, text, parameters: parametersOf(record, contextLength) };
}

/** @param {WllamaRecord} record @param {number} contextLength @returns {LoadModelParams} */
function parametersOf(record, contextLength) {
  const isEmbedding = record.model_type === EMBEDDING;
  const batch = isEmbedding ? contextLength : Math.min(BATCH, contextLength);
  return {
    n_ctx: contextLength,
    n_batch: batch,
    n_ubatch: batch,
    n_parallel: 1,
    n_threads: threadCount(),
    n_gpu_layers: 0,
    embeddings: isEmbedding,
    warmup: false,
    log_level: ERROR_LEVEL,
    jinja: true,
    // Reasoning and calls are read by this library, as those of every engine.
    reasoning_format: "none",
    skip_chat_parsing: true,
  };
}

/**
 * Text that spells a control token would become that token; a zero-width space breaks it up, as in
 * `patches/control_tokens.js`. The tags of reasoning and tools are part of the history.
 * @param {string} text @param {string[]} tokens
 */
function withoutControlTokens(text, tokens) {
  const kept = /^<\/?(think|tool_call|tool_response)>$/;
  return tokens
    .filter((token) => token.trim().length > 1 && !kept.test(token))
    .reduce((result, token) => result.replaceAll(token, `${token.slice(0, 1)}\u200B${token.slice(1)}`), text);
}

/** wllama orders parts by their names. @param {number} index @param {number} count */
function nameOfPart(index, count) {
  const digits = (/** @type {number} */ number) => String(number).padStart(5, "0");
  return `model-${digits(index + 1)}-of-${digits(count)}.gguf`;
}
