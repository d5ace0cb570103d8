/**
 * The cost of the shaders of compiled models in the real WebLLM: compilation at load, prefill, and
 * decode steps with and without the sampling of WebLLM. Several models are measured in turns in one
 * page, so that they can be compared on a machine whose speed varies.
 *
 * The engine runs on the main thread, where its internals are accessible. The methods
 * forwardKnownTokens, forwardDecodeToken and sampleFromRawLogits of the pipeline are private in
 * WebLLM 0.2.86.
 */
import * as webllm from "./webllm.js";

const PROMPT_TOKENS = 64;
const PREFILL_TOKENS = 256;
const STEPS = 12;
const SAMPLING = { temperature: 0.7, top_p: 0.95 };
const MESSAGES = [{ role: "user", content: "Name: Ada\nAge: 36\nInterests: chess, tea, jazz" }];
const SCHEMA = { type: "object", properties: { calm: { type: "boolean" } }, required: ["calm"] };
// These requests use every kernel; none may be compiled on first use.
const REQUESTS = {
  temperature: SAMPLING,
  greedy: { temperature: 0 },
  penalties: { ...SAMPLING, presence_penalty: 0.5, frequency_penalty: 0.5 },
  repetition: { ...SAMPLING, repetition_penalty: 1.2 },
  bias: { ...SAMPLING, logit_bias: { 300: 2 } },
  logprobs: { ...SAMPLING, logprobs: true, top_logprobs: 3 },
  grammar: {
    ...SAMPLING,
    response_format: { type: "json_object", schema: JSON.stringify(SCHEMA) },
  },
};

const counts = { pipelines: 0, dispatches: 0, submits: 0 };
let compiling = { first: Infinity, last: 0 };

/**
 * Measure models in this page.
 * @param {{name: string, url: string}[]} places the URL of the files of each model
 * @param {number} rounds the number of turns of each model
 * @returns the adapter, the figures of each model, and a table of them in Markdown
 */
export async function run(places, rounds = 5) {
  // The cache of this browser may contain another model of the same name.
  for (const key of await caches.keys()) await caches.delete(key);
  watchDevice();
  const models = [];
  for (const place of places) models.push(await open(place));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % models.length;
    for (const model of [...models.slice(first), ...models.slice(0, first)]) {
      await takeTurn(model, round);
    }
  }
  for (const model of models) await model.engine.unload();
  const figures = models.map((model) => summary(model, models[0]));
  const adapter = await adapterName();
  return { adapter, rounds, figures, table: table(adapter, figures) };
}

function watchDevice() {
  wrap(GPUDevice.prototype, "createComputePipelineAsync", (create) => {
    counts.pipelines += 1;
    compiling.first = Math.min(compiling.first, performance.now());
    const made = create();
    made.then(() => (compiling.last = performance.now()));
    return made;
  });
  wrap(GPUDevice.prototype, "createComputePipeline", (create) => {
    counts.pipelines += 1;
    return create();
  });
  wrap(GPUComputePassEncoder.prototype, "dispatchWorkgroups", (dispatch) => {
    counts.dispatches += 1;
    dispatch();
  });
  wrap(GPUQueue.prototype, "submit", (submit) => {
    counts.submits += 1;
    submit();
  });
}

function wrap(prototype, name, around) {
  const original = prototype[name];
  prototype[name] = function (...given) {
    return around(() => original.apply(this, given));
  };
}

async function open({ name, url }) {
  const at = new URL(url, location.href).href;
  const engine = new webllm.MLCEngine({
    appConfig: {
      model_list: [{ model_id: name, model: at, model_lib: new URL("model.wasm", at).href }],
    },
    logLevel: "ERROR",
  });
  compiling = { first: Infinity, last: 0 };
  counts.pipelines = 0;
  const start = performance.now();
  await engine.reload(name);
  const model = {
    name,
    engine,
    pipeline: engine.loadedModelIdToPipeline.get(name),
    sizes: await sizes(at),
    load: performance.now() - start,
    compile: compiling.last - compiling.first,
    pipelines: counts.pipelines,
    prefill: [],
    steps: { forward: [], read: [], sampled: [] },
  };
  model.first = await firstAnswer(model);
  model.compiledLater = await answerAll(model);
  return model;
}

/** The times of the steps of the first answer after the load, in milliseconds. */
async function firstAnswer({ engine, pipeline }) {
  const times = [];
  const step = pipeline.decodeStep;
  pipeline.decodeStep = async function (...given) {
    const start = performance.now();
    await step.apply(this, given);
    times.push(performance.now() - start);
  };
  // Answers with random weights may be short, so several are needed; only the first starts cold.
  while (times.length < 24) {
    await engine.resetChat();
    await engine.chat.completions.create({ messages: MESSAGES, max_tokens: 48, ...SAMPLING });
  }
  pipeline.decodeStep = step;
  return times;
}

/** Answer requests of every kind; return the number of pipelines created meanwhile. */
async function answerAll({ engine }) {
  counts.pipelines = 0;
  for (const request of Object.values(REQUESTS)) {
    await engine.resetChat();
    await engine.chat.completions.create({ messages: MESSAGES, max_tokens: 6, ...request });
  }
  return counts.pipelines;
}

/** Measure a prompt of 256 tokens, then decode steps of three kinds in turns. */
async function takeTurn(model, round) {
  const { pipeline } = model;
  pipeline.resetChat();
  model.prefill.push(await timed(() => prefill(pipeline, PREFILL_TOKENS)));
  pipeline.resetChat();
  await prefill(pipeline, PROMPT_TOKENS);
  const kinds = Object.entries({ forward, read, sampled });
  for (const [, step] of kinds) await step(pipeline);
  for (let turn = 0; turn < STEPS; turn += 1) {
    const first = (turn + round) % kinds.length;
    for (const [kind, step] of [...kinds.slice(first), ...kinds.slice(0, first)]) {
      counts.dispatches = counts.submits = 0;
      model.steps[kind].push(await timed(() => step(pipeline)));
      model[kind] = { dispatches: counts.dispatches, submits: counts.submits };
    }
  }
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const someToken = (pipeline) => 3 + Math.floor(Math.random() * (pipeline.fullVocabSize - 3));

async function prefill(pipeline, count) {
  const tokens = Array.from({ length: count }, () => someToken(pipeline));
  const logits = await pipeline.forwardKnownTokens(tokens, true);
  await pipeline.device.sync();
  logits.dispose();
}

/** The network alone, followed by one synchronization with the device. */
async function forward(pipeline) {
  const logits = await pipeline.forwardDecodeToken(someToken(pipeline));
  await pipeline.device.sync();
  logits.dispose();
}

/** The network, and reading back one number, as is required for a sampled token. */
async function read(pipeline) {
  const { tvm } = pipeline;
  const logits = await pipeline.forwardDecodeToken(someToken(pipeline));
  tvm.beginScope();
  tvm.empty([1], "int32", tvm.cpu()).copyFrom(pipeline.sampleIndicesDevice);
  await pipeline.device.sync();
  tvm.endScope();
  logits.dispose();
}

/** All work of WebLLM for a token: the network, sampling, reading back the token. */
async function sampled(pipeline) {
  const logits = await pipeline.forwardDecodeToken(someToken(pipeline));
  await pipeline.sampleFromRawLogits(logits, SAMPLING);
  logits.dispose();
}

async function sizes(at) {
  const gzipped = async (name) => {
    const { body } = await fetch(new URL(name, at));
    return (await new Response(body.pipeThrough(new CompressionStream("gzip"))).blob()).size;
  };
  const { records } = await (await fetch(new URL("tensor-cache.json", at))).json();
  const shards = await Promise.all(records.map((shard) => gzipped(shard.dataPath)));
  return {
    library: await gzipped("model.wasm"),
    weights: records.reduce((sum, shard) => sum + shard.nbytes, 0),
    weightsGzipped: shards.reduce((sum, size) => sum + size, 0),
    tokenizer: await gzipped("tokenizer.json"),
  };
}

function summary(model, reference) {
  const step = (kind, of = model) => middle(of.steps[kind]);
  // Both are from the same turns, so that slow periods of the machine affect both.
  return {
    name: model.name,
    ...model.sizes,
    load_ms: rounded(model.load),
    compile_ms: rounded(model.compile),
    pipelines: model.pipelines,
    pipelines_later: model.compiledLater,
    first_step_ms: rounded(model.first[0]),
    tenth_step_ms: rounded(model.first[9]),
    median_step_ms: rounded(middle(model.first.slice(1))),
    prefill_256_ms: rounded(middle(model.prefill)),
    forward_ms: rounded(step("forward")),
    read_ms: rounded(step("read")),
    sampled_ms: rounded(step("sampled")),
    sampling_ratio: rounded(step("sampled") / step("forward")),
    tokens_per_s: rounded(1000 / step("sampled")),
    speed_ratio: rounded(step("sampled", reference) / step("sampled")),
    dispatches: [model.forward.dispatches, model.sampled.dispatches],
    submits: [model.forward.submits, model.sampled.submits],
  };
}

/** The interquartile mean: as robust as the median, and finer than the resolution of the clock. */
function middle(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const quarter = Math.floor(sorted.length / 4);
  const kept = sorted.slice(quarter, sorted.length - quarter);
  return kept.reduce((sum, value) => sum + value, 0) / kept.length;
}

const rounded = (value) => Math.round(value * 100) / 100;

const megabytes = (bytes) => (bytes / 1e6).toFixed(2);

const COLUMNS = {
  model: (of) => of.name,
  "library gz, weights, weights gz, tokenizer gz (MB)": (of) =>
    [of.library, of.weights, of.weightsGzipped, of.tokenizer].map(megabytes).join(", "),
  "shaders: number, ms": (of) => `${of.pipelines}, ${of.compile_ms}`,
  "after load": (of) => of.pipelines_later,
  "step 1, step 10, middle (ms)": (of) =>
    [of.first_step_ms, of.tenth_step_ms, of.median_step_ms].join(", "),
  "prefill of 256 (ms)": (of) => of.prefill_256_ms,
  "network, + read, + sampling (ms)": (of) =>
    [of.forward_ms, of.read_ms, of.sampled_ms].join(", "),
  "sampling ratio": (of) => of.sampling_ratio,
  "dispatches, submits": (of) => `${of.dispatches.join(" → ")}, ${of.submits.join(" → ")}`,
  "tokens/s": (of) => of.tokens_per_s,
  "× first": (of) => of.speed_ratio,
};

function table(adapter, figures) {
  const row = (cells) => `| ${cells.join(" | ")} |`;
  const head = Object.keys(COLUMNS);
  const rows = figures.map((of) => row(Object.values(COLUMNS).map((cell) => cell(of))));
  return [`Adapter: ${adapter}`, "", row(head), row(head.map(() => "---")), ...rows].join("\n");
}

async function adapterName() {
  const { vendor, architecture, description } = (await navigator.gpu.requestAdapter()).info;
  return [vendor, architecture, description].filter(Boolean).join(" ");
}
