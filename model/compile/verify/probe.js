/**
 * Runs in the page: loads a model with WebLLM, records the inputs and outputs of the network, and
 * can replace the logits.
 *
 * The engine runs on the main thread, where a logit processor can be registered. What WebLLM 0.2.86
 * feeds to the network is recorded by wrapping the pipeline's getTokensEmbeddings, which is private.
 */
import * as webllm from "./webllm.js";

const MODEL = "model";
let engine;
let events = [];
/** Logits by token that replace those of the network; null: no replacement. */
let forced = null;
/** The answer is ended with this stop token after so many tokens. */
let end = { after: Infinity, token: 0 };

const processor = {
  processLogits(logits) {
    if (!forced) events.push({ logits: Array.from(logits) });
    const replacement = end.after <= 0 ? { [end.token]: 0 } : forced;
    if (replacement) {
      logits.fill(-1e9);
      for (const [token, logit] of Object.entries(replacement)) logits[token] = logit;
    }
    return logits;
  },
  processSampledToken(token) {
    end.after -= 1;
    events.push({ sampled: token });
  },
  resetState() {},
};

/**
 * Load the model at `url`, an absolute URL that ends in a slash. `ends`, if not null, has the
 * `stop_str` and `stop_token_ids` that replace those of the model.
 */
export async function load({ url, ends }) {
  await engine?.unload();
  const start = performance.now();
  engine = new webllm.MLCEngine({
    appConfig: {
      model_list: [{ model_id: MODEL, model: url, model_lib: new URL("model.wasm", url).href }],
    },
    logitProcessorRegistry: new Map([[MODEL, processor]]),
  });
  await engine.reload(MODEL, ends ? { conv_config: ends } : undefined);
  const milliseconds = performance.now() - start;
  watch(engine.loadedModelIdToPipeline.get(MODEL));
  const { vendor, architecture } = (await navigator.gpu.requestAdapter()).info;
  return { milliseconds, adapter: `${vendor} ${architecture}` };
}

function watch(pipeline) {
  const embed = pipeline.getTokensEmbeddings;
  pipeline.getTokensEmbeddings = function (tokens) {
    events.push({ fed: Array.from(tokens), past: this.filledKVCacheLength });
    return embed.call(this, tokens);
  };
}

/**
 * Answer one request, in the current conversation unless `fresh`, and return all events. After
 * `tokens` tokens the answer is ended with a stop token: WebLLM 0.2.86 keeps the cache for the next
 * turn only then, not after an answer that max_tokens truncated.
 */
export async function trace({ request, fresh, tokens, stop }) {
  if (fresh) await engine.resetChat();
  events = [];
  forced = null;
  end = { after: tokens, token: stop };
  const answer = await engine.chat.completions.create(request);
  events.push({ text: answer.choices[0].message.content, usage: answer.usage });
  return events;
}

/** Answer one request in a new conversation as a stream, and measure the time. */
export async function complete(argument) {
  await engine.resetChat();
  events = [];
  forced = argument.forced ?? null;
  end = { after: Infinity, token: 0 };
  const start = performance.now();
  const result = { text: "", first: 0, finish: "", logprobs: [], usage: {} };
  const stream = await engine.chat.completions.create({
    ...argument.request,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const chunk of stream) {
    if (chunk.usage) result.usage = chunk.usage;
    const [choice] = chunk.choices;
    if (!choice) continue;
    result.first ||= performance.now() - start;
    result.text += choice.delta.content ?? "";
    result.finish = choice.finish_reason ?? result.finish;
    result.logprobs.push(...(choice.logprobs?.content ?? []));
  }
  const tokens = events.filter((event) => "sampled" in event).map((event) => event.sampled);
  return { ...result, tokens, milliseconds: performance.now() - start };
}
