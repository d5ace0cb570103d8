/** Write the built-in model as a GGUF file, as the page writes it: `node bridge/wllama/export.mjs FOLDER TARGET`. */

import { readFileSync, writeFileSync } from "node:fs";
import { readBuiltinModel } from "./builtin_model.js";

const [folder = "", target = ""] = process.argv.slice(2);
const base = "https://files.invalid/model/resolve/main/";
const fetchFile = async (/** @type {any} */ request) => new Response(readFileSync(`${folder}/${(request.url ?? request).slice(base.length)}`));
const browser = {
  fetch: /** @type {typeof fetch} */ (fetchFile),
  openCache: async () => {
    throw new Error("Node.js has no cache.");
  },
};
const record = { model_id: "built-in", model: base, model_lib: `${base}model.wasm` };
const { file } = await readBuiltinModel(record, browser, () => {}, new Map());
writeFileSync(target, Buffer.from(await file.arrayBuffer()));
