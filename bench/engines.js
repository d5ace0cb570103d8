/**
 * Seconds to the first token and per token of the built-in model: wllama's own JavaScript, and `AsyncWebLLM` with each
 * engine, in one page, in turns; on a GPU with `shader-f16` also wllama with all layers there. The page must have Pyodide as `pyodide`, with the wheel of `pywebllm`, and the site
 * must have the model as `model.gguf`.
 */

import { adapterName, median, rounded } from "./direct.js";

const ROUNDS = 5;
const MODEL = { n_ctx: 1024, n_batch: 256, n_ubatch: 256, n_parallel: 1, warmup: false, cache_type_k: "f32", cache_type_v: "f32", flash_attn: false };
/** `n_gpu_layers`: more than any model has. */
const ALL_LAYERS = 99;
const FACTS = "Age: 36\nInterests: chess, tea, jazz, old maps and long walks by the sea";
const REQUEST = { temperature: 0, max_tokens: 100 };

const PYTHON = `
import json, time
from pywebllm import AsyncWebLLM

clients = {name: AsyncWebLLM(assets_url="./", engine=name) for name in ("wllama", "webllm")}

async def measure(name, content):
    start = time.perf_counter()
    times = []
    messages = [{"role": "user", "content": content}]
    create = clients[name].chat.completions.create
    stream = await create(messages=messages, stream=True, temperature=0, max_tokens=100)
    async for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            times.append(time.perf_counter())
    return json.dumps({"first": times[0] - start, "per": (times[-1] - times[0]) / (len(times) - 1)})
`;

/** Load the model with wllama alone. @param {number} layers how many are computed on the GPU */
export async function openAlone(layers = 0) {
  const { Wllama } = await import(new URL("wllama/wllama.js", document.baseURI).href);
  const wllama = new Wllama({ default: new URL("wllama/wllama.wasm", document.baseURI).href }, { suppressNativeLog: true });
  wllama.setCompat(null);
  await wllama.loadModel([await (await fetch("model.gguf")).blob()], { ...MODEL, n_gpu_layers: layers });
  return wllama;
}

/** Load the model with the bridge, without Python. */
export async function openBridged() {
  const { openBridge } = await import(new URL("webllm_bridge.js", document.baseURI).href);
  const at = (path) => new URL(path, document.baseURI).href;
  const bridge = openBridge(JSON.stringify({ webllmUrl: at("webllm.js") }));
  const base = at("models/pywebllm-persona-q4f32_1/resolve/v5/");
  const model = { model_id: "m", model: base, model_lib: `${base}model.wasm`, wllama_url: at("wllama/wllama.js"), wasm_url: at("wllama/wllama.wasm") };
  const load = bridge.load(JSON.stringify({ model }));
  while ((await load.next()) !== undefined);
  const request = { messages: [{ role: "user", content: FACTS }], ...REQUEST };
  const answer = bridge.generate(JSON.stringify({ kind: "chat.completions", request }));
  while ((await answer.next()) !== undefined);
}

/** @param {any} wllama @param {string} content */
async function alone(wllama, content) {
  const start = performance.now();
  const times = [];
  await wllama.createChatCompletion({
    ...REQUEST, messages: [{ role: "user", content }], stream: true, cache_prompt: true,
    onData: ({ choices }) => choices[0]?.delta.content && times.push(performance.now()),
  });
  return { first: (times[0] - start) / 1000, per: (times.at(-1) - times[0]) / (times.length - 1) / 1000 };
}

/** Generate once with wllama alone. */
export async function aloneOnce() {
  await alone(await openAlone(), FACTS);
}

/** Run the benchmark in this page. */
export async function run() {
  await pyodide.runPythonAsync(PYTHON);
  const through = (name) => async (content) => JSON.parse(await pyodide.runPythonAsync(`await measure("${name}", ${JSON.stringify(content)})`));
  const javascript = await openAlone();
  const ways = { javascript: (content) => alone(javascript, content), wllama: through("wllama"), webllm: through("webllm") };
  const adapter = await navigator.gpu?.requestAdapter();
  if (adapter?.features.has("shader-f16")) {
    const onGpu = await openAlone(ALL_LAYERS);
    ways.javascript_on_gpu = (content) => alone(onGpu, content);
  }
  const runs = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, measure] of Object.entries(ways)) {
      // Another first line each time, so that no engine has read the prompt before.
      const found = await measure(`Name: Ada ${"ABCDEFGH"[round]}. Moreno\n${FACTS}`);
      if (round > 0) runs[name].push(found);
    }
  }
  const of = (key, name) => median(runs[name].map((run) => run[key]));
  const each = (key) => Object.fromEntries(Object.keys(runs).map((name) => [name, rounded(of(key, name))]));
  const against = (key, one, other) => rounded(of(key, other) / of(key, one));
  return {
    adapter: await adapterName(),
    rounds: ROUNDS,
    first_token_s: each("first"),
    per_token_s: each("per"),
    tokens_per_s: Object.fromEntries(Object.keys(runs).map((name) => [name, rounded(1 / of("per", name))])),
    speed_of_wllama_against_webllm: against("per", "wllama", "webllm"),
    first_token_of_wllama_against_webllm: against("first", "webllm", "wllama"),
    speed_through_python_against_javascript: against("per", "wllama", "javascript"),
    ...(ways.javascript_on_gpu && {
      speed_of_wllama_on_gpu_against_webllm: against("per", "javascript_on_gpu", "webllm"),
      first_token_of_wllama_on_gpu_against_webllm: against("first", "webllm", "javascript_on_gpu"),
    }),
  };
}
