/** The errors of the bridge: whatever is thrown becomes an `Error` with a name that Python relies on. */

import { ALIASES, DEVICE_LOSS, DOWNLOAD_MESSAGE, MESSAGES, PATTERNS, REFUSALS } from "./patches/error_names.js";
import { nameOf } from "./urls.js";

/** @typedef {"load" | "request" | "generate"} Stage what was being done when an error was thrown */

/** Every error that leaves the bridge. */
export class BridgeError extends Error {
  /** @param {string} name one of {@link NAMES} @param {string} message @param {unknown} [cause] */
  constructor(name, message, cause) {
    super(message, { cause });
    this.name = name;
  }
}

/** The names that callers can rely on. */
const NAMES = new Set([
  "AbortError", "WorkerError", "DeviceLostError", "DisposedError", "WebGPUNotAvailableError", "DownloadError",
  "IntegrityError", "ModelNotFoundError", "ModelNotLoadedError", "SessionNotFoundError", "NotResumableError",
  "ShaderF16SupportError", "FeatureSupportError", "OutOfMemoryError", "ContextWindowSizeExceededError",
  "InvalidRequestError", "EngineError", "StorageError", "NoStorageError", "LoadTimeoutError",
  "ModelUnloadedError", "BrowserModelError",
]);

/** Errors that a request causes. Any other error of a generation is the engine's, which is then closed. */
const REQUEST_ERRORS = new Set([
  "InvalidRequestError", "ContextWindowSizeExceededError", "ModelNotLoadedError", "SessionNotFoundError",
  "NotResumableError",
]);

/** @param {BridgeError} error @returns {boolean} whether the engine can take the next request */
export function isRequestError(error) {
  return REQUEST_ERRORS.has(error.name);
}

/**
 * Turn whatever was thrown into an error with a stable name.
 * @param {unknown} thrown @param {Stage} stage
 * @returns {BridgeError}
 */
export function toBridgeError(thrown, stage) {
  if (thrown instanceof BridgeError) return thrown;
  const { name, message } = nameAndMessage(thrown);
  const stable = stableName(name, message, stage);
  const original = stable === name || name === "Error" ? message : `${name}: ${message}`;
  return new BridgeError(stable, MESSAGES[name] ?? original, thrown);
}

/** @param {string} name @param {string} message @param {Stage} stage */
function stableName(name, message, stage) {
  if (stage !== "load" && DEVICE_LOSS.has(name)) return "DeviceLostError";
  if (NAMES.has(name)) return name;
  if (REFUSALS.has(name)) return "InvalidRequestError";
  // After a load only resumable sessions are written to disk.
  if (stage === "generate" && name === "QuotaExceededError") return "InvalidRequestError";
  const known = ALIASES[name] ?? PATTERNS.find(([pattern]) => pattern.test(message))?.[1];
  if (known) return known;
  // Until WebLLM has returned its iterator it only validates the request.
  if (stage === "request") return "InvalidRequestError";
  // After a load only the images of a request are fetched.
  if (stage === "generate" && name === "TypeError" && DOWNLOAD_MESSAGE.test(message)) return "InvalidRequestError";
  if (stage === "load" && ["SyntaxError", "CompileError", "LinkError"].includes(name)) return "IntegrityError";
  return stage === "load" && DOWNLOAD_MESSAGE.test(message) ? "DownloadError" : "EngineError";
}

/**
 * WebLLM's worker engine rejects with a string such as `"TypeError: Failed to fetch"`.
 * @param {unknown} thrown
 */
export function nameAndMessage(thrown) {
  if (thrown instanceof Error) return { name: thrown.name, message: thrown.message };
  const text = String(thrown);
  const [, name = "Error", message = text] = /^(\w+): ([^]*)$/.exec(text) ?? [];
  return { name, message };
}

/** @param {string} message */
export function invalidRequest(message) {
  return new BridgeError("InvalidRequestError", message);
}

export function disposedError() {
  return new BridgeError("DisposedError", "The bridge was disposed.");
}

/** @param {string} message */
export function deviceLostError(message) {
  return new BridgeError("DeviceLostError", `The GPU device was lost: ${message || "no reason given"}`);
}

/** How the message of an {@link invalidFileError} ends; of errors of a worker only the message arrives. */
const NOT_KEPT = "The file was not kept.";

/**
 * A file that is not the expected one, and of which nothing is left in a cache.
 * @param {string} url @param {string} problem the end of a sentence
 */
export function invalidFileError(url, problem) {
  return new BridgeError("IntegrityError", `${nameOf(url)} from ${url} is not the expected file: ${problem}. ${NOT_KEPT}`);
}

/** @param {unknown} error */
export function isInvalidFile(error) {
  return nameAndMessage(error).message.endsWith(NOT_KEPT);
}
