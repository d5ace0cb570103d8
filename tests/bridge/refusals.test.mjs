/** What WebLLM throws about a request, held against WebLLM's own source. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { World, chat, drain, test, textOf } from "./fakes.mjs";

const SOURCE = readFileSync(new URL(import.meta.resolve("@mlc-ai/web-llm")), "utf8");

/** Names of the errors that WebLLM defines. */
const DEFINED = [...SOURCE.matchAll(/this\.name = "(\w+)"/g)].map(([, name = ""]) => name);

/** Those that are no request's fault, by what the bridge makes of them. @type {Record<string, string>} */
const OTHERS = {
  // The device is gone, or about to be.
  ModelNotLoadedError: "DeviceLostError",
  WorkerEngineModelNotLoadedError: "DeviceLostError",
  DeviceLostError: "DeviceLostError",
  // Only while a model is loaded.
  ArtifactManifestError: "EngineError",
  FeatureSupportError: "FeatureSupportError",
  IntegrityError: "IntegrityError",
  ModelNotFoundError: "ModelNotFoundError",
  ShaderF16SupportError: "ShaderF16SupportError",
  WebGPUNotAvailableError: "WebGPUNotAvailableError",
  WebGPUNotFoundError: "WebGPUNotAvailableError",
  // Of uses that the bridge does not make: several models in one engine, service workers.
  ConfigurationNotInitializedError: "EngineError",
  NoServiceWorkerAPIError: "EngineError",
  NonWorkerEnvironmentError: "EngineError",
  ReloadArgumentSizeUnmatchedError: "EngineError",
  ReloadModelIdNotUniqueError: "EngineError",
  ServiceWorkerInitializationError: "EngineError",
  SpecifiedModelNotFoundError: "EngineError",
  UnclearModelToUseError: "EngineError",
  UnknownMessageKindError: "EngineError",
  // For tests of WebLLM's own.
  ResumableInjectedFault: "EngineError",
};

/** Refusals that have a better name than the usual one. @type {Record<string, string>} */
const BETTER = {
  ContextWindowSizeExceededError: "ContextWindowSizeExceededError",
  EmbeddingExceedContextWindowSizeError: "ContextWindowSizeExceededError",
};

/** How WebLLM words the one error whose name others have too. @type {Record<string, string>} */
const WORDS = { RangeError: "Make sure 0 < top_p <= 1." };

/** What becomes of a generation that fails like this. @param {string} thrown */
async function failWith(thrown) {
  const world = new World();
  const bridge = await world.loaded();
  const usual = world.generate;
  world.generate = async function* () {
    throw thrown;
  };
  const { error } = await drain(chat(bridge));
  world.generate = usual;
  const next = await drain(chat(bridge));
  return { name: error.name, message: error.message, stays: textOf(next) === "Hello" };
}

test("WebLLM's errors are found in its source", () => {
  assert.ok(DEFINED.length > 60, String(DEFINED.length));
  for (const name of Object.keys({ ...OTHERS, ...BETTER, ...WORDS })) assert.ok(DEFINED.includes(name), name);
});

test("each error that a request can cause is the request's, and the model stays", async () => {
  for (const name of DEFINED.filter((one) => !(one in OTHERS))) {
    const made = await failWith(`${name}: ${WORDS[name] ?? "Something."}`);
    assert.deepEqual([name, made.name, made.stays], [name, BETTER[name] ?? "InvalidRequestError", true]);
  }
});

test("each other error has its own name, and the engine is given up", async () => {
  for (const [name, expected] of Object.entries(OTHERS)) {
    const made = await failWith(`${name}: Something.`);
    assert.deepEqual([name, made.name, made.stays], [name, expected, false]);
  }
});

for (const [message, name] of /** @type {[string, string][]} */ ([
  ["Resumable session not found: ", "SessionNotFoundError"],
  ["Resumable session is already active: ", "InvalidRequestError"],
  [" became unavailable for continued streaming.", "NotResumableError"],
  ["Resumable generation currently supports text-only prompts.", "InvalidRequestError"],
  ["Invalid resumable ", "InvalidRequestError"],
  ["Prompt must contain at least one token", "InvalidRequestError"],
  ["Internal Error: prefill did not produce logits.", "InvalidRequestError"],
  ["Role is not supported: ", "InvalidRequestError"],
  ["Text completion requires a string prompt", "InvalidRequestError"],
  ["Unsupported model type ", "InvalidRequestError"],
  ["Cannot determine image embed size for model type ", "InvalidRequestError"],
])) {
  test(`"${message}" is what WebLLM says, and a ${name}`, async () => {
    assert.ok(SOURCE.includes(message), "WebLLM words it otherwise now");
    assert.deepEqual(await failWith(`Error: ${message}x`), { name, message: `${message}x`, stays: true });
  });
}

for (const thrown of [
  "TypeError: Failed to fetch",
  "TypeError: NetworkError when attempting to fetch resource.",
  "InvalidStateError: The source image could not be decoded.",
  "ArtifactManifestError: The loaded artifact does not declare an image input",
]) {
  test(`an image that makes WebLLM say "${thrown}" is the request's fault`, async () => {
    assert.deepEqual(await failWith(thrown), { name: "InvalidRequestError", message: thrown, stays: true });
  });
}

test("a message with an image for a model that cannot see is refused in plain words", async () => {
  const thrown = "UserMessageContentErrorForNonVLM: The model loaded is not of type ModelType.VLM: [object Object]";
  const { message, stays } = await failWith(thrown);
  assert.match(message, /^The loaded model reads text only.* load a vision model first\.$/);
  assert.ok(stays);
});

test("a RangeError that is JavaScript's own is the engine's fault", async () => {
  assert.equal((await failWith("RangeError: Maximum call stack size exceeded")).name, "EngineError");
});
