/**
 * Load time, time to first token and tokens/s of the built-in model: through Python
 * (`WebLLMService` in Pyodide) and by WebLLM called directly, in one page, in turns.
 * One expression with a JSON-able value; `bench/speed.py` evaluates it on the served site.
 * The first load fetches the files from the server, the later ones find them in the cache.
 */
(async () => {
  const ROUNDS = 5;
  const TOKENS = 120;
  const MODEL = "models/pywebllm-persona-q4f32_1/resolve/v1/";
  const INPUTS = {
    name: "Ada",
    age: "36",
    occupation: "mathematician",
    interests: "chess, tea, jazz",
    notes: "lives in Leeds",
  };

  const url = (path) => new URL(path, document.baseURI).href;
  const seconds = (start) => (performance.now() - start) / 1000;
  const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  const rounded = (value) => Math.round(value * 1000) / 1000;

  const { loadPyodide } = await import(url("vendor/pyodide/pyodide.mjs"));
  const python = await loadPyodide();
  python.unpackArchive(await (await fetch(url("app.zip"))).arrayBuffer(), "zip");
  await python.runPythonAsync(`
import json, time
from pywebllm import WebLLMService
from pywebllm.persona import persona_messages

inputs = json.loads(${JSON.stringify(JSON.stringify(INPUTS))})
service = WebLLMService(assets_url="./")

async def load():
    start = time.perf_counter()
    assert await service.initialize("bench"), service.last_error
    return time.perf_counter() - start

async def write():
    start = time.perf_counter()
    times = []
    stream = service.stream_persona(inputs, seed=1, max_tokens=${TOKENS})
    async for _ in stream:
        times.append(time.perf_counter())
    tokens = stream.usage.completion_tokens
    rate = (tokens - 1) / (times[-1] - times[0])
    return json.dumps({"first": times[0] - start, "rate": rate, "text": stream.text})
`);
  const messages = JSON.parse(python.runPython("json.dumps(persona_messages(inputs))"));
  const throughPython = async () => JSON.parse(await python.runPythonAsync("await write()"));

  const loads = { python_from_server_s: await python.runPythonAsync("await load()") };
  await python.runPythonAsync("await service.dispose()");
  loads.python_from_cache_s = await python.runPythonAsync("await load()");

  // WebLLM as its own documentation uses it: its worker engine, and nothing of ours.
  const webllm = await import(url("webllm.js"));
  const source = `import {WebWorkerMLCEngineHandler} from ${JSON.stringify(url("webllm.js"))};
    const handler = new WebWorkerMLCEngineHandler();
    onmessage = (event) => handler.onmessage(event);
    postMessage("here");`;
  const script = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const start = performance.now();
  const worker = new Worker(script, { type: "module" });
  await new Promise((resolve) => (worker.onmessage = resolve));
  const record = { model_id: "direct", model: url(MODEL), model_lib: url(`${MODEL}model.wasm`) };
  const engine = await webllm.CreateWebWorkerMLCEngine(worker, "direct", {
    appConfig: { model_list: [record] },
    logLevel: "ERROR",
  });
  loads.direct_from_cache_s = seconds(start);

  async function direct() {
    const start = performance.now();
    const stream = await engine.chat.completions.create({
      messages,
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.7,
      seed: 1,
      max_tokens: TOKENS,
    });
    const times = [];
    let tokens = 0;
    let text = "";
    for await (const chunk of stream) {
      const piece = chunk.choices[0]?.delta.content;
      if (piece) times.push(performance.now());
      text += piece ?? "";
      tokens = chunk.usage?.completion_tokens ?? tokens;
    }
    const span = (times.at(-1) - times[0]) / 1000;
    return { first: (times[0] - start) / 1000, rate: (tokens - 1) / span, text };
  }

  await direct();
  await throughPython();
  const runs = { direct: [], python: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    // The engines take turns in going first, so that neither always finds the machine warm.
    if (round % 2) runs.python.push(await throughPython());
    runs.direct.push(await direct());
    if (round % 2 === 0) runs.python.push(await throughPython());
  }
  await python.runPythonAsync("await service.dispose()");
  worker.terminate();

  const { info } = await navigator.gpu.requestAdapter();
  const of = (way, key) => rounded(median(runs[way].map((run) => run[key])));
  const texts = new Set([...runs.direct, ...runs.python].map((run) => run.text));
  return {
    adapter: [info.vendor, info.architecture, info.description].filter(Boolean).join(" "),
    rounds: ROUNDS,
    same_text: texts.size === 1,
    load: Object.fromEntries(Object.entries(loads).map(([name, time]) => [name, rounded(time)])),
    time_to_first_token_s: { direct: of("direct", "first"), python: of("python", "first") },
    tokens_per_s: { direct: of("direct", "rate"), python: of("python", "rate") },
    ratio_tokens_per_s: rounded(of("python", "rate") / of("direct", "rate")),
  };
})();
