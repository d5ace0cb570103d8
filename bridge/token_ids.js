/** Token IDs in a request: neither engine compares them with the size of the vocabulary. */

import { invalidRequest } from "./errors.js";

/** @param {Record<string, number> | null | undefined} bias by token IDs @param {() => number} vocabularySize */
export function checkLogitBias(bias, vocabularySize) {
  if (!bias) return;
  const size = vocabularySize();
  const token = Object.keys(bias).find((id) => Number(id) >= size);
  if (token === undefined) return;
  throw invalidRequest(`\`logit_bias\` must have token IDs of the model as keys, from 0 to ${size - 1}, got ${token}`);
}
