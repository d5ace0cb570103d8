import assert from "node:assert/strict";
import { test } from "../fakes.mjs";
import { CONFIG, ask, writing } from "../pipeline.mjs";

/** What has a special meaning for `String.replace` or for WebLLM. */
const SPECIAL = "$$5 $& $` $' {function_string} {system_message} {user_message}";

for (const template of ["{user_message}", "[{function_string}{user_message}]"]) {
  test(`messages reach the model unchanged in the template ${template}`, async () => {
    const { bridge, pipeline } = await writing("a");
    const user = CONFIG.conv_template.role_templates.user;
    CONFIG.conv_template.role_templates.user = template;
    try {
      const filled = template === user ? SPECIAL : `[${SPECIAL}]`;
      const messages = [{ role: "system", content: SPECIAL }, { role: "user", content: SPECIAL }];
      await ask(bridge, { messages });
      assert.equal(pipeline.prompts.at(-1), `<${SPECIAL}>user:${filled}\nassistant:`);
      const { usage } = await ask(bridge, { messages: [...messages, { role: "assistant", content: "a" }, messages[1]] });
      assert.notEqual(usage.extra.cached_tokens, 0);
      assert.ok(pipeline.prompts.at(-1)?.endsWith(`user:${filled}\nassistant:`));
    } finally {
      CONFIG.conv_template.role_templates.user = user;
    }
  });
}

test("plain messages and the default system message are filled in as by WebLLM", async () => {
  const { bridge, pipeline } = await writing("a");
  await ask(bridge, { messages: [{ role: "tool", tool_call_id: "1", content: "plain" }] });
  assert.equal(pipeline.prompts.at(-1), "<default>tool:tool: plain\nassistant:");
});
