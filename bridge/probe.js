/** Checks that a loaded model answers: `reload` of WebLLM 0.2.86 also resolves after an abort, without a model. */

import { BridgeError } from "./errors.js";

/** @import { Lifeline } from "./lifeline.js" */
/** @import { Engine, ModelRecord } from "./types.js" */

/** WebLLM's `ModelType.embedding`. */
const EMBEDDING = 1;

/** @param {Lifeline} lifeline @param {Engine} engine @param {ModelRecord} record */
export async function probe(lifeline, engine, record) {
  const answers = record.model_type === EMBEDDING ? embeds : chats;
  if (await lifeline.guard(answers(engine))) return;
  throw new BridgeError("EngineError", "The model was loaded but returned an empty response.");
}

/** @param {Engine} engine */
async function embeds(engine) {
  const { data } = await engine.embeddings.create({ input: "Hi" });
  return data.length > 0;
}

/** @param {Engine} engine */
async function chats(engine) {
  const messages = [{ role: /** @type {const} */ ("user"), content: "Hi" }];
  const { choices } = await engine.chat.completions.create({ messages, max_tokens: 1 });
  await engine.resetChat();
  return choices.length > 0;
}
