import assert from "node:assert/strict";
import { beforeEach } from "node:test";
import { drain, resume, settle, test, textOf } from "../fakes.mjs";
import { fill, provideFiles } from "../file_system.mjs";
import { ask, read, writing } from "../pipeline.mjs";
import { freshFiles, openTabs, resumableChat } from "../tabs.mjs";

beforeEach(freshFiles);

for (const [where, getDirectory] of /** @type {[string, undefined | (() => Promise<unknown>)][]} */ ([
  ["has no file system", undefined],
  ["cannot store files", async () => {
    throw new DOMException("Security error when calling GetDirectory", "SecurityError");
  }],
])) {
  for (const strictPersistence of [false, true]) {
    test(`a resumable answer is refused where a site ${where}; strictPersistence: ${strictPersistence}`, async () => {
      provideFiles(getDirectory);
      const { bridge } = await writing("a");
      const { items, error } = await drain(resumableChat(bridge, {}, { strictPersistence }));
      assert.deepEqual([items, error.name], [[], "InvalidRequestError"]);
      assert.match(error.message, /^This browser cannot store the answer: .*Leave out resumable/);
      assert.equal((await ask(bridge)).text, "a");
      const off = { extra_body: { resumable: { enabled: false } } };
      assert.equal((await ask(bridge, off)).text, "a");
    });
  }
}

test("a full disk refuses a resumable answer at its beginning, and does not end one that has started", async () => {
  const { first, step } = await openTabs("a", "b", "c");
  fill(true);
  const { error } = await drain(resumableChat(first.bridge));
  assert.equal(error.name, "InvalidRequestError");
  assert.match(error.message, /Quota exceeded\. Leave out resumable, or free disk space/);
  fill(false);
  const writer = drain(resumableChat(first.bridge, {}, { sessionId: "s2" }));
  await settle();
  fill(true);
  await step(3);
  assert.equal(textOf(await writer), "abc");
});

test("with strictPersistence a full disk ends the answer and keeps the engine", async () => {
  const { first, step } = await openTabs("a", "b", "c");
  const writer = drain(resumableChat(first.bridge, {}, { strictPersistence: true }));
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

test("an answer that was interrupted by a full disk is resumed from what was stored", async () => {
  const { first, second, step } = await openTabs("a", "b", "c");
  const writer = drain(resumableChat(first.bridge));
  await settle();
  fill(true);
  await step(3);
  await writer;
  fill(false);
  assert.equal(read(await drain(resume(second.bridge))).text, "abc");
});

test("a session ID that is taken or invalid is an InvalidRequestError", async () => {
  const { bridge } = await writing("a");
  await drain(resumableChat(bridge));
  for (const sessionId of ["s1", "a/b"]) {
    const { error } = await drain(resumableChat(bridge, {}, { sessionId }));
    assert.equal(error.name, "InvalidRequestError");
    assert.match(error.message, new RegExp(`resumable session.*${sessionId}`, "i"));
  }
});
