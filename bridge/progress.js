/** Progress of a load, from 0 to 1 over all phases. */

/** @import { InitProgressReport } from "./types.js" */

/** @typedef {"start" | "fetch" | "load" | "compile" | "ready"} Phase */
/** @typedef {{ phase: Phase, ratio: number, text: string, elapsed: number }} Progress `elapsed` is in seconds */
/** @typedef {{ phase: Phase, part: number, text: string }} Report `part` is that of the phase, from 0 to 1 */

/** @type {Phase[]} */
const PHASES = ["start", "fetch", "load", "compile", "ready"];

/** The share of each phase in the whole load. @type {Record<Phase, [number, number]>} */
const SPANS = { start: [0, 0.05], fetch: [0.05, 0.6], load: [0.6, 0.75], compile: [0.75, 0.99], ready: [1, 1] };

/** How WebLLM's reports begin in each phase. @type {[string, Phase][]} */
const PREFIXES = [
  ["Start to fetch params", "fetch"],
  ["Fetching param cache", "fetch"],
  // A report of `download_progress.js`.
  ["Fetching ", "fetch"],
  ["Loading model from cache", "load"],
  // A report of `wllama/engine.js`.
  ["Loading the model into memory", "load"],
  ["Loading GPU shader modules", "compile"],
  ["Finish loading", "compile"],
];

/** @type {Readonly<Progress>} */
export const WAITING = { phase: "start", ratio: 0, text: "Waiting for the engine", elapsed: 0 };

/** @type {Readonly<Progress>} */
export const READY = { phase: "ready", ratio: 1, text: "Ready", elapsed: 0 };

/** @param {InitProgressReport} report of WebLLM @returns {Report} */
export function readReport({ progress, text }) {
  const phase = PREFIXES.find(([prefix]) => text.startsWith(prefix))?.[1];
  return phase ? { phase, part: progress, text } : { phase: "start", part: 0, text };
}

/**
 * WebLLM's own progress runs from 0 to 1 up to three times; this one never decreases.
 * @param {Readonly<Progress>} before @param {Report} report @param {number} elapsed
 * @returns {Progress}
 */
export function advance(before, { phase, part, text }, elapsed) {
  const [low, high] = SPANS[phase];
  return {
    phase: PHASES.indexOf(phase) < PHASES.indexOf(before.phase) ? before.phase : phase,
    // WebLLM reports NaN for an empty list of files.
    ratio: Math.max(before.ratio, low + (high - low) * (part || 0)),
    text,
    elapsed,
  };
}
