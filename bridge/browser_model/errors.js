/** What `LanguageModel` throws, in the names of the bridge. */

import { BridgeError, nameAndMessage } from "../errors.js";

/** Its names are those of DOMExceptions. @type {Record<string, string>} */
const NAMES = {
  QuotaExceededError: "ContextWindowSizeExceededError",
  NotAllowedError: "BrowserModelError",
  InvalidStateError: "BrowserModelError",
  NotSupportedError: "InvalidRequestError",
  SyntaxError: "InvalidRequestError",
  TypeError: "InvalidRequestError",
  NetworkError: "DownloadError",
  OperationError: "EngineError",
};

/** @param {unknown} thrown @returns {BridgeError} */
export function browserModelError(thrown) {
  if (thrown instanceof BridgeError) return thrown;
  const { name, message } = nameAndMessage(thrown);
  const { requested, quota } = /** @type {{ requested?: number, quota?: number }} */ (thrown ?? {});
  const numbers = typeof quota === "number" ? ` (${requested ?? "more"} tokens of at most ${quota})` : "";
  return new BridgeError(NAMES[name] ?? "EngineError", `the browser's model: ${message || name}${numbers}`, thrown);
}
