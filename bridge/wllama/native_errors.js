/** The errors of wllama 3.13.0, which says little itself: llama.cpp writes the reason to its log. */

import { BridgeError, invalidRequest, nameAndMessage } from "../errors.js";
import { MESSAGES } from "../patches/error_names.js";

/** The last lines that are kept. */
const LINES = 8;

/** The logger of wllama: nothing reaches the console, and the errors are kept. */
export class NativeLog {
  /** @type {string[]} */
  #errors = [];

  debug() {}
  log() {}
  warn() {}

  /** @param {unknown[]} parts */
  error(...parts) {
    this.#errors = [...this.#errors, parts.map(String).join(" ")].slice(-LINES);
  }

  clear() {
    this.#errors = [];
  }

  /** @returns {string} what the library itself reported, not the stack that wllama adds */
  reason() {
    const lines = this.#errors.filter((line) => !/^Stack trace|^Model returned an error|^\w*Error: /.test(line));
    return lines.map((line) => line.trim()).filter(Boolean).join("; ");
  }
}

const PARTIAL_CHARACTER =
  "The engine wllama cannot report the logprobs of a token that is a part of a character:" +
  " leave out logprobs, or use the engine webllm.";

/** What llama.cpp writes if a model for embeddings is to chat, or one that chats is to embed. */
const OTHER_KIND = /does not support logits computation|Embeddings is not enabled/;

/** Names by what llama.cpp writes. @type {[RegExp, string][]} */
const NAMES = [
  [/more tokens than the context window|context size has been exceeded/i, "ContextWindowSizeExceededError"],
  [/out of memory|failed to allocate|bad_alloc|Cannot enlarge memory|memory access out of bounds/i, "OutOfMemoryError"],
  [/grammar|template|jinja|Input content cannot be empty|too large to process/i, "InvalidRequestError"],
];

/**
 * Report whether wllama 3.13.0 failed to write a text that ends within a character: its last chunk, or logprobs of a
 * token that is a part of one.
 * @param {unknown} error @param {NativeLog} log
 */
export function isPartialCharacter(error, log) {
  return /invalid UTF-8 byte/.test(`${nameAndMessage(error).message} ${log.reason()}`);
}

/** @param {unknown} error @param {NativeLog} log @param {"load" | "generate"} stage */
export function errorOf(error, log, stage) {
  if (error instanceof BridgeError) return error;
  if (isPartialCharacter(error, log)) return invalidRequest(PARTIAL_CHARACTER);
  const { name, message } = nameAndMessage(error);
  const reason = log.reason();
  if (OTHER_KIND.test(`${message} ${reason}`)) return invalidRequest(MESSAGES["IncorrectPipelineLoadedError"] ?? "");
  // What is said about one request is complete; of an exception in the program only the log has the reason.
  const isVague = name === "RuntimeError" || /^Model failed|^Error while/.test(message);
  const text = isVague && reason ? `${message}: ${reason}` : withTokenCounts(message);
  const known = NAMES.find(([pattern]) => pattern.test(text))?.[1];
  if (stage === "load") {
    const loadError = known === "OutOfMemoryError" ? known : "EngineError";
    return new BridgeError(loadError, `llama.cpp could not load the model: ${text}`, error);
  }
  // After an abort of the program every later call fails; after an exception it can be used.
  if (/^\(ABORT\)|has crashed/.test(message)) return new BridgeError("WorkerError", `llama.cpp ended unexpectedly: ${text}`, error);
  const isRefusal = reason !== "" && name === "RuntimeError";
  return new BridgeError(known ?? (isRefusal ? "InvalidRequestError" : "EngineError"), isRefusal ? reason : text, error);
}

/** As the other engine reports a prompt that is too long. @param {string} message */
function withTokenCounts(message) {
  const [, prompt, context] = /request \((\d+) tokens\) exceeds the available context size \((\d+) tokens\)/.exec(message) ?? [];
  if (prompt === undefined) return message;
  return `The prompt has more tokens than the context window: ${prompt}, and ${context} fit.`;
}
