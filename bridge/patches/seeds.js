/**
 * The random number generator of WebLLM 0.2.86 fails with seeds below 0, and its first number is
 * proportional to the seed: with any small seed the first token is always the most likely one.
 * This patch maps every integer to a valid seed, and neighbors to seeds far apart.
 *
 * Guarded by tests/bridge/patches/seeds.test.mjs.
 */

import { wrap } from "./wrap.js";

/** WebLLM's generator takes the seeds from 1 to below this. */
const SEEDS = 2 ** 31 - 1;

/** @param {any} engine */
export function patchSeeds(engine) {
  for (const name of ["chatCompletion", "completion"]) {
    wrap(engine, name, (create, request) => create(withValidSeed(request)));
  }
}

/** @param {any} request */
function withValidSeed(request) {
  return Number.isInteger(request.seed) ? { ...request, seed: hash(request.seed) } : request;
}

/** @param {number} seed an integer @returns {number} from 1 to below {@link SEEDS} */
function hash(seed) {
  let bits = ((seed % 2 ** 32) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x85157af5)) + 0x3c6ef372;
  for (const factor of [0x2c1b3c6d, 0x297a2d39]) bits = Math.imul(bits ^ (bits >>> 15), factor);
  return (((bits ^ (bits >>> 16)) >>> 0) % (SEEDS - 1)) + 1;
}
