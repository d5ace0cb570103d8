import assert from "node:assert/strict";
import { World, chat, drain, query, resume, skipDelays, test, textOf } from "../fakes.mjs";

/** @param {World} world @param {object} question */
function ask(world, question) {
  return drain(query(world.open(), question));
}

for (const [refusals, end] of /** @type {const} */ ([[3, undefined], [4, "InvalidRequestError"]])) {
  test(`deleting a session that is locked ${refusals} times in a row ends in ${end}`, async ({ mock }) => {
    const world = new World();
    let remaining = refusals;
    world.deleteSession = async (id) => {
      if (remaining-- > 0) throw new Error(`Resumable session is already active: ${id}`);
    };
    const { error } = await skipDelays(mock, ask(world, { kind: "sessions.delete", session_id: "s1" }));
    assert.equal(error?.name, end);
    if (error) assert.match(error.message, /^The session s1 is still being written in another tab/);
  });
}

/** A world with one stored session, and a bridge with its model loaded. */
async function withSession() {
  const world = new World();
  return { world, bridge: await world.loaded() };
}

/** @param {any} bridge */
async function assertStillChats(bridge) {
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
}

test("resuming a session that another tab is writing fails without any text", async ({ mock }) => {
  const { world, bridge } = await withSession();
  world.rest = async function* () {
    throw "Error: Resumable session is already active: s1";
  };
  const { items, error } = await skipDelays(mock, drain(resume(bridge)));
  assert.deepEqual([items, error.name], [[], "InvalidRequestError"]);
  assert.match(error.message, /^The session s1 is still being written in another tab/);
  await assertStillChats(bridge);
});

test("resuming a session that another tab has only listed is tried again", async ({ mock }) => {
  const { world, bridge } = await withSession();
  const { rest } = world;
  let refusals = 3;
  world.rest = async function* (id) {
    if (refusals-- > 0) throw "Error: Resumable session is already active: s1";
    yield* rest(id);
  };
  const drained = await skipDelays(mock, drain(resume(bridge)));
  assert.deepEqual([textOf(drained), drained.error], ["Hello!", undefined]);
});
