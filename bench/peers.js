/**
 * A compiled model in WebLLM, as the bridge runs it, and a model of the same shape in transformers.js,
 * in turns in one page: loading from the cache, the first token of prompts, and decode steps.
 */
import { AutoModelForCausalLM, Tensor, env } from "./transformers/transformers.min.js";
import { decodeTimes, median, open, prefillTime, rounded, turned } from "./gpu.js";

const LOADS = 5;
const SOME_STEPS = 4; // after the first token, until the speed is steady

Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: "/onnx/" });
env.backends.onnx.wasm.wasmPaths = "/transformers/";

/**
 * @param {{ ours: {name: string, url: string, library: string}, dtype: string }} models
 * @param {{ lengths?: number[], rounds?: number, steps?: number }} options
 * @returns milliseconds, medians
 */
export async function run({ ours, dtype }, { lengths = [45, 995, 3800], rounds = 4, steps = 20 } = {}) {
  const loaders = { pywebllm: () => openOurs(ours), "transformers.js": () => openTransformers(dtype) };
  const times = { "load from cache": await loadTimes(loaders) };
  const peers = {};
  for (const [name, load] of Object.entries(loaders)) peers[name] = await load();
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, peer] of turned(Object.entries(peers), round)) {
      for (const length of lengths) {
        const { first, decode } = await peer.measure(length, steps, round);
        if (round === 0) continue; // it compiles shaders
        ((times[`first token of ${length}`] ??= {})[name] ??= []).push(first);
        ((times[`step after ${length}`] ??= {})[name] ??= []).push(...decode);
      }
    }
  }
  return Object.fromEntries(Object.entries(times).map(([what, byPeer]) => {
    const medians = Object.fromEntries(Object.entries(byPeer).map(([name, all]) => [name, rounded(median(all))]));
    return [what, { ...medians, ratio: rounded(medians["transformers.js"] / medians.pywebllm) }];
  }));
}

/** Milliseconds of loads in turns; the first load of each fills the cache. */
async function loadTimes(loaders) {
  const times = {};
  for (let round = 0; round <= LOADS; round += 1) {
    for (const [name, open] of turned(Object.entries(loaders), round)) {
      const { load, close } = await open();
      await close();
      if (round > 0) (times[name] ??= []).push(load);
    }
  }
  return times;
}

async function openOurs(place) {
  const model = await open(place, "patched");
  const measure = async (length, steps) => ({
    first: await prefillTime(model, length),
    decode: (await decodeTimes(model, length, steps)).steps,
  });
  return { load: model.load, measure, close: () => model.engine.unload() };
}

async function openTransformers(dtype) {
  const start = performance.now();
  const model = await AutoModelForCausalLM.from_pretrained("model", { device: "webgpu", dtype });
  const load = performance.now() - start;
  return { load, measure: (...given) => generate(model, ...given), close: () => model.dispose() };
}

async function generate(model, length, steps, round) {
  const ids = BigInt64Array.from({ length }, (_, index) => BigInt(3 + ((index * 7919 + 13 + round) % 40000)));
  const times = [];
  const start = performance.now();
  const count = steps + SOME_STEPS;
  await model.generate({
    inputs: new Tensor("int64", ids, [1, length]),
    attention_mask: new Tensor("int64", new BigInt64Array(length).fill(1n), [1, length]),
    max_new_tokens: count,
    min_new_tokens: count,
    do_sample: false,
    streamer: { put: () => times.push(performance.now()), end() {} },
  });
  const tokens = times.slice(1); // the first call passes the prompt
  const decode = tokens.slice(SOME_STEPS).map((time, index) => time - tokens[index + SOME_STEPS - 1]);
  return { first: tokens[0] - start, decode };
}
