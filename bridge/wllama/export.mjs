/**
 * Write the built-in model as a GGUF file, as the page writes it, or in several parts, as llama.cpp's `gguf-split` does:
 * `node bridge/wllama/export.mjs FOLDER TARGET.gguf [PARTS]`.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { readBuiltinModel } from "./builtin_model.js";
import { writeGguf } from "./gguf.js";

const [folder = "", target = "", parts = "1"] = process.argv.slice(2);
const base = "https://files.invalid/model/resolve/main/";
const fetchFile = async (/** @type {any} */ request) => new Response(readFileSync(`${folder}/${(request.url ?? request).slice(base.length)}`));
const browser = {
  fetch: /** @type {typeof fetch} */ (fetchFile),
  openCache: async () => {
    throw new Error("Node.js has no cache.");
  },
};
const record = { model_id: "built-in", model: base, model_lib: `${base}model.wasm` };
const { metadata, tensors } = await readBuiltinModel(record, browser, () => {}, new Map());
const count = Number(parts);
const digits = (/** @type {number} */ number) => String(number).padStart(5, "0");
for (let part = 0; part < count; part += 1) {
  const split = { "split.no": { uint16: part }, "split.count": { uint16: count }, "split.tensors.count": { int32: tensors.length } };
  const share = tensors.filter((_, index) => Math.floor((index * count) / tensors.length) === part);
  const head = { ...(part === 0 && metadata), ...(count > 1 && split) };
  const name = count > 1 ? target.replace(/\.gguf$/, `-${digits(part + 1)}-of-${digits(count)}.gguf`) : target;
  writeFileSync(name, Buffer.from(await writeGguf(head, share).arrayBuffer()));
}
