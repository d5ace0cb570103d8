/** The built-in model as GGUF, made of the files that WebLLM loads: it is downloaded, and stored, once. */

import { remember } from "../downloads/catalog.js";
import { CACHES } from "../files.js";
import { ModelFiles } from "../model_files.js";
import { MANIFEST } from "../expected_files.js";
import { Boundaries, MARK_MERGES, UNSPLIT } from "./boundaries.js";
import { llamaTensors } from "./weights.js";

/** @import { Browser, CachedFile } from "../model_files.js" */
/** @import { InitProgressReport, ModelRecord } from "../types.js" */
/** @import { Tensor, Value } from "./gguf.js" */

/** The types of tokens in GGUF. */
const NORMAL = 1;
const CONTROL = 3;

/**
 * What the files do not say of the network. tests/model/test_gguf.py compares it with the recipe.
 */
export const NETWORK = { heads: 4, kvHeads: 2, headSize: 64, feedForward: 768, normEpsilon: 1e-5, ropeTheta: 10000 };

/**
 * @typedef {object} BuiltinModel
 * @property {Record<string, Value>} metadata of its GGUF file
 * @property {Tensor[]} tensors
 * @property {Boundaries} boundaries
 * @property {any} config the content of `mlc-chat-config.json`
 */

/**
 * @param {ModelRecord} record @param {Browser} browser
 * @param {(report: InitProgressReport & { url?: string }) => void} report
 * @param {ReadonlyMap<string, Blob>} published files that the page could not put into a cache
 * @param {AbortSignal} [signal]
 * @returns {Promise<BuiltinModel>}
 */
export async function readBuiltinModel(record, browser, report, published, signal) {
  const files = new ModelFiles(record, browser, report, published);
  await files.readManifest(signal);
  await remember(browser.openCache, record);
  const cached = async (/** @type {string} */ name, cacheName = CACHES.weights) => {
    const cache = await files.open(cacheName);
    const request = new Request(new URL(name, record.model), signal ? { signal } : undefined);
    if (!(await cache.match(request))) await cache.add(request);
    return /** @type {CachedFile} */ (await cache.match(request));
  };
  const json = async (/** @type {string} */ name, cacheName = CACHES.weights) => (await cached(name, cacheName)).json();
  const manifest = await json(MANIFEST);
  const config = await json("mlc-chat-config.json", CACHES.config);
  const tokenizer = await json("tokenizer.json");
  const settings = await json("tokenizer_config.json");
  const [{ dataPath, records }] = manifest.records;
  // The weights stay in the cache: what is in memory of them is what llama.cpp has.
  const tensors = llamaTensors(await (await cached(dataPath)).blob(), records, NETWORK);
  const metadata = { ...networkOf(config, records), ...vocabularyOf(config, tokenizer, settings) };
  return { metadata, tensors, boundaries: new Boundaries(tokenizer), config };
}

/** @param {any} config @param {{ name: string, shape: number[] }[]} records @returns {Record<string, Value>} */
function networkOf(config, records) {
  const norms = records.filter(({ name }) => name.endsWith("attention.norm"));
  return {
    "general.architecture": "llama",
    "general.name": config.conv_template.name,
    "llama.vocab_size": config.vocab_size,
    "llama.context_length": config.context_window_size,
    "llama.embedding_length": norms[0]?.shape[0] ?? 0,
    "llama.block_count": norms.length,
    "llama.feed_forward_length": NETWORK.feedForward,
    "llama.attention.head_count": NETWORK.heads,
    "llama.attention.head_count_kv": NETWORK.kvHeads,
    "llama.attention.layer_norm_rms_epsilon": { float: NETWORK.normEpsilon },
    "llama.rope.dimension_count": NETWORK.headSize,
    "llama.rope.freq_base": { float: NETWORK.ropeTheta },
  };
}

/** @param {any} config @param {any} tokenizer @param {any} settings @returns {Record<string, Value>} */
function vocabularyOf(config, tokenizer, settings) {
  /** @type {string[]} */
  const tokens = [];
  for (const [text, id] of Object.entries(tokenizer.model.vocab)) tokens[Number(id)] = text;
  for (const { id, content } of tokenizer.added_tokens) tokens[id] = content;
  const control = new Set(tokenizer.added_tokens.map((/** @type {any} */ { id }) => id));
  const merges = tokenizer.model.merges.map((/** @type {any} */ merge) => (Array.isArray(merge) ? merge.join(" ") : merge));
  return {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": UNSPLIT,
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.token_type": { integers: tokens.map((_, id) => (control.has(id) ? CONTROL : NORMAL)) },
    "tokenizer.ggml.merges": [...MARK_MERGES, ...merges],
    "tokenizer.ggml.bos_token_id": config.bos_token_id,
    "tokenizer.ggml.eos_token_id": config.eos_token_id,
    "tokenizer.ggml.padding_token_id": config.pad_token_id,
    "tokenizer.ggml.add_bos_token": false,
    "tokenizer.chat_template": settings.chat_template,
  };
}
