import assert from "node:assert/strict";
import { EMBEDDER, Gate, World, chat, drain, load, settle, test, textOf } from "./fakes.mjs";

/** @param {any} bridge @param {object} [body] */
function embed(bridge, body = { input: "hello" }) {
  return bridge.generate(JSON.stringify({ kind: "embeddings", request: body }));
}

/** @param {World} world */
async function embedding(world) {
  const bridge = world.open();
  const { error } = await drain(load(bridge, EMBEDDER));
  assert.equal(error, undefined);
  world.log.length = world.requests.length = 0;
  return bridge;
}

test("an embeddings response is one chunk", async () => {
  const world = new World();
  const response = { object: "list", data: [{ object: "embedding", index: 0, embedding: [0.5] }], usage: {} };
  world.embed = async () => response;
  const { items, error } = await drain(embed(await embedding(world)));
  assert.deepEqual([items, error], [[[response]], undefined]);
});

test("an embeddings request reaches WebLLM unchanged except for nulls", async () => {
  const world = new World();
  const bridge = await embedding(world);
  await drain(embed(bridge, { input: ["a", "b"], model: EMBEDDER.model_id, user: null, dimensions: null }));
  assert.deepEqual(world.requests, [{ input: ["a", "b"], model: EMBEDDER.model_id }]);
});

/** Let WebLLM count: the embeddings of each batch continue those of the one before. @param {World} world */
function countUp(world) {
  let number = 0;
  world.embed = async ({ input }) => {
    const data = input.map((/** @type {unknown} */ _, /** @type {number} */ index) => {
      return { object: "embedding", index, embedding: [(number += 1)] };
    });
    const tokens = 2 * input.length;
    const usage = { prompt_tokens: tokens, total_tokens: tokens, extra: { prefill_tokens_per_s: tokens / 4 } };
    return { object: "list", model: EMBEDDER.model_id, data, usage };
  };
}

for (const [what, one] of /** @type {const} */ ([["texts", "a"], ["token lists", [1, 2]]])) {
  test(`many ${what} are embedded in batches and returned as one list`, async () => {
    const world = new World();
    const bridge = await embedding(world);
    countUp(world);
    const { items, error } = await drain(embed(bridge, { input: Array(40).fill(one) }));
    assert.equal(error, undefined);
    assert.deepEqual(world.requests.map(({ input }) => input.length), [16, 16, 8]);
    const [[response]] = items;
    assert.deepEqual([response.object, response.model], ["list", EMBEDDER.model_id]);
    const counted = Array.from({ length: 40 }, (_, index) => [index, [index + 1]]);
    assert.deepEqual(response.data.map((/** @type {any} */ it) => [it.index, it.embedding]), counted);
    const usage = { prompt_tokens: 80, total_tokens: 80, extra: { prefill_tokens_per_s: 80 / 12 } };
    assert.deepEqual(response.usage, usage);
  });
}

test("one list of tokens is a single input of any length", async () => {
  const world = new World();
  await drain(embed(await embedding(world), { input: Array(40).fill(7) }));
  assert.deepEqual(world.requests.map(({ input }) => input.length), [40]);
});

test("stopped embeddings end after the batch that is running", async () => {
  const world = new World();
  const bridge = await embedding(world);
  countUp(world);
  const { embed: usual } = world;
  const gate = new Gate();
  world.embed = async (request) => {
    await gate.passed;
    return usual(request);
  };
  const stream = embed(bridge, { input: Array(40).fill("a") });
  await settle();
  stream.stop();
  gate.open();
  await drain(embed(bridge, { input: ["b"] }));
  assert.deepEqual(world.requests.map(({ input }) => input.length), [16, 1]);
});

test("embeddings are queued, and a request stopped in the queue never starts", async () => {
  const world = new World();
  const bridge = await embedding(world);
  const gate = new Gate();
  const usual = world.embed;
  world.embed = async (request) => {
    await gate.passed;
    return usual(request);
  };
  const first = drain(embed(bridge));
  const waiting = embed(bridge);
  const last = drain(embed(bridge));
  await settle();
  waiting.stop();
  gate.open();
  assert.equal((await first).items.length, 1);
  assert.equal((await last).items.length, 1);
  assert.equal(world.count("embed"), 2);
});

test("stopped embeddings return nothing, and the next request waits until the engine is free", async () => {
  const world = new World();
  const bridge = await embedding(world);
  const gate = new Gate();
  const usual = world.embed;
  world.embed = async () => {
    await gate.passed;
    return {};
  };
  const stream = embed(bridge);
  const pending = stream.next();
  await settle();
  stream.stop();
  assert.equal(await pending, undefined);
  world.embed = usual;
  const next = drain(embed(bridge));
  await settle();
  assert.equal(world.count("embed"), 1);
  gate.open();
  assert.equal((await next).items.length, 1);
});

test("an embedding input that is too long is a ContextWindowSizeExceededError and keeps the model loaded", async () => {
  const world = new World();
  const bridge = await embedding(world);
  const usual = world.embed;
  world.embed = async () => {
    throw "EmbeddingExceedContextWindowSizeError: The embedding model you are using only supports up to 512.";
  };
  assert.equal((await drain(embed(bridge))).error.name, "ContextWindowSizeExceededError");
  world.embed = usual;
  assert.equal((await drain(embed(bridge))).error, undefined);
});

for (const body of [{}, { input: null }, { input: 3 }, { input: {} }]) {
  test(`an embeddings request ${JSON.stringify(body)} is refused before it reaches the engine`, async () => {
    const world = new World();
    const bridge = await embedding(world);
    assert.equal((await drain(embed(bridge, body))).error.name, "InvalidRequestError");
    assert.deepEqual(world.log, []);
  });
}

test("an error of the engine during embeddings is an EngineError", async () => {
  const world = new World();
  const bridge = await embedding(world);
  world.embed = async () => {
    throw "Error: InternalError: batch size is zero.";
  };
  assert.equal((await drain(embed(bridge))).error.name, "EngineError");
  assert.equal((await drain(embed(bridge))).error.name, "ModelNotLoadedError");
});

test("a language model can still chat after it refused embeddings", async () => {
  const world = new World();
  const bridge = await world.loaded();
  world.embed = async () => {
    throw "IncorrectPipelineLoadedError: EmbeddingCreateParams expects model to be loaded with EmbeddingPipeline.";
  };
  const { error } = await drain(embed(bridge));
  assert.equal(error.name, "InvalidRequestError");
  assert.match(error.message, /^The loaded model is of a different kind: load an embedding model/);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});
