/**
 * Loads from the cache, decode and prefill of compiled models at several lengths in the real WebLLM,
 * with and without the bridge's patches, and the time of each kernel on the GPU. Models and modes are measured in
 * turns in one page.
 *
 * The engine runs on the main thread, where its internals are accessible. The methods
 * forwardKnownTokens, forwardDecodeToken and sampleFromRawLogits of the pipeline are private in
 * WebLLM 0.2.86.
 */
import { patchDispatches } from "./bridge/patches/dispatches.js";
import { patchEngine } from "./bridge/patches/engine.js";
import { patchGpuWaits } from "./bridge/patches/gpu_waits.js";
import { patchWeightUploads } from "./bridge/patches/weight_uploads.js";
import * as webllm from "./webllm.js";

const QUERIES = 4096;
const WARM_UP = 3;

/** What is done to a GPU device and to an engine; all models have both modes. */
const MODES = {
  plain: { device() {}, engine() {} },
  patched: { device: (device) => (patchDispatches(device), patchGpuWaits(device), patchWeightUploads(device)), engine: patchEngine },
};

let prepareDevice = MODES.plain.device;
/** The pipelines of compiled kernels, and their names. @type {WeakMap<GPUComputePipeline, string>} */
const names = new WeakMap();
/** The passes that are timed, if any. @type {{ set: GPUQuerySet, kernels: string[] } | undefined} */
let timed;

watchDevices();

/**
 * @param {{name: string, url: string, library: string}[]} places the URL of the files of each model, and its library
 * @param {{ lengths?: number[], prompts?: number[], rounds?: number, steps?: number, timesOf?: number[] }} options
 *   `lengths` are numbers of tokens before the decode steps, `prompts` of tokens to prefill, and
 *   `timesOf` are the lengths for which kernels are timed
 */
export async function run(places, { lengths = [45, 900], prompts = [900], rounds = 3, steps = 20, timesOf = [] } = {}) {
  for (const key of await caches.keys()) await caches.delete(key);
  const loads = await loadTimes(places, rounds);
  const opened = [];
  for (const place of places) {
    for (const mode of Object.keys(MODES)) opened.push(await open(place, mode));
  }
  const figures = {};
  for (let round = 0; round <= rounds; round += 1) {
    for (const each of turned(opened, round)) {
      for (const length of lengths.filter((count) => count + steps < each.context)) {
        const { steps: times, encoding } = await decodeTimes(each, length, steps);
        if (round) note(figures, each.name, `decode_${length}`, times);
        if (round) note(figures, each.name, `encoding_${length}`, encoding);
      }
      for (const count of prompts.filter((most) => most < each.context)) {
        const times = [await prefillTime(each, count)];
        if (round) note(figures, each.name, `prefill_${count}`, times);
      }
    }
  }
  const result = { adapter: await adapterName(), ms: {}, tokens: {} };
  for (const each of opened) {
    result.ms[each.name] = Object.fromEntries(
      Object.entries(figures[each.name] ?? {}).map(([what, times]) => [what, rounded(median(times))]));
    for (const [what, times] of Object.entries(loads[each.name])) result.ms[each.name][what] = rounded(median(times));
    result.tokens[each.name] = await greedyTokens(each);
  }
  result.kernels = {};
  for (const each of opened.filter(({ mode }) => mode === "plain")) {
    for (const length of timesOf) result.kernels[`${each.name} ${length}`] = await kernelTimes(each, length);
  }
  for (const each of opened) await each.engine.unload();
  return result;
}

function watchDevices() {
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (wish = {}) {
    const features = this.features.has("timestamp-query") ? ["timestamp-query"] : [];
    const device = await requestDevice.call(this, { ...wish, requiredFeatures: [...(wish.requiredFeatures ?? []), ...features] });
    prepareDevice(device);
    return device;
  };
  const { createComputePipelineAsync } = GPUDevice.prototype;
  GPUDevice.prototype.createComputePipelineAsync = async function (wish) {
    const made = await createComputePipelineAsync.call(this, wish);
    names.set(made, wish.compute.entryPoint);
    return made;
  };
  const { beginComputePass } = GPUCommandEncoder.prototype;
  GPUCommandEncoder.prototype.beginComputePass = function (wish) {
    if (!timed || timed.kernels.length * 2 + 2 > QUERIES) return beginComputePass.call(this, wish);
    const index = timed.kernels.length * 2;
    timed.kernels.push("?");
    const timestampWrites = { querySet: timed.set, beginningOfPassWriteIndex: index, endOfPassWriteIndex: index + 1 };
    return beginComputePass.call(this, { ...wish, timestampWrites });
  };
  const { setPipeline } = GPUComputePassEncoder.prototype;
  GPUComputePassEncoder.prototype.setPipeline = function (pipeline) {
    if (timed) timed.kernels[timed.kernels.length - 1] = names.get(pipeline) ?? "?";
    setPipeline.call(this, pipeline);
  };
}

/** Load a model; `mode` is a key of MODES. */
export async function open({ name, url, library }, mode) {
  prepareDevice = MODES[mode].device;
  const at = new URL(url, location.href).href;
  const model_list = [{ model_id: name, model: at, model_lib: new URL(library, at).href }];
  const engine = new webllm.MLCEngine({ appConfig: { model_list }, logLevel: "ERROR" });
  MODES[mode].engine(engine);
  let [begun, written] = [0, 0];
  engine.setInitProgressCallback(({ text }) => {
    if (text.startsWith("Start to fetch")) begun = performance.now();
    if (text.startsWith("Loading model from cache")) written = performance.now();
  });
  const start = performance.now();
  await engine.reload(name);
  const end = performance.now();
  const load = end - start;
  const parts = { before_weights: begun - start, weights: written - begun, shaders: end - written };
  const pipeline = engine.loadedModelIdToPipeline.get(name);
  return { name: `${name} ${mode}`, mode, engine, pipeline, load, parts, context: pipeline.contextWindowSize };
}

/** Milliseconds of loads from the cache, which an earlier load of each model has filled, and of their parts. */
async function loadTimes(places, rounds) {
  const each = places.flatMap((place) => Object.keys(MODES).map((mode) => [place, mode]));
  const times = {};
  for (let round = 0; round <= rounds; round += 1) {
    for (const [place, mode] of turned(each, round)) {
      const { name, engine, load, parts } = await open(place, mode);
      await engine.unload();
      if (round === 0) continue;
      note(times, name, "load", [load]);
      for (const [part, time] of Object.entries(parts)) note(times, name, `load_${part}`, [time]);
    }
  }
  return times;
}

const tokens = (pipeline, count) => Array.from({ length: count }, (_, index) => 3 + ((index * 7919 + 13) % (pipeline.fullVocabSize - 3)));

async function prefill(pipeline, count) {
  pipeline.resetChat();
  return pipeline.forwardKnownTokens(tokens(pipeline, count), true);
}

/** Milliseconds until the first token of a prompt. */
export async function prefillTime({ pipeline }, count) {
  const start = performance.now();
  const logits = await prefill(pipeline, count);
  await pipeline.sampleFromRawLogits(logits, { temperature: 0 });
  logits.dispose();
  return performance.now() - start;
}

/** Milliseconds of steps with all work of WebLLM for a token, and of these until the network is encoded. */
export async function decodeTimes({ pipeline }, length, steps) {
  (await prefill(pipeline, length)).dispose();
  await pipeline.device.sync();
  const times = { steps: [], encoding: [] };
  let token = 5;
  for (let step = 0; step < steps + WARM_UP; step += 1) {
    const start = performance.now();
    const logits = await pipeline.forwardDecodeToken(token);
    const encoded = performance.now();
    token = await pipeline.sampleFromRawLogits(logits, { temperature: 0 });
    logits.dispose();
    if (step < WARM_UP) continue;
    times.steps.push(performance.now() - start);
    times.encoding.push(encoded - start);
  }
  return times;
}

/** The tokens after a prompt: equal for all modes, and for libraries with the same weights. */
async function greedyTokens({ pipeline }) {
  let logits = await prefill(pipeline, 70);
  const chosen = [];
  for (let step = 0; step < 12; step += 1) {
    chosen.push(await pipeline.sampleFromRawLogits(logits, { temperature: 0 }));
    logits.dispose();
    logits = await pipeline.forwardDecodeToken(chosen.at(-1));
  }
  logits.dispose();
  return chosen.join(" ");
}

/** Per kernel of a decode step and of a prefill: launches and microseconds on the GPU. */
async function kernelTimes({ pipeline }, length) {
  const { device } = pipeline.tvm.lib.webGPUContext;
  if (!device.features.has("timestamp-query")) return "no timestamp queries";
  (await prefill(pipeline, length)).dispose();
  await pipeline.device.sync();
  const decode = async () => {
    const logits = await pipeline.forwardDecodeToken(5);
    await pipeline.sampleFromRawLogits(logits, { temperature: 0 });
    logits.dispose();
  };
  const result = { decode: await timesOf(device, decode, 6) };
  result.prefill = await timesOf(device, async () => {
    (await prefill(pipeline, Math.min(length, 900))).dispose();
    await pipeline.device.sync();
  }, 2);
  return result;
}

async function timesOf(device, work, repeats) {
  const sums = {};
  let busy = 0, span = 0, encoding = 0;
  for (let repeat = 0; repeat <= repeats; repeat += 1) {
    const set = device.createQuerySet({ type: "timestamp", count: QUERIES });
    timed = { set, kernels: [] };
    const start = performance.now();
    await work();
    const took = performance.now() - start;
    const { kernels } = timed;
    timed = undefined;
    const ticks = await resolve(device, set, kernels.length * 2);
    set.destroy();
    if (repeat === 0) continue;
    encoding += took / repeats;
    span += Number(ticks[kernels.length * 2 - 1] - ticks[0]) / 1e6 / repeats;
    for (const [index, name] of kernels.entries()) {
      const us = Number(ticks[2 * index + 1] - ticks[2 * index]) / 1000;
      busy += us / 1000 / repeats;
      const sum = (sums[name] ??= { launches: 0, us: 0 });
      sum.launches += 1 / repeats;
      sum.us += us / repeats;
    }
  }
  const rows = Object.entries(sums).map(([name, { launches, us }]) => [name.replace(/_kernel$/, ""), rounded(launches), rounded(us / launches), Math.round(us)]);
  return { busy_ms: rounded(busy), span_ms: rounded(span), wall_ms: rounded(encoding), "kernel, launches, us each, us": rows.toSorted((a, b) => b[3] - a[3]) };
}

async function resolve(device, set, count) {
  const usage = GPUBufferUsage;
  const at = device.createBuffer({ size: count * 8, usage: usage.QUERY_RESOLVE | usage.COPY_SRC });
  const out = device.createBuffer({ size: count * 8, usage: usage.COPY_DST | usage.MAP_READ });
  const encoder = device.createCommandEncoder();
  encoder.resolveQuerySet(set, 0, count, at, 0);
  encoder.copyBufferToBuffer(at, 0, out, 0, count * 8);
  device.queue.submit([encoder.finish()]);
  await out.mapAsync(GPUMapMode.READ);
  const ticks = new BigUint64Array(out.getMappedRange().slice(0));
  at.destroy();
  out.destroy();
  return ticks;
}

export const turned = (values, by) => [...values.slice(by % values.length), ...values.slice(0, by % values.length)];
export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
export const rounded = (value) => Math.round(value * 100) / 100;

function note(figures, name, what, times) {
  ((figures[name] ??= {})[what] ??= []).push(...times);
}

async function adapterName() {
  const { vendor, architecture, description } = (await navigator.gpu.requestAdapter()).info;
  return [vendor, architecture, description].filter(Boolean).join(" ");
}
