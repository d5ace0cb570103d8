/**
 * WebLLM alone, used as in its documentation with a worker. The reference of the benchmarks, in the
 * same page.
 */

export const url = (path) => new URL(path, document.baseURI).href;

export const seconds = (start) => (performance.now() - start) / 1000;

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

export const rounded = (value) => Math.round(value * 10000) / 10000;

const MODEL = "models/pywebllm-persona-q4f32_1/resolve/v5/";

/**
 * Load the built-in model.
 * @returns the load time in seconds, a function to generate an answer, and one to end the engine
 */
export async function openDirect() {
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
  const loadedIn = seconds(start);

  // Returns times in seconds: to the first chunk, and per chunk.
  async function write(request) {
    const start = performance.now();
    const stream_options = { include_usage: true };
    const stream = await engine.chat.completions.create({ ...request, stream: true, stream_options });
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
    return {
      first: (times[0] - start) / 1000,
      rate: (tokens - 1) / span,
      perChunk: span / (times.length - 1),
      text,
    };
  }

  return { loadedIn, write, end: () => worker.terminate() };
}

/** The name of the GPU. */
export async function adapterName() {
  const adapter = await navigator.gpu.requestAdapter();
  const { vendor = "", architecture = "", description = "" } = adapter?.info ?? {};
  return [vendor, architecture, description].filter(Boolean).join(" ");
}
