/**
 * Answers that are kept: WebLLM itself writes and reads them, over files in memory, for two tabs of a site.
 * It may use other names in a new version, and then these tests fail.
 */

import assert from "node:assert/strict";
import { beforeEach } from "node:test";
import { Gate, chat, drain, query, resume, settle, test, textOf } from "./fakes.mjs";
import { Folder, fill, giveFiles } from "./files.mjs";
import { PROMPT_TOKENS, ask, bytes, read, writing } from "./pipeline.mjs";

beforeEach(() => {
  const root = new Folder();
  giveFiles(async () => root);
  fill(false);
});

/** @param {any} bridge @param {object} [body] @param {object} [settings] */
function keep(bridge, body, settings) {
  return chat(bridge, { ...body, extra_body: { resumable: { enabled: true, sessionId: "s1", ...settings } } });
}

/**
 * Two tabs whose models would write the same; the first decodes a token each time that `step` is called.
 * @param {string[]} tokens
 */
async function tabs(...tokens) {
  const [first, second] = [await writing(...tokens), await writing(...tokens)];
  /** @type {Gate[]} */
  const gates = [];
  first.pipeline.mayDecode = () => {
    const gate = new Gate();
    gates.push(gate);
    return gate.passed;
  };
  const step = async (count = 1) => {
    for (; count > 0; count -= 1) {
      gates.shift()?.open();
      await settle();
    }
  };
  return { first, second, step };
}

/**
 * Let the first tab write some tokens and be closed.
 * @param {Awaited<ReturnType<typeof tabs>>} given @param {number} count at least 1 @param {object} [body]
 */
async function cutOff({ first, step }, count, body) {
  const stream = keep(first.bridge, body);
  await settle();
  await step(count - 1);
  stream.stop();
  await step();
  return stream;
}

/** @param {any} bridge */
async function told(bridge) {
  const { items } = await drain(query(bridge, { kind: "sessions.text", session_id: "s1" }));
  return items[0];
}

test("an answer of a closed tab goes on in another, in chunks of one answer", async () => {
  const given = await tabs("a", "b", "c", "d");
  await cutOff(given, 2);
  const { text, chunks, usage, finishReason } = read(await drain(resume(given.second.bridge)));
  assert.deepEqual([text, finishReason], ["abcd", "stop"]);
  assert.deepEqual(chunks[0].choices, [
    { index: 0, delta: { role: "assistant", content: "abc" }, finish_reason: null, logprobs: null },
  ]);
  for (const name of ["id", "created", "model", "object"]) {
    assert.equal(new Set(chunks.map((/** @type {any} */ chunk) => chunk[name])).size, 1, name);
  }
  // Four tokens of text and one that ends it.
  assert.deepEqual([usage.prompt_tokens, usage.completion_tokens, usage.total_tokens], [0, 5, 5]);
  assert.equal(usage.extra.cached_tokens, PROMPT_TOKENS);
});

test("what the other tab writes before it stops is in the answer", async ({ mock }) => {
  const { first, second, step } = await tabs("a", "b", "c", "d", "e");
  const writer = keep(first.bridge);
  await settle();
  mock.timers.enable({ apis: ["setTimeout"] });
  const resumed = drain(resume(second.bridge));
  await settle();
  await step(2);
  writer.stop();
  await step();
  mock.timers.tick(100);
  const { text, usage } = read(await resumed);
  assert.deepEqual([text, usage.completion_tokens], ["abcde", 6]);
});

test("an answer that the other tab finishes meanwhile is whole, and nothing can go on with it", async ({ mock }) => {
  const { first, second, step } = await tabs("a", "b", "c");
  const writer = drain(keep(first.bridge));
  await settle();
  mock.timers.enable({ apis: ["setTimeout"] });
  const resumed = drain(resume(second.bridge));
  await settle();
  await step(3);
  assert.equal(textOf(await writer), "abc");
  mock.timers.tick(100);
  const { items, error } = await resumed;
  assert.deepEqual([items, error.name], [[], "NotResumableError"]);
  assert.deepEqual(await told(second.bridge), { text: "abc", completion_tokens: 4 });
  assert.equal((await ask(second.bridge)).text, "abc");
});

test("a resumed answer goes on within a character, and counts each of its tokens once", async () => {
  const given = await tabs("caf", ...bytes("é"), "!");
  await cutOff(given, 1);
  assert.deepEqual(await told(given.second.bridge), { text: "caf", completion_tokens: 2 });
  const { text, usage } = read(await drain(resume(given.second.bridge)));
  assert.deepEqual([text, usage.completion_tokens], ["café!", 5]);
});

test("an answer of which nothing was written yet begins", async () => {
  const given = await tabs("a", "b");
  given.first.pipeline.commitSampledStep = () => {
    throw new Error("the tab was closed");
  };
  await drain(keep(given.first.bridge));
  const { text, usage } = read(await drain(resume(given.second.bridge)));
  assert.deepEqual([text, usage.completion_tokens], ["ab", 3]);
});

test("other likely tokens that nobody asked for are not told after a resume either", async () => {
  const given = await tabs("a", "b", "c");
  await cutOff(given, 1, { logprobs: true });
  const { logprobs } = read(await drain(resume(given.second.bridge)));
  assert.deepEqual(logprobs.map((/** @type {any} */ it) => [it.token, it.top_logprobs]), [["c", []]]);
});

for (const [where, getDirectory] of /** @type {[string, undefined | (() => Promise<unknown>)][]} */ ([
  ["has no file system", undefined],
  ["may keep no files", async () => {
    throw new DOMException("Security error when calling GetDirectory", "SecurityError");
  }],
])) {
  for (const strictPersistence of [false, true]) {
    test(`where a site ${where} an answer that is to be kept is refused; strict: ${strictPersistence}`, async () => {
      giveFiles(getDirectory);
      const { bridge } = await writing("a");
      const { items, error } = await drain(keep(bridge, {}, { strictPersistence }));
      assert.deepEqual([items, error.name], [[], "InvalidRequestError"]);
      assert.match(error.message, /^This browser cannot keep the answer: .*Leave out resumable/);
      assert.equal((await ask(bridge)).text, "a");
      const off = { extra_body: { resumable: { enabled: false } } };
      assert.equal((await ask(bridge, off)).text, "a");
    });
  }
}

test("a full disk refuses an answer at its beginning, and not half-way", async () => {
  const { first, step } = await tabs("a", "b", "c");
  fill(true);
  const { error } = await drain(keep(first.bridge));
  assert.equal(error.name, "InvalidRequestError");
  assert.match(error.message, /Quota exceeded\. Leave out resumable, or free disk space/);
  fill(false);
  const writer = drain(keep(first.bridge, {}, { sessionId: "s2" }));
  await settle();
  fill(true);
  await step(3);
  assert.equal(textOf(await writer), "abc");
});

test("where persistence is strict a full disk ends the answer, and not the engine", async () => {
  const { first, step } = await tabs("a", "b", "c");
  const writer = drain(keep(first.bridge, {}, { strictPersistence: true }));
  await settle();
  fill(true);
  await step(1);
  const { items, error } = await writer;
  assert.deepEqual([textOf({ items }), error.name], ["a", "InvalidRequestError"]);
  assert.match(error.message, /Quota exceeded/);
  const next = ask(first.bridge);
  await settle();
  await step(3);
  assert.equal((await next).text, "abc");
});

test("an answer that a full disk has cut off goes on from its beginning", async () => {
  const { first, second, step } = await tabs("a", "b", "c");
  const writer = drain(keep(first.bridge));
  await settle();
  fill(true);
  await step(3);
  await writer;
  fill(false);
  assert.equal(read(await drain(resume(second.bridge))).text, "abc");
});

test("an id that is taken, or can be none, is the request's fault", async () => {
  const { bridge } = await writing("a");
  await drain(keep(bridge));
  for (const sessionId of ["s1", "a/b"]) {
    const { error } = await drain(keep(bridge, {}, { sessionId }));
    assert.equal(error.name, "InvalidRequestError");
    assert.match(error.message, new RegExp(`resumable session.*${sessionId}`, "i"));
  }
});
