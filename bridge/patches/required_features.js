/**
 * 56 of the 86 f16 models in the list of WebLLM 0.2.86 do not declare that they require `shader-f16`,
 * and fail only after the download. This patch infers it from the model's ID, as in
 * `Llama-3.2-1B-Instruct-q4f16_1-MLC`.
 *
 * Guarded by tests/bridge/patches/required_features.test.mjs.
 */

/** @import { ModelRecord } from "../types.js" */

/** @param {ModelRecord} record @returns {string[]} */
export function requiredFeatures({ model_id, required_features = [] }) {
  const features = new Set(required_features);
  if (/q\d+f16/.test(model_id)) features.add("shader-f16");
  return [...features];
}
