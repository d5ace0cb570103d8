/** Which files a model has, and in which caches WebLLM 0.2.86 looks for them. */

import { MANIFEST } from "../expected_files.js";
import { CACHES } from "../files.js";
import { partsOf } from "../gguf_record.js";
import { usesWllama } from "../records.js";

/** @import { GgufRecord } from "../gguf_record.js" */
/** @import { ModelRecord } from "../types.js" */

/** @typedef {{ url: string, cache: string, nbytes?: number | undefined }} ModelFile `cache` is the name of its cache */

/** In this order: WebLLM takes the first that a model has. */
const TOKENIZERS = ["tokenizer.json", "tokenizer.model"];

/** As WebLLM 0.2.86 completes the URL of a model. @param {string} url */
export function modelFolder(url) {
  const folder = url.replace(/\/?$/, "/");
  return /.+\/resolve\/.+\//.test(folder) ? folder : `${folder}resolve/main/`;
}

/** @param {ModelRecord} record @returns {string} the URL that stands for the model: its folder, or its first file */
export function placeOf(record) {
  const [first] = partsOf(record);
  return first ?? modelFolder(record.model);
}

/**
 * List the files of a model; some of them name the others.
 * @param {ModelRecord} record
 * @param {(file: ModelFile) => Promise<any>} readJson returns the content of a file, or undefined if it is not there
 * @returns {Promise<{ files: ModelFile[], isWhole: boolean }>} `isWhole` unless a file that names others is not there
 */
export async function listFiles(record, readJson) {
  if (partsOf(record).length > 0) return { files: ggufFiles(record), isWhole: true };
  const folder = modelFolder(record.model);
  /** @type {ModelFile[]} */
  const files = [];
  const read = async (/** @type {string} */ name, /** @type {string} */ cache) => {
    const file = { url: new URL(name, folder).href, cache };
    files.push(file);
    return readJson(file);
  };
  const described = record.model_manifest === undefined ? {} : await read(record.model_manifest, CACHES.config);
  const config = await read(described?.chat_config ?? "mlc-chat-config.json", CACHES.config);
  const weights = await read(MANIFEST, CACHES.weights);
  const tokenizer = TOKENIZERS.find((name) => config?.tokenizer_files?.includes(name));
  if (tokenizer) files.push({ url: new URL(tokenizer, folder).href, cache: CACHES.weights });
  if (!usesWllama({ record }) && isCachedLibrary(record.model_lib)) files.push({ url: record.model_lib, cache: CACHES.library });
  const isList = Array.isArray(weights?.records);
  for (const { dataPath, nbytes } of isList ? weights.records : []) {
    files.push({ url: new URL(String(dataPath), folder).href, cache: CACHES.weights, nbytes });
  }
  return { files, isWhole: described !== undefined && config !== undefined && isList };
}

/** @param {GgufRecord} record @returns {ModelFile[]} */
function ggufFiles({ gguf = [], gguf_sizes = [] }) {
  return gguf.map((url, index) => ({ url, cache: CACHES.weights, ...(gguf_sizes[index] && { nbytes: gguf_sizes[index] }) }));
}

/** WebLLM fetches a library whose URL contains "localhost" again for each load. @param {string} url */
function isCachedLibrary(url) {
  return !url.includes("localhost");
}
