import assert from "node:assert/strict";
import { chat, drain, test } from "../fakes.mjs";
import { ask, source, writing } from "../pipeline.mjs";

/** A model whose prompts have three chunks. */
async function withChunks() {
  const { bridge, pipeline } = await writing("a", "b");
  Object.assign(pipeline, { chunks: 3, computed: 0 });
  return { bridge, pipeline };
}

test("the private parts of WebLLM that stop a prefill are still as the patch expects", () => {
  const forward = / {4}forwardPrefill\(inp, [^]*?\n {4}\}\n/.exec(source)?.[0] ?? "";
  assert.match(forward, /yield this\.embedAndForward\(chunks\[i\], chunkLens\[i\]\)/);
  assert.match(source, /return pipeline\.prefillStep\(inputStr/);
  assert.match(source, /yield __await\(this\.prefill\(request[^]*?streamCurrentGeneration\(/);
});

test("a request that is stopped during its prompt computes no further chunk, and the next one works", async () => {
  const { bridge, pipeline } = await withChunks();
  const stream = chat(bridge, { max_tokens: 2 });
  const { sync } = pipeline.device;
  pipeline.device.sync = async () => {
    pipeline.device.sync = sync;
    stream.stop();
  };
  assert.deepEqual((await drain(stream)).items, []);
  const { text } = await ask(bridge, { max_tokens: 2 });
  assert.equal(pipeline.computed, 1 + 3 + 1);
  assert.equal(text, "ab");
});

test("all chunks of a prompt are computed one after the other if nobody stops it", async () => {
  const { bridge, pipeline } = await withChunks();
  let syncs = 0;
  pipeline.device.sync = async () => assert.equal(pipeline.computed, (syncs += 1));
  const { text, finishReason } = await ask(bridge, { max_tokens: 2 });
  assert.deepEqual([text, finishReason, syncs], ["ab", "length", 2], "only chunks wait, not tokens");
});
