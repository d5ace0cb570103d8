import assert from "node:assert/strict";
import { test } from "../fakes.mjs";
import { CONFIG, EMPTY_THINKING, ask, writing } from "../pipeline.mjs";

const USER = { role: "user", content: "Who?" };

test("the model continues a given beginning of its answer, and the history has both", async () => {
  const { bridge, pipeline } = await writing(" is", " here");
  const { text } = await ask(bridge, { messages: [USER], extra_body: { beginning: "Ada" } });
  assert.equal(text, " is here");
  assert.equal(pipeline.prompts.at(-1), "<default>user:Who?\nassistant:Ada");
  const history = [USER, { role: "assistant", content: "Ada is here" }];
  const { usage } = await ask(bridge, { messages: [...history, USER] });
  assert.notEqual(usage.extra.cached_tokens, 0);
  assert.ok(pipeline.prompts.at(-1)?.endsWith("assistant:"), "a beginning is of one answer only");
});

test("what a model added to a beginning is not taken for its whole answer", async () => {
  const { bridge } = await writing(" is");
  await ask(bridge, { messages: [USER], extra_body: { beginning: "Ada" } });
  const other = [USER, { role: "assistant", content: " is" }, USER];
  const { usage } = await ask(bridge, { messages: other });
  assert.ok(!usage.extra.cached_tokens);
});

test("a beginning follows the empty thinking block, and its mark is that of a message", async () => {
  const empty = CONFIG.conv_template.role_empty_sep;
  CONFIG.conv_template.role_empty_sep = "::";
  try {
    const { bridge, pipeline } = await writing(" is");
    const extra_body = { beginning: "Ada", enable_thinking: false };
    const { text } = await ask(bridge, { messages: [USER], extra_body });
    assert.equal(text, `${EMPTY_THINKING} is`);
    assert.equal(pipeline.prompts.at(-1), `<default>user:Who?\nassistant:${EMPTY_THINKING}Ada`);
    const answer = { role: "assistant", content: `${EMPTY_THINKING}Ada is` };
    const { usage } = await ask(bridge, { messages: [USER, answer, USER], extra_body: { beginning: "$$1" } });
    assert.notEqual(usage.extra.cached_tokens, 0);
    assert.ok(pipeline.prompts.at(-1)?.endsWith("assistant:$$1"));
  } finally {
    CONFIG.conv_template.role_empty_sep = empty;
  }
});
