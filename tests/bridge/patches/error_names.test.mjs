/** The names and messages of WebLLM's errors, compared with WebLLM's own source. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { World, chat, drain, test, textOf } from "../fakes.mjs";

const SOURCE = readFileSync(new URL(import.meta.resolve("@mlc-ai/web-llm")), "utf8");

/** Names of the errors that WebLLM defines. */
const DEFINED = [...SOURCE.matchAll(/this\.name = "(\w+)"/g)].map(([, name = ""]) => name);

/** Errors that no request causes, by the name that the bridge gives them. @type {Record<string, string>} */
const NOT_OF_REQUESTS = {
  // The device is lost, or is being lost.
  ModelNotLoadedError: "DeviceLostError",
  WorkerEngineModelNotLoadedError: "DeviceLostError",
  DeviceLostError: "DeviceLostError",
  // Only while a model is being loaded.
  ArtifactManifestError: "EngineError",
  FeatureSupportError: "FeatureSupportError",
  IntegrityError: "IntegrityError",
  ModelNotFoundError: "ModelNotFoundError",
  ShaderF16SupportError: "ShaderF16SupportError",
  WebGPUNotAvailableError: "WebGPUNotAvailableError",
  WebGPUNotFoundError: "WebGPUNotAvailableError",
  // Of features that the bridge does not use: several models in one engine, service workers.
  ConfigurationNotInitializedError: "EngineError",
  NoServiceWorkerAPIError: "EngineError",
  NonWorkerEnvironmentError: "EngineError",
  ReloadArgumentSizeUnmatchedError: "EngineError",
  ReloadModelIdNotUniqueError: "EngineError",
  ServiceWorkerInitializationError: "EngineError",
  SpecifiedModelNotFoundError: "EngineError",
  UnclearModelToUseError: "EngineError",
  UnknownMessageKindError: "EngineError",
  // For WebLLM's own tests.
  ResumableInjectedFault: "EngineError",
};

/** Refusals that have a more specific name. @type {Record<string, string>} */
const SPECIFIC = {
  ContextWindowSizeExceededError: "ContextWindowSizeExceededError",
  EmbeddingExceedContextWindowSizeError: "ContextWindowSizeExceededError",
};

/** The message of the one error whose name JavaScript uses too. @type {Record<string, string>} */
const WORDINGS = { RangeError: "Make sure 0 < top_p <= 1." };

/** The outcome of a generation that fails like this. @param {string} thrown */
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
  return { name: error.name, message: error.message, usable: textOf(next) === "Hello" };
}

test("the names of WebLLM's errors are found in its source", () => {
  assert.ok(DEFINED.length > 60, String(DEFINED.length));
  for (const name of Object.keys({ ...NOT_OF_REQUESTS, ...SPECIFIC, ...WORDINGS })) assert.ok(DEFINED.includes(name), name);
});

test("each error that a request can cause is an InvalidRequestError and keeps the model loaded", async () => {
  for (const name of DEFINED.filter((one) => !(one in NOT_OF_REQUESTS))) {
    const made = await failWith(`${name}: ${WORDINGS[name] ?? "Something."}`);
    assert.deepEqual([name, made.name, made.usable], [name, SPECIFIC[name] ?? "InvalidRequestError", true]);
  }
});

test("each other error has its stable name and closes the engine", async () => {
  for (const [name, expected] of Object.entries(NOT_OF_REQUESTS)) {
    const made = await failWith(`${name}: Something.`);
    assert.deepEqual([name, made.name, made.usable], [name, expected, false]);
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
  test(`WebLLM's message "${message}" is a ${name}`, async () => {
    assert.ok(SOURCE.includes(message), "WebLLM has changed this message");
    assert.deepEqual(await failWith(`Error: ${message}x`), { name, message: `${message}x`, usable: true });
  });
}

for (const thrown of [
  "TypeError: Failed to fetch",
  "TypeError: NetworkError when attempting to fetch resource.",
  "InvalidStateError: The source image could not be decoded.",
  "ArtifactManifestError: The loaded artifact does not declare an image input",
]) {
  test(`an image that fails with "${thrown}" is an InvalidRequestError`, async () => {
    assert.deepEqual(await failWith(thrown), { name: "InvalidRequestError", message: thrown, usable: true });
  });
}

test("an image for a model that reads text only is refused with advice", async () => {
  const thrown = "UserMessageContentErrorForNonVLM: The model loaded is not of type ModelType.VLM: [object Object]";
  const { message, usable } = await failWith(thrown);
  assert.match(message, /^The loaded model reads text only.* load a vision model first\.$/);
  assert.ok(usable);
});

test("a RangeError of JavaScript is an EngineError", async () => {
  assert.equal((await failWith("RangeError: Maximum call stack size exceeded")).name, "EngineError");
});
