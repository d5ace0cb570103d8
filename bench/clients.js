/**
 * Seconds per chunk of an answer of the built-in model: with WebLLM alone, with `AsyncWebLLM`, and
 * with the official SDK over `pywebllm.openai`, in one page, in turns. The page must have Pyodide as
 * `pyodide`, with the wheels of `pywebllm` and `openai`.
 */

import { adapterName, median, openDirect, rounded } from "./direct.js";

const ROUNDS = 5;
const REQUEST = {
  messages: [{ role: "user", content: "Name: Ada\nAge: 36\nInterests: chess, tea, jazz" }],
  // Greedy: WebLLM and the bridge generate different random numbers from the same seed.
  temperature: 0,
  max_tokens: 120,
};

const PYTHON = `
import json, time
from pywebllm import AsyncWebLLM
from pywebllm.openai import AsyncOpenAI

request = json.loads(${JSON.stringify(JSON.stringify(REQUEST))})
llm = AsyncWebLLM(assets_url="./", engine="webllm")
sdk = AsyncOpenAI(llm)
MODEL = "pywebllm-persona-q4f32_1"

async def measure(client):
    start = time.perf_counter()
    times, text = [], ""
    stream = await client.chat.completions.create(model=MODEL, stream=True, **request)
    async for chunk in stream:
        piece = chunk.choices[0].delta.content if chunk.choices else None
        if piece:
            times.append(time.perf_counter())
            text += piece
    per_chunk = (times[-1] - times[0]) / (len(times) - 1)
    return json.dumps({"first": times[0] - start, "perChunk": per_chunk, "text": text})
`;

/** Run the benchmark in this page. */
export async function run() {
  await pyodide.runPythonAsync(PYTHON);
  const reference = await openDirect();
  const through = (client) => async () =>
    JSON.parse(await pyodide.runPythonAsync(`await measure(${client})`));
  const clients = {
    javascript: () => reference.write(REQUEST),
    async_webllm: through("llm"),
    official_sdk: through("sdk"),
  };
  const names = Object.keys(clients);
  for (const name of names) await clients[name]();
  const runs = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    // Rotated, so that each client runs first equally often.
    const order = [...names.slice(round % 3), ...names.slice(0, round % 3)];
    for (const name of order) runs[name].push(await clients[name]());
  }
  await pyodide.runPythonAsync("await llm.close()");
  reference.end();

  const of = (key) =>
    Object.fromEntries(names.map((name) => [name, rounded(median(runs[name].map((run) => run[key])))]));
  const perChunk = of("perChunk");
  const texts = new Set(Object.values(runs).flat().map((run) => run.text));
  return {
    adapter: await adapterName(),
    rounds: ROUNDS,
    same_text: texts.size === 1,
    time_to_first_chunk_s: of("first"),
    time_per_chunk_s: perChunk,
    ratio_per_chunk: Object.fromEntries(
      names.map((name) => [name, rounded(perChunk[name] / perChunk.javascript)]),
    ),
  };
}
