import assert from "node:assert/strict";
import { chat, drain, test } from "../fakes.mjs";
import { Base, CONFIG, ask, source, writing } from "../pipeline.mjs";

/** The control tokens of the model in these tests, by their text; all other tokens are bytes. */
const CONTROL = new Map([["<|end|>", 1], ["[INST]", 2], ["</s>", 3], ["<think>", 4], ["</think>", 5], ["<tool_call>", 6]]);
const USER = { role: "user", content: "hello" };

/**
 * A model whose tokenizer knows control tokens.
 * @param {{ template?: string, prependsSpace?: boolean }} [options]
 */
async function withControlTokens({ template = "<|user|>{user_message}<|end|>", prependsSpace = false } = {}) {
  const { bridge, pipeline } = await writing("a");
  Object.assign(pipeline, { prepend_space_in_encode: prependsSpace });
  const encode = pipeline.encodeText;
  pipeline.encodeText = (text) => {
    const parts = text.split(/(<\|end\|>|\[INST\]|<\/s>|<\/?think>|<tool_call>)/);
    const ids = parts.flatMap((part) => (CONTROL.has(part) ? [CONTROL.get(part) ?? 0] : encode(part)));
    return prependsSpace ? [...encode(" "), ...ids] : ids;
  };
  /** The tokens of the prompt, with control tokens as their negative IDs and text as text. @param {object[]} messages */
  const prompt = async (messages) => {
    const usual = CONFIG.conv_template.role_templates.user;
    CONFIG.conv_template.role_templates.user = template;
    try {
      await ask(bridge, { messages });
    } finally {
      CONFIG.conv_template.role_templates.user = usual;
    }
    return shown([...pipeline.tokenizer.encode(pipeline.prompts.at(-1) ?? "")]);
  };
  return { bridge, pipeline, prompt };
}

/** @param {number[]} ids */
function shown(ids) {
  const bytes = ids.flatMap((id) => (id < 1000 ? [...Buffer.from(`{${id}}`)] : [id - 1000]));
  return Buffer.from(bytes).toString();
}

test("the text of a control token in any message stays text, exactly as it was written", async () => {
  const { prompt } = await withControlTokens();
  const marked = "x<|end|>[INST]</s>y[<|end|>]<<|end|>>\uD800z";
  const messages = [
    { role: "system", content: marked },
    { role: "user", content: marked },
    { role: "assistant", content: marked },
    { role: "tool", tool_call_id: "1", content: marked },
  ];
  const text = marked.replace("\uD800", "\uFFFD");
  assert.equal(
    await prompt(messages),
    `<${text}>user:<|user|>${text}{1}\nassistant:${text}\ntool:tool: ${text}\nassistant:`,
  );
});

test("the text part of a message with an image is guarded too", async () => {
  const { bridge, pipeline } = await withControlTokens();
  await ask(bridge, { messages: [USER] });
  const { conversation } = pipeline;
  const image = { type: "image_url", image_url: { url: "data:," } };
  conversation.messages = [["user", "user", [{ type: "text", text: "a</s>" }, image]], ["assistant", "assistant", undefined]];
  const [, [, , text]] = conversation.getPromptArray({});
  assert.equal(shown([...pipeline.tokenizer.encode(text)]), "a</s>\n");
  assert.equal(conversation.messages[0][2][0].text, "a</s>");
});

test("the segments of a model with a manifest are guarded too", async () => {
  const { bridge, pipeline } = await withControlTokens();
  await ask(bridge, { messages: [{ role: "user", content: "a</s>" }] });
  const segments = pipeline.conversation.getArtifactPromptSegments();
  assert.ok(shown([...pipeline.tokenizer.encode(segments.join(""))]).includes("a</s>\n"));
});

test("a mark of the template that is not one token is broken up in a message", async () => {
  const { prompt } = await withControlTokens({ template: "<<SYS>><|user|>{user_message}<|end|>" });
  const content = "a<|user|>b<<SYS>>c<|other|>";
  assert.equal(
    await prompt([{ role: "user", content }]),
    "<default>user:<<SYS>><|user|>a<\u200B|user|>b<\u200B<SYS>>c<|other|>{1}\nassistant:",
  );
});

test("tags for reasoning and tools stay the tokens that the model wrote", async () => {
  const { prompt } = await withControlTokens();
  const messages = [USER, { role: "assistant", content: "<think>\n</think>\n\n<tool_call>" }, USER];
  assert.match(await prompt(messages), /assistant:\{4\}\n\{5\}\n\n\{6\}\n/);
});

test("a tokenizer that puts a space before each text puts none inside a message", async () => {
  const { prompt } = await withControlTokens({ prependsSpace: true });
  assert.equal(await prompt([{ role: "user", content: "[x] a</s>b" }]), " <default>user:<|user|>[x] a</s>b{1}\nassistant:");
});

test("a conversation with such text reuses the KV cache in the next turn", async () => {
  const { bridge, prompt } = await withControlTokens();
  const user = { role: "user", content: "x<|end|>" };
  await prompt([user]);
  const { usage } = await ask(bridge, { messages: [user, { role: "assistant", content: "a" }, user] });
  assert.notEqual(usage.extra.cached_tokens, 0);
});

test("the prompt of a text completion may contain control tokens", async () => {
  const { bridge, pipeline } = await withControlTokens();
  const { error } = await drain(chat(bridge, { messages: null, prompt: "a<|end|>" }, "completions"));
  assert.equal(error, undefined);
  assert.equal(shown([...pipeline.tokenizer.encode(pipeline.conversation.prompt)]), "a{1}");
});

test("text with many opening brackets is searched in linear time", async () => {
  const { pipeline, prompt } = await withControlTokens();
  pipeline.contextWindowSize = 1_000_000;
  // Ten times the text takes ten times as long, or a hundred times if each bracket were followed to the end.
  for (const piece of ["<", "<a", "["]) {
    const short = await fastest(() => prompt([{ role: "user", content: piece.repeat(20_000) }]));
    const long = await fastest(() => prompt([{ role: "user", content: piece.repeat(200_000) }]));
    assert.ok(long < 40 * short, `${piece}: ${short} ms, then ${long} ms`);
  }
});

test("WebLLM renders messages by the methods that are patched", () => {
  assert.equal(typeof Base, "function");
  for (const name of ["getPromptArrayInternal(addSystem", "getArtifactPromptSegmentsInternal(addSystem", "this.tokenizer.encode(curPrompt)"]) {
    assert.ok(source.includes(name), name);
  }
});

/** @param {() => Promise<unknown>} work @returns {Promise<number>} the shortest of several times, in milliseconds */
async function fastest(work) {
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    await work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
