/**
 * Installs the patches of this folder in WebLLM's engine, and in its pipelines as soon as they are
 * used. Each patch works around one behavior of WebLLM 0.2.86 and can be deleted on its own: its
 * file, its test, and its line here.
 *
 * Guarded by tests/bridge/patches/engine.test.mjs: the private parts that the patches use exist.
 */

import { patchAnswerBeginning } from "./answer_beginning.js";
import { patchMessages, patchTokenizer } from "./control_tokens.js";
import { patchDownloads } from "./downloads.js";
import { patchEarlyGpu } from "./early_gpu.js";
import { patchEmptyThinking } from "./empty_thinking.js";
import { patchEndTokens } from "./end_tokens.js";
import { patchJournal } from "./journal.js";
import { patchLogitBias } from "./logit_bias.js";
import { patchModelLogprobs } from "./model_logprobs.js";
import { patchPrefillStop } from "./prefill_stop.js";
import { patchPromptLength } from "./prompt_length.js";
import { patchResumedAnswer } from "./resumed_answer.js";
import { patchSeeds } from "./seeds.js";
import { patchCacheReuse, patchStopStrings } from "./stop_strings.js";
import { patchStream } from "./stream.js";
import { patchStringLengths } from "./string_lengths.js";
import { patchTemplates } from "./templates.js";
import { patchTokenBytes } from "./token_bytes.js";
import { patchTopLogprobs, patchTopLogprobsOfTokens } from "./top_logprobs.js";
import { patchUsage } from "./usage.js";
import { wrap } from "./wrap.js";

/** @type {((engine: any) => void)[]} */
const ENGINE_PATCHES = [
  patchTemplates, patchMessages, patchCacheReuse, patchStream, patchUsage, patchSeeds, patchTopLogprobs, patchResumedAnswer,
  patchJournal, patchDownloads, patchEarlyGpu, patchLogitBias, patchAnswerBeginning, patchPrefillStop,
];

/** @type {((pipeline: any) => void)[]} */
const PIPELINE_PATCHES = [
  patchTokenBytes, patchTopLogprobsOfTokens, patchEndTokens, patchStopStrings, patchEmptyThinking, patchTokenizer,
  patchPromptLength, patchModelLogprobs, patchStringLengths,
];

/** @type {WeakSet<object>} */
const patchedPipelines = new WeakSet();

/** @param {any} engine WebLLM's `MLCEngine`: the patched parts are private */
export function patchEngine(engine) {
  if (!engine?.preparePrefillInput || !engine.streamCurrentGeneration) return;
  for (const patch of ENGINE_PATCHES) patch(engine);
  wrap(engine, "preparePrefillInput", (prepare, request, pipeline, ...rest) => {
    patchPipeline(pipeline);
    return prepare(request, pipeline, ...rest);
  });
  // Resumed answers have no prefill.
  wrap(engine, "streamCurrentGeneration", (stream, request, model, pipeline, ...rest) => {
    patchPipeline(pipeline);
    return stream(request, model, pipeline, ...rest);
  });
}

/** @param {any} pipeline */
function patchPipeline(pipeline) {
  if (patchedPipelines.has(pipeline)) return;
  patchedPipelines.add(pipeline);
  for (const patch of PIPELINE_PATCHES) patch(pipeline);
}
