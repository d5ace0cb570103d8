/**
 * What runs in the page: it loads a model with WebLLM, watches what goes in and out of the
 * network, and can put other logits in place of the network's.
 *
 * The engine runs on the page's own thread, because there a logit processor may be registered.
 * What WebLLM 0.2.86 feeds to the network is seen by wrapping the pipeline's getTokensEmbeddings,
 * which is private.
 */
import * as webllm from "./webllm.js";

const MODEL = "model";
let engine;
let events = [];
/** Logits by token that take the place of the network's; null: its own. */
let forced = null;
/** After so many tokens the answer is made to end with the stop token. */
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
 * Load the model at `url`, an absolute URL that ends in a slash. `ends`, if not null, are the
 * `stop_str` and `stop_token_ids` that take the place of the model's own.
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
 * Answer one request, after what was said before unless `fresh`, and return all events. The answer
 * is made to stop by itself after `tokens` tokens: WebLLM 0.2.86 keeps the cache for the next turn
 * only then, not after an answer that max_tokens cut.
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

/** Answer one request in a new conversation, streamed, and time it. */
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
