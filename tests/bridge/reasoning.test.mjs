import assert from "node:assert/strict";
import { answerStart, mayOpenReasoning } from "../../bridge/reasoning.js";
import { test } from "./fakes.mjs";

test("the answer begins after the reasoning and the blank lines that follow it", () => {
  for (const [text, answer] of /** @type {[string, string][]} */ ([
    ["one", "one"],
    ["\none", "\none"],
    ["<thin one", "<thin one"],
    ["one <think>two</think>", "one <think>two</think>"],
    ["", ""],
    ["<thi", ""],
    [" \n<think>", ""],
    ["<think>\none", ""],
    ["<think>\none\n</think>\n\n", ""],
    ["<think>\none\n</think>\n\ntwo\n\nthree", "two\n\nthree"],
    ["\n<think></think>two</think>", "two</think>"],
  ])) assert.equal(text.slice(answerStart(text)), answer, JSON.stringify(text));
});

test("text may open reasoning until it differs from the tag", () => {
  for (const text of ["", "\n ", "<", "\r\n\t<think"]) assert.equal(mayOpenReasoning(text), true, text);
  for (const text of ["<think>", "a", "<a", "\n\na", "\u00A0"]) assert.equal(mayOpenReasoning(text), false, text);
});
