/**
 * One model in several engines in one page: in WebLLM as the bridge runs it, with activations in float32 and in
 * float16, in transformers.js, and in wllama with and without the GPU. In turns: loads from the cache, the first token of prompts, and decode
 * steps.
 */
import { decodeTimes, median, open, prefillTime, rounded, turned } from "./gpu.js";
import { AutoModelForCausalLM, AutoTokenizer, Tensor, env } from "./transformers/transformers.js";
import { Wllama } from "./wllama/wllama.js";

const SOME_STEPS = 4; // after the first token, until the speed is steady
const SHORT = 45; // tokens of the prompt after a load
const GGUF = "/model.gguf";
/** Each is one token, of any vocabulary like GPT-2's. */
const WORDS = [" house", " the", " and", " river", " of", " old", " time", " people", " water", " school", " year"];

Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: "/onnx/" });
env.backends.onnx.wasm.wasmPaths = "/transformers/";

/**
 * Each measurement is written to the console.
 *
 * @param {{ lengths?: number[], rounds?: number, steps?: number, loads?: number, seconds?: number, only?: string[] }} options after
 *   `seconds`, no engine is measured any more; `only` are parts of the names of those that are measured, if not all
 * @returns the adapter, the engines, pairs of them to compare, those that failed and why, and medians in milliseconds
 */
export async function run({ lengths = [45, 995, 3800], rounds = 4, steps = 20, loads = 5, seconds = Infinity, only = [] } = {}) {
  const end = performance.now() + 1000 * seconds;
  const adapter = await navigator.gpu.requestAdapter();
  const all = Object.entries(peersOn(adapter, contextFor(lengths, steps)));
  const loaders = Object.fromEntries(all.filter(([name]) => isAsked(name, only)));
  const [times, failures] = [{}, {}];
  /** An engine that fails is left out of the rest. */
  const attempt = async (name, work) => {
    if (name in failures || performance.now() > end) return;
    try {
      await work();
    } catch (error) {
      failures[name] = String(error);
    }
  };
  await measureLoads(loaders, loads, attempt, times);
  const peers = {};
  for (const [name, load] of Object.entries(loaders)) await attempt(name, async () => (peers[name] = await load()));
  await measureAnswers(peers, { lengths, rounds, steps }, attempt, times);
  const ms = Object.fromEntries(Object.entries(times).map(([what, all]) => [what, mediansOf(all)]));
  const { vendor, architecture, description } = adapter.info;
  const engines = Object.keys(loaders);
  const theirs = engines.filter((name) => name.startsWith("transformers.js"));
  const pairs = engines.filter((name) => name.startsWith("pywebllm")).flatMap((name) => theirs.map((other) => [name, other]));
  return { adapter: [vendor, architecture, description].filter(Boolean).join(" "), engines, pairs, failures, ms };
}

/**
 * Let one engine answer the longest prompt, and nothing else, so that its memory can be seen from outside.
 * @param {number} number of the engine
 * @returns its name; undefined if there are not so many
 */
export async function answerOnce(number, { lengths = [45, 995, 3800], steps = 20, only = [] } = {}) {
  const adapter = await navigator.gpu.requestAdapter();
  const [name, load] = Object.entries(peersOn(adapter, contextFor(lengths, steps)))[number] ?? [];
  if (!load || !isAsked(name, only)) return undefined;
  const peer = await load();
  await peer.measure(Math.max(...lengths), steps, 0);
  return name;
}

const isAsked = (name, only) => only.length === 0 || only.some((part) => name.includes(part));

const contextFor = (lengths, steps) => Math.max(...lengths) + steps + SOME_STEPS + 1;

/** The first load of each engine fills the cache. */
async function measureLoads(loaders, loads, attempt, times) {
  for (let round = 0; round <= loads; round += 1) {
    for (const [name, load] of turned(Object.entries(loaders), round)) {
      await attempt(name, async () => {
        const peer = await load();
        // transformers.js compiles its shaders when it first needs them.
        const { first } = await peer.measure(SHORT, 1, round);
        await peer.close();
        if (round === 0) return;
        note(times, "load", name, [peer.load]);
        note(times, "load and first token", name, [peer.load + first]);
      });
    }
  }
}

/** The first round compiles shaders. */
async function measureAnswers(peers, { lengths, rounds, steps }, attempt, times) {
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, peer] of turned(Object.entries(peers), round)) {
      for (const length of lengths) {
        await attempt(name, async () => {
          const { first, decode } = await peer.measure(length, steps, round);
          if (round === 0) return;
          note(times, `first token of ${length}`, name, [first]);
          note(times, `step after ${length}`, name, decode);
        });
      }
    }
  }
}

/** What loads each engine: without `shader-f16`, all compute in float32, and wllama has no GPU. */
function peersOn({ features, info }, context) {
  const hasF16 = features.has("shader-f16");
  const library = info.architecture === "swiftshader" ? "model.wasm" : "model-gpu.wasm";
  const dtype = hasF16 ? "q4f16" : "q4";
  const inF16 = { name: "ours-f16", url: "/models/ours-f16/resolve/v1/", library: "model.wasm" };
  return {
    "pywebllm, f32": () => openOurs({ name: "ours", url: "/models/ours/resolve/v1/", library }),
    ...(hasF16 ? { "pywebllm, f16": () => openOurs(inF16) } : {}),
    [`transformers.js, ${dtype}`]: () => openTransformers(dtype),
    ...(hasF16 ? { "wllama, GPU": () => openWllama(99, context) } : {}),
    "wllama, CPU": () => openWllama(0, context),
  };
}

async function openOurs(place) {
  const model = await open(place, "patched");
  const measure = async (length, steps) => ({
    first: await prefillTime(model, length),
    decode: (await decodeTimes(model, length, steps)).steps,
  });
  return { load: model.load, measure, close: () => model.engine.unload() };
}

/** Tokens of a prompt that no engine has read before. */
function promptOf(length, round) {
  return Array.from({ length }, (_, index) => 3 + ((index * 7919 + 13 + round) % 40000));
}

/** wllama 3.13.0 takes no tokens, only text. */
function textOf(length, round) {
  return Array.from({ length }, (_, index) => WORDS[(index + round) % WORDS.length]).join("");
}

/** The time of the first token, and of the steps after some. @param {number} start @param {number[]} times of all tokens */
function splitTimes(start, times) {
  const decode = times.slice(SOME_STEPS + 1).map((time, index) => time - times[index + SOME_STEPS]);
  return { first: times[0] - start, decode };
}

async function openTransformers(dtype) {
  const start = performance.now();
  // As its `pipeline` does: without a tokenizer no engine answers a text.
  const [model] = await Promise.all([
    AutoModelForCausalLM.from_pretrained("model", { device: "webgpu", dtype }), AutoTokenizer.from_pretrained("model"),
  ]);
  const load = performance.now() - start;
  const measure = async (length, steps, round) => {
    const count = steps + SOME_STEPS + 1;
    const times = [];
    const begin = performance.now();
    await model.generate({
      inputs: new Tensor("int64", BigInt64Array.from(promptOf(length, round), BigInt), [1, length]),
      attention_mask: new Tensor("int64", new BigInt64Array(length).fill(1n), [1, length]),
      max_new_tokens: count,
      min_new_tokens: count,
      do_sample: false,
      streamer: { put: () => times.push(performance.now()), end() {} },
    });
    return splitTimes(begin, times.slice(1)); // the first call passes the prompt
  };
  return { load, measure, close: () => model.dispose() };
}

async function openWllama(n_gpu_layers, n_ctx) {
  const cache = await caches.open("gguf");
  if (!(await cache.match(GGUF))) await cache.add(GGUF);
  const start = performance.now();
  const wllama = new Wllama({ default: new URL("/wllama/wllama.wasm", location.href).href }, { suppressNativeLog: true });
  wllama.setCompat(null);
  const blob = await (await cache.match(GGUF)).blob();
  await wllama.loadModel([blob], { n_ctx, n_parallel: 1, n_gpu_layers, n_threads: Math.max(1, Math.floor(navigator.hardwareConcurrency / 2)) });
  const load = performance.now() - start;
  const measure = async (length, steps, round) => {
    const times = [];
    let read = 0;
    const begin = performance.now();
    await wllama.createCompletion({
      prompt: textOf(length, round),
      max_tokens: steps + SOME_STEPS + 1,
      ignore_eos: true,
      temperature: 0,
      cache_prompt: false,
      stream: true,
      onData: ({ choices, usage }) => {
        if (choices[0].text) times.push(performance.now());
        read = usage?.prompt_tokens ?? read;
      },
    });
    if (read !== length) throw new Error(`wllama has read ${read} tokens instead of ${length}.`);
    return splitTimes(begin, times);
  };
  return { load, measure, close: () => wllama.exit() };
}

function note(times, what, name, measured) {
  console.log(`${name}: ${what}: ${rounded(median(measured))} ms`);
  ((times[what] ??= {})[name] ??= []).push(...measured);
}

function mediansOf(byPeer) {
  return Object.fromEntries(Object.entries(byPeer).map(([name, all]) => [name, rounded(median(all))]));
}
