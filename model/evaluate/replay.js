/**
 * What runs in the page: it has the real WebLLM answer cases, through the bridge that visitors'
 * requests go through, and tells what was said.
 *
 * Any driver that opens a page and evaluates a script can use it; beside it the page's origin serves
 * `webllm_bridge.js` and `webllm.js`. It needs no framework and returns plain JSON values.
 */
import { checkSupport, openBridge } from "./webllm_bridge.js";

const ID = "evaluated";

/** The bridge whose model is loaded: a next call goes on with it. @type {any} */
let bridge;

/**
 * Answer every case whose number is `part` modulo `of`. After `seconds` no further case is begun.
 * @param {any[]} cases as in cases.json
 * @param {{ url: string, part?: number, of?: number, seconds?: number, thread?: "worker" | "main" }} options
 *   `url` is that of the model's folder and ends in a slash
 */
export async function replay(cases, { url, part = 0, of = 1, seconds = Infinity, thread = "worker" }) {
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  const webllmUrl = new URL("./webllm.js", import.meta.url).href;
  bridge ??= openBridge(JSON.stringify({ webllmUrl, thread }));
  await load(url);
  const transcripts = [];
  for (const { id, asks } of cases.filter((_, index) => index % of === part)) {
    if (elapsed() < seconds) transcripts.push({ id, answers: await converse(asks, url) });
  }
  const { adapter } = JSON.parse(await checkSupport());
  return { adapter: adapter && `${adapter.vendor} ${adapter.architecture}`, seconds: elapsed(), transcripts };
}

async function load(url) {
  const folder = new URL(url, location.href).href;
  const model = { model_id: ID, model: folder, model_lib: new URL("model.wasm", folder).href };
  const loading = bridge.load(JSON.stringify({ model }));
  while ((await loading.next()) !== undefined);
}

/** The model's own answers are the history of the next turn. */
async function converse(asks, url) {
  const messages = [];
  const answers = [];
  for (const ask of asks) {
    messages.push(...ask.messages);
    const answer = await answered({ ...ask.request, messages }, url);
    messages.push({ role: "assistant", content: answer.text });
    answers.push(answer);
  }
  return answers;
}

async function answered(request, url) {
  const began = performance.now();
  const answer = { text: "", finish: "", tokens: 0, prompt_tokens: 0, milliseconds: 0, error: "" };
  try {
    const stream = bridge.generate(JSON.stringify({ kind: "chat.completions", request }));
    for (let text = await stream.next(); text !== undefined; text = await stream.next()) {
      for (const chunk of JSON.parse(text)) read(answer, chunk);
    }
  } catch (error) {
    answer.error = `${error.name}: ${error.message}`;
    await load(url); // an engine that failed is gone
  }
  answer.milliseconds = Math.round(performance.now() - began);
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
