import assert from "node:assert/strict";
import { test } from "../fakes.mjs";
import { ask, bytes, writing } from "../pipeline.mjs";

for (const method of ["byte_level", "byte_fallback"]) {
  test(`tokens that are parts of a character have their own bytes: ${method}`, async () => {
    const { bridge, pipeline } = await writing("a", ...bytes("é"), ...bytes("😀"), "b");
    pipeline.token_postproc_method = method;
    if (method === "byte_fallback") {
      const hex = (/** @type {number} */ id) => pipeline.answer[id]?.toString("hex").toUpperCase();
      pipeline.tokenizer.idToToken = (id) => `<0x${hex(id)}>`;
    }
    const { logprobs } = await ask(bridge, { logprobs: true, top_logprobs: 2 });
    const octets = logprobs.flatMap((/** @type {any} */ token) => token.bytes);
    assert.equal(String(Buffer.from(octets)), "aé😀b");
    const [sampled, other] = logprobs[1].top_logprobs;
    assert.deepEqual([sampled.bytes, other.bytes], [[0xc3], undefined], "only the text of an alternative token is known");
  });
}

test("a token whose bytes are not in the vocabulary has undefined bytes", async () => {
  const { bridge, pipeline } = await writing(...bytes("é"));
  for (const method of ["byte_level", "byte_fallback"]) {
    pipeline.token_postproc_method = method;
    pipeline.tokenizer.idToToken = () => "\u{1F600}";
    const { logprobs } = await ask(bridge, { logprobs: true, top_logprobs: 1 });
    assert.deepEqual(logprobs.map((/** @type {any} */ token) => token.bytes), [undefined, undefined]);
  }
});
