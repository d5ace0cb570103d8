import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "../fakes.mjs";
import { Base, source } from "../pipeline.mjs";

const ROOT = new URL("../../../", import.meta.url);
const VERSION = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")).dependencies["@mlc-ai/web-llm"];
const PATCHES = readdirSync(new URL("bridge/patches/", ROOT)).filter((name) => name !== "wrap.js");

test("the private parts of WebLLM's engine that are patched exist", () => {
  const names = ["preparePrefillInput", "streamCurrentGeneration", "chatCompletion", "completion"];
  for (const name of names) assert.equal(typeof Base.prototype[name], "function", name);
  for (const name of ["this.stopTokens", "this.fullVocabSize", "this.token_postproc_method", "this.tokenizer.", "idToToken", "getTokenLogprob("]) {
    assert.ok(source.includes(name), name);
  }
});

for (const name of PATCHES) {
  test(`the patch ${name} names the pinned version of WebLLM and a test that exists`, () => {
    const [comment = ""] = /^\/\*\*[^]*?\*\//.exec(readFileSync(new URL(`bridge/patches/${name}`, ROOT), "utf8")) ?? [];
    assert.ok(comment.includes(VERSION), "a patch is reviewed for each new WebLLM");
    const [, guard = ""] = /Guarded by (\S+\.(?:mjs|py))/.exec(comment) ?? [];
    assert.ok(existsSync(new URL(guard, ROOT)) && guard !== "", `${guard} does not exist`);
  });
}
