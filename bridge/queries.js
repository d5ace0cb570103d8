/** Answers queries that need no model: WebLLM's list of models, and the resumable sessions of this browser. */

import { withoutPartialCharacter } from "./characters.js";
import { BridgeError, nameAndMessage } from "./errors.js";
import { requiredFeatures } from "./patches/required_features.js";
import { retryWhileLocked } from "./patches/session_locks.js";
import { findAdapter } from "./support.js";

/** @import { Query } from "./requests.js" */
/** @import { Sessions } from "./wllama/sessions.js" */
/** @import { Engine, ModelRecord, WebLLM } from "./types.js" */

/** @typedef {import("@mlc-ai/web-llm").ResumeProbeResult} Session */

/** @param {WebLLM} webllm @param {Query} query @param {Sessions} sessions of llama.cpp @returns {Promise<unknown>} */
export async function answerQuery(webllm, query, sessions) {
  if (query.kind === "models") {
    const adapter = await findAdapter(globalThis.navigator?.gpu);
    return webllm.prebuiltAppConfig.model_list.map((record) => describeModel(record, adapter));
  }
  const ours = "sessionId" in query ? await sessions.find(query.sessionId) : undefined;
  if (ours) return query.kind === "sessions.delete" ? sessions.delete(ours.id).then(() => ({})) : { text: ours.text, completion_tokens: ours.tokens };
  const others = "sessionId" in query ? [] : (await sessions.list()).map(describeOurs);
  const found = await answerOfWebLLM(webllm, query);
  return "sessionId" in query ? found : [...others, .../** @type {object[]} */ (found)];
}

/** @param {WebLLM} webllm @param {Query} query */
async function answerOfWebLLM(webllm, query) {
  // Sessions are files of this origin, and an engine needs no model to read them.
  const engine = new webllm.MLCEngine();
  try {
    return await querySessions(engine, query);
  } catch (error) {
    // Where a site cannot store files, as in a sandboxed frame, there are no sessions.
    if (nameAndMessage(error).name === "SecurityError") return answerWithoutFiles(query);
    throw error;
  }
}

/** @param {Engine} engine @param {Query} query */
async function querySessions(engine, query) {
  if (!("sessionId" in query)) return (await engine.listResumableSessions()).map(describeSession);
  const { kind, sessionId } = query;
  if (kind === "sessions.text") return describeText(await engine.resumeChatCompletion(sessionId));
  await retryWhileLocked(sessionId, () => engine.deleteResumableSession(sessionId));
  return {};
}

/** @param {Query} query */
function answerWithoutFiles(query) {
  if (query.kind === "sessions") return [];
  if (query.kind !== "sessions.text") return {};
  throw new BridgeError("SessionNotFoundError", `No resumable session has the ID ${query.sessionId}.`);
}

/** By WebLLM's `ModelType`. */
const MODEL_KINDS = ["language", "embedding", "vision"];

/** JSON omits what is undefined. @param {ModelRecord} record @param {GPUAdapter | null | undefined} adapter */
function describeModel(record, adapter) {
  return {
    id: record.model_id,
    vram_required_mb: record.vram_required_MB,
    context_window_size: record.overrides?.context_window_size,
    required_features: requiredFeatures(record),
    kind: MODEL_KINDS[record.model_type ?? 0],
    lacking: adapter ? lackingOf(record, adapter) : ["webgpu"],
  };
}

/** What a model needs and the GPU does not have. @param {ModelRecord} record @param {GPUAdapter} adapter */
function lackingOf(record, { features, limits }) {
  const lacking = requiredFeatures(record).filter((name) => !features.has(name));
  const size = record.buffer_size_required_bytes ?? 0;
  return size > limits.maxStorageBufferBindingSize ? [...lacking, "maxStorageBufferBindingSize"] : lacking;
}

/** @param {Session} session */
function describeSession({ sessionId, modelId, resumable, reason, emittedTokens }) {
  return { id: sessionId, model: modelId, resumable, reason, completion_tokens: emittedTokens };
}

/** @param {import("./wllama/sessions.js").Session} session */
function describeOurs({ id, model, isComplete, tokens }) {
  return { id, model, resumable: !isComplete, reason: isComplete ? "completed" : "", completion_tokens: tokens };
}

/** @param {any} session without its continuation */
function describeText({ recoveredText, emittedTokens }) {
  return { text: withoutPartialCharacter(recoveredText), completion_tokens: emittedTokens };
}
