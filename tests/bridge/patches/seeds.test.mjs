import assert from "node:assert/strict";
import { test } from "../fakes.mjs";
import { ask, writing } from "../pipeline.mjs";

test("every integer seed is mapped to a valid one, and neighbors to seeds far apart", async () => {
  const { bridge, pipeline } = await writing("a");
  const seeds = /** @type {number[]} */ ([]);
  pipeline.setSeed = (/** @type {number} */ seed) => seeds.push(seed);
  const near = [...Array(20).keys()];
  const asked = [...near, -3, 2 ** 31 - 1, -(2 ** 31 - 1), 2 ** 53 - 1, 1 - 2 ** 53, 2 ** 32, 3];
  for (const seed of asked) await ask(bridge, { seed });
  // After each answer WebLLM seeds its generator by the clock.
  const given = seeds.filter((seed) => seed < 2 ** 31);
  assert.equal(given.length, asked.length);
  assert.ok(given.every((seed) => Number.isInteger(seed) && seed > 0 && seed < 2 ** 31 - 1));
  assert.equal(given.at(-1), given[3]);
  assert.equal(new Set(given).size, asked.length - 1);
  // The first number of the generator, 0 to 1, decides on the first token.
  const first = given.slice(0, near.length).map((seed) => ((48271 * seed) % (2 ** 31 - 1)) / (2 ** 31 - 1));
  const tenths = new Set(first.map((number) => Math.floor(number * 10)));
  assert.ok(tenths.size >= 6, `${first}`);
});
