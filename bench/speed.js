/**
 * Load time, time to first token and tokens/s of the built-in model: in Python (`WebLLMService` in
 * Pyodide) and with WebLLM alone, in one page, in turns. The first load fetches the files from the
 * server, later ones read them from the cache.
 */

import { adapterName, median, openDirect, rounded, url } from "./direct.js";

const ROUNDS = 5;
const TOKENS = 120;
const INPUTS = {
  name: "Ada",
  age: "36",
  occupation: "mathematician",
  interests: "chess, tea, jazz",
  notes: "lives in Leeds",
};

/** Run the benchmark in this page, which must be one of the served site. */
export async function run() {
  const { loadPyodide } = await import(url("vendor/pyodide/pyodide.mjs"));
  const python = await loadPyodide();
  python.unpackArchive(await (await fetch(url("app.zip"))).arrayBuffer(), "zip");
  await python.runPythonAsync(`
import json, time
from pywebllm import WebLLMService
from pywebllm.persona.prompt import persona_messages

inputs = json.loads(${JSON.stringify(JSON.stringify(INPUTS))})
service = WebLLMService(assets_url="./", engine="webllm")

async def load():
    start = time.perf_counter()
    assert await service.initialize("bench"), service.last_error
    return time.perf_counter() - start

async def write():
    start = time.perf_counter()
    times = []
    stream = service.stream_persona(inputs, temperature=0, max_tokens=${TOKENS})
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

  const reference = await openDirect();
  loads.direct_from_cache_s = reference.loadedIn;
  // Greedy: WebLLM and the bridge generate different random numbers from the same seed.
  const direct = () => reference.write({ messages, temperature: 0, max_tokens: TOKENS });

  await direct();
  await throughPython();
  const runs = { direct: [], python: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    // Alternating, so that each engine runs first equally often.
    if (round % 2) runs.python.push(await throughPython());
    runs.direct.push(await direct());
    if (round % 2 === 0) runs.python.push(await throughPython());
  }
  await python.runPythonAsync("await service.dispose()");
  reference.end();

  const of = (engine, key) => rounded(median(runs[engine].map((run) => run[key])));
  const texts = new Set([...runs.direct, ...runs.python].map((run) => run.text));
  return {
    adapter: await adapterName(),
    rounds: ROUNDS,
    same_text: texts.size === 1,
    load: Object.fromEntries(Object.entries(loads).map(([name, time]) => [name, rounded(time)])),
    time_to_first_token_s: { direct: of("direct", "first"), python: of("python", "first") },
    tokens_per_s: { direct: of("direct", "rate"), python: of("python", "rate") },
    ratio_tokens_per_s: rounded(of("python", "rate") / of("direct", "rate")),
  };
}
