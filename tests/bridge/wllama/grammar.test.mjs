/** Grammars and structural tags as GBNF. tests/browser/test_engines.py has llama.cpp read them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { gbnfOf } from "../../../bridge/wllama/grammar.js";
import { gbnfOfTag } from "../../../bridge/wllama/structural_tag.js";

test("escapes, classes, names and comments are written as GBNF has them", () => {
  const ebnf = 'root ::= "a\\u00e9\\"\\n" some_rule{1,2} # a comment\nsome_rule ::= [^\\]a-z-] | ("x" root)?\n';
  const [, root, rule] = gbnfOf(ebnf).split("\n");
  assert.equal(root, 'r1 ::= "a\\U000000E9\\U00000022\\U0000000A" r2 {1,2}');
  assert.equal(rule, 'r2 ::= [^\\U0000005Da-z\\U0000002D] | ( "x" r1 ) ?');
});

test("what follows a rule for certain is left out", () => {
  const [, root] = gbnfOf('root ::= [a-z)] "" (= [^)"]* [")] "\\")")\n').split("\n");
  assert.equal(root, 'r1 ::= [a-z)] ""');
});

for (const [what, ebnf, message] of /** @type {[string, string, RegExp][]} */ ([
  ["a rule that is missing", "root ::= other", /no rule "other"/],
  ["no root", 'other ::= "a"', /must have a rule "root"/],
  ["what only xgrammar knows", 'root ::= "a" (?= "b")', /cannot use this part of the grammar: "=/],
])) {
  test(`a grammar with ${what} is refused`, () => {
    assert.throws(() => gbnfOf(ebnf), { name: "InvalidRequestError", message });
  });
}

/** @param {object} format */
const ofTag = (format) => gbnfOfTag(JSON.stringify({ type: "structural_tag", format }));
const CALL = { type: "tag", begin: "<t>f(", content: { type: "grammar", grammar: 'root ::= "1"' }, end: ")" };

test("tags are sequences, and a list of tags has separators", () => {
  assert.match(ofTag(CALL), /^root ::= \("<t>f\(" r1 \("\)"\)\)\nr1 ::= "1"\n$/);
  const list = { type: "tags_with_separator", tags: [CALL], separator: ",", at_least_one: true };
  assert.match(ofTag(list), /^root ::= \(\(\("<t>f\(".*\)\) \("," \(.*\)\)\*\)\n/);
});

/** Match a text with the rules of a right-linear GBNF grammar without nesting. @param {string} gbnf @param {string} text */
function matches(gbnf, text) {
  const rules = new Map(gbnf.trim().split("\n").map((line) => /** @type {[string, string]} */ (line.split(" ::= "))));
  /** @type {(name: string) => string} */
  const inline = (body) => body.replace(/\br\d+\b/g, (name) => (/^"[^|]*"$/.test(rules.get(name) ?? "") ? rules.get(name) ?? "" : name));
  let states = new Map([[inline(rules.get("root") ?? ""), ""]]);
  let frontier = new Set([rules.get("root")]);
  for (const character of text) {
    const next = new Set();
    for (const state of frontier) {
      for (const option of (rules.get(state ?? "") ?? "").split(" | ")) {
        const [head = "", ...rest] = option.split(" ");
        const isNegated = head.startsWith("[^") && !head.slice(2, -1).includes(character);
        if (isNegated || head === `"${character}"`) next.add(rest.join(" "));
      }
    }
    frontier = next;
  }
  states.clear();
  return [...frontier];
}

test("free text follows a trigger character by character", () => {
  const gbnf = ofTag({ type: "triggered_tags", triggers: ["aab"], tags: [{ ...CALL, begin: "aab!" }], stop_after_first: true });
  const [start = ""] = matches(gbnf, "");
  assert.match(start, /^r\d+$/);
  // "aaab" ends with the trigger though its second "a" seemed to begin it.
  assert.match(matches(gbnf, "xaaab")[0] ?? "", /^\(\("!" r\d+ \("\)"\)\)\)$/);
  assert.deepEqual(matches(gbnf, "xaax"), [start]);
});

for (const format of [{ type: "json_schema" }, { type: "triggered_tags", triggers: ["a", "b"], tags: [] }]) {
  test(`a structural tag ${format.type} that is not supported is refused by name`, () => {
    assert.throws(() => ofTag(format), { name: "InvalidRequestError", message: new RegExp(`${format.type}`) });
  });
}
