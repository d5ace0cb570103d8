import assert from "node:assert/strict";
import { Gate, World, drain, load, settle, test } from "./fakes.mjs";

const REPORTS = [
  { progress: NaN, text: "Start to fetch params" },
  { progress: 0.5, text: "Fetching param cache[1/2]: 1MB fetched." },
  { progress: 1, text: "Fetching param cache[2/2]: 2MB fetched." },
  { progress: 0.5, text: "Loading model from cache[1/2]: 1MB loaded." },
  { progress: 1, text: "Loading model from cache[2/2]: 2MB loaded." },
  { progress: 0.4, text: "Loading GPU shader modules[4/10]: 40% completed" },
  { progress: 0, text: "Something that a later WebLLM reports" },
  { progress: 1, text: "Finish loading on WebGPU" },
];

test("load progress never decreases, names each phase in order and ends with ready", async () => {
  const world = new World();
  world.reload = async (engine) => {
    for (const report of REPORTS) {
      engine.report({ timeElapsed: 0, ...report });
      await settle();
    }
  };
  const { items, error } = await drain(load(world.open()));
  assert.equal(error, undefined);
  const ratios = items.map(({ ratio }) => ratio);
  assert.deepEqual(ratios, [...ratios].sort((one, other) => one - other));
  const phases = items.map(({ phase }) => phase).filter((phase, index, all) => phase !== all[index - 1]);
  assert.deepEqual(phases, ["start", "fetch", "load", "compile", "ready"]);
  assert.ok(ratios.slice(0, -1).every((ratio) => ratio >= 0 && ratio < 1));
  assert.equal(ratios.at(-1), 1);
  assert.ok(items.some(({ text }) => text === "Fetching param cache[1/2]: 1MB fetched."));
  assert.ok(items.every(({ elapsed }) => elapsed >= 0));
});

test("only the latest load progress waits for the reader", async () => {
  const world = new World();
  const gate = new Gate();
  world.reload = async (engine) => {
    for (const report of REPORTS) engine.report({ timeElapsed: 0, ...report });
    await gate.passed;
  };
  const stream = load(world.open());
  await settle();
  assert.equal(JSON.parse((await stream.next()) ?? "").text, "Finish loading on WebGPU");
  gate.open();
});
