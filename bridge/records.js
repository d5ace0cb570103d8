/** Finds the model record of a load. */

import { BridgeError } from "./errors.js";
import { requiredFeatures } from "./patches/required_features.js";

/** @import { LoadRequest } from "./requests.js" */
/** @import { ModelRecord, WebLLM } from "./types.js" */

/** @param {LoadRequest} request @returns {boolean} whether llama.cpp runs the model, and not WebLLM */
export function usesWllama(request) {
  return "record" in request && "wllama_url" in request.record;
}

/** @param {LoadRequest} request @param {WebLLM | undefined} webllm undefined for a record of llama.cpp @returns {ModelRecord} */
export function findRecord(request, webllm) {
  const record = "record" in request ? request.record : builtInRecord(request.model, /** @type {WebLLM} */ (webllm));
  return { ...record, required_features: requiredFeatures(record) };
}

/** @param {string} id @param {WebLLM} webllm @returns {ModelRecord} */
function builtInRecord(id, webllm) {
  /** @type {ModelRecord[]} */
  const list = webllm.prebuiltAppConfig.model_list;
  const record = list.find(({ model_id }) => model_id === id);
  if (record) return record;
  throw new BridgeError("ModelNotFoundError", `WebLLM's list has no model "${id}".`);
}
