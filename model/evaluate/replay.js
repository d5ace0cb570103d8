/**
 * Runs in the page: lets the real WebLLM answer cases, through the bridge that the requests of
 * visitors use, and returns the transcripts.
 *
 * Any tool that opens a page and evaluates a script can use it; the page's origin must also serve
 * `webllm_bridge.js` and `webllm.js`. It needs no framework and returns plain JSON values.
 */
import { checkSupport, openBridge } from "./webllm_bridge.js";

const ID = "evaluated";

/** The bridge with the loaded model, which later calls use again. @type {any} */
let bridge;

/**
 * Answer every case whose number is `part` modulo `of`. After `seconds`, no further case is started.
 * @param {any[]} cases as in cases.json
 * @param {{ url: string, part?: number, of?: number, seconds?: number, thread?: "worker" | "main", engine?: "webllm" | "wllama" }} options
 *   `url` is the URL of the model's folder, which ends in a slash
 */
export async function replay(cases, { url, part = 0, of = 1, seconds = Infinity, thread = "worker", engine = "webllm" }) {
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const webllmUrl = new URL("./webllm.js", import.meta.url).href;
  bridge ??= openBridge(JSON.stringify({ webllmUrl, thread }));
  const model = recordOf(url, engine);
  await load(model);
  const transcripts = [];
  for (const { id, asks } of cases.filter((_, index) => index % of === part)) {
    if (elapsed() < seconds) transcripts.push({ id, answers: await converse(asks, model) });
  }
  const { adapter } = JSON.parse(await checkSupport());
  const gpu = adapter && `${adapter.vendor} ${adapter.architecture}`;
  return { adapter: engine === "webllm" ? gpu : "llama.cpp on the processor", seconds: elapsed(), transcripts };
}

function recordOf(url, engine) {
  const folder = new URL(url, location.href).href;
  const model = { model_id: ID, model: folder, model_lib: new URL("model.wasm", folder).href };
  const at = (path) => new URL(path, import.meta.url).href;
  return engine === "webllm" ? model : { ...model, wllama_url: at("./wllama/wllama.js"), wasm_url: at("./wllama/wllama.wasm") };
}

async function load(model) {
  const loading = bridge.load(JSON.stringify({ model }));
  while ((await loading.next()) !== undefined);
}

/** The answers of the model are the history of the next turn. */
async function converse(asks, model) {
  const messages = [];
  const answers = [];
  for (const ask of asks) {
    messages.push(...ask.messages);
    const answer = await answered({ ...ask.request, messages }, model);
    messages.push({ role: "assistant", content: answer.text });
    answers.push(answer);
  }
  return answers;
}

async function answered(request, model) {
  const start = performance.now();
  const answer = { text: "", finish: "", tokens: 0, prompt_tokens: 0, milliseconds: 0, error: "" };
  try {
    const stream = bridge.generate(JSON.stringify({ kind: "chat.completions", request }));
    for (let text = await stream.next(); text !== undefined; text = await stream.next()) {
      for (const chunk of JSON.parse(text)) read(answer, chunk);
    }
  } catch (error) {
    answer.error = `${error.name}: ${error.message}`;
    await load(model); // an engine that failed cannot be used again
  }
  answer.milliseconds = Math.round(performance.now() - start);
  return answer;
}

function read(answer, { choices: [choice], usage }) {
  if (choice) {
    answer.text += choice.delta.content ?? "";
    answer.finish = choice.finish_reason ?? answer.finish;
  }
  if (usage) {
    answer.tokens = usage.completion_tokens;
    answer.prompt_tokens = usage.prompt_tokens;
  }
}
