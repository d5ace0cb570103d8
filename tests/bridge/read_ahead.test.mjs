import assert from "node:assert/strict";
import { ReadAhead } from "../../bridge/read_ahead.js";
import { FakeCaches, settle, test } from "./fakes.mjs";

const HALF = 2 ** 25;
const NAMES = ["a", "b", "c", "d"];
const urlOf = (/** @type {string} */ name) => `https://models.example/${name}`;

/** A cache with files, and the names of those that were read, in order. */
async function world(names = NAMES) {
  const caches = new FakeCaches();
  /** @type {string[]} */
  const read = [];
  const cache = await caches.open("webllm/model");
  for (const name of names) await cache.put(urlOf(name), new Response(name));
  const match = async (/** @type {string} */ url) => {
    read.push(url.at(-1) ?? "");
    return (await cache.match(url))?.clone();
  };
  const ahead = new ReadAhead(async () => /** @type {any} */ ({ match }));
  const take = async (/** @type {string} */ name) => {
    const buffer = await ahead.take(urlOf(name));
    return buffer && new TextDecoder().decode(buffer);
  };
  return { ahead, read, take };
}

const weights = (nbytes = HALF) => NAMES.map((name) => ({ url: urlOf(name), nbytes }));

test("files are read ahead as far as the limit allows, and in their order", async () => {
  const { ahead, read, take } = await world();
  ahead.start(weights());
  await settle();
  assert.deepEqual(read, ["a", "b"]);
  assert.equal(await take("a"), "a");
  await settle();
  assert.deepEqual(read, ["a", "b", "c"]);
  for (const name of ["b", "c", "d"]) assert.equal(await take(name), name);
  assert.deepEqual(read, NAMES);
});

test("a file that is larger than the limit is read ahead alone", async () => {
  const { ahead, read, take } = await world();
  ahead.start(weights(HALF * 3));
  await settle();
  assert.deepEqual(read, ["a"]);
  assert.equal(await take("a"), "a");
  await settle();
  assert.deepEqual(read, ["a", "b"]);
});

test("a file that is not there, or another one, is not taken", async () => {
  const { ahead, take } = await world(["a", "c", "d"]);
  ahead.start(weights());
  assert.equal(await take("tokenizer.json"), undefined);
  assert.equal(await take("b"), undefined);
  assert.equal(await take("c"), "c");
});

test("a cache that cannot be read gives nothing, and no error", async () => {
  const ahead = new ReadAhead(() => Promise.reject(new Error("no cache")));
  ahead.start(weights());
  await settle();
  assert.equal(await ahead.take(urlOf("a")), undefined);
});
