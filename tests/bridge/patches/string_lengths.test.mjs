import assert from "node:assert/strict";
import { patchStringLengths } from "../../../bridge/patches/string_lengths.js";
import { test } from "../fakes.mjs";
import { source } from "../pipeline.mjs";

const TOKENS = ['"', "a", "aa", '",', "aaaa", 'aa"'];
const ALL = (1 << TOKENS.length) - 1;
const table = (/** @type {number} */ most) => ({ root: 1, nodes: [{}, { string: 0 }], strings: [{ most }] });

/** A matcher that allows every token. */
class Matcher {
  /** @type {number[]} */
  accepted = [];
  reset() {
    this.accepted = [];
  }
  async getNextTokenBitmask() {
    return Int32Array.of(ALL);
  }
  /** @param {number} id */
  acceptToken(id) {
    this.accepted.push(id);
    return true;
  }
}

/** WebLLM's pipeline, as far as it makes matchers: one for each grammar. */
class Pipeline {
  tokenizer = { getVocabSize: () => TOKENS.length, idToToken: (/** @type {number} */ id) => TOKENS[id] };
  token_postproc_method = "byte_level";
  /** @type {any} */
  grammarMatcher;
  grammar = "";

  constructor() {
    patchStringLengths(this);
  }

  /** @param {any} config @returns {Promise<void> | undefined} */
  prepareGrammarMatcherForSampling({ response_format: { grammar } }) {
    if (grammar === this.grammar) {
      this.grammarMatcher.reset();
      return undefined;
    }
    return (async () => {
      if (grammar === "wrong") throw new Error("no grammar");
      [this.grammarMatcher, this.grammar] = [new Matcher(), grammar];
    })();
  }

  /** @param {string} grammar @param {object} [lengths] */
  async prepare(grammar, lengths) {
    await this.prepareGrammarMatcherForSampling({ response_format: { type: "grammar", grammar, lengths } });
  }

  async open() {
    const [mask = 0] = await this.grammarMatcher.getNextTokenBitmask();
    return TOKENS.filter((_, id) => (mask >> id) & 1);
  }
}

test("the private parts of WebLLM that the counting of lengths needs exist", () => {
  for (const name of ["prepareGrammarMatcherForSampling(genConfig)", "this.grammarMatcher.acceptToken(", "yield this.grammarMatcher.getNextTokenBitmask()", "this.grammarMatcher.reset()", "tokenizer.getVocabSize()"]) {
    assert.ok(source.includes(name), name);
  }
});

test("tokens that make a string too long are taken out of the mask", async () => {
  const pipeline = new Pipeline();
  await pipeline.prepare("g", table(3));
  assert.deepEqual(await pipeline.open(), TOKENS);
  pipeline.grammarMatcher.acceptToken(0);
  assert.deepEqual(await pipeline.open(), ['"', "a", "aa", '",', 'aa"']);
  pipeline.grammarMatcher.acceptToken(2);
  assert.deepEqual(await pipeline.open(), ['"', "a", '",']);
  assert.deepEqual(pipeline.grammarMatcher.accepted, [0, 2]);
});

test("a matcher that is used again counts anew, with the lengths of the request", async () => {
  const pipeline = new Pipeline();
  await pipeline.prepare("g", table(1));
  for (const id of [0, 1]) pipeline.grammarMatcher.acceptToken(id);
  await pipeline.prepare("g", table(2));
  pipeline.grammarMatcher.acceptToken(0);
  assert.deepEqual(await pipeline.open(), ['"', "a", "aa", '",', 'aa"']);
  await pipeline.prepare("g");
  pipeline.grammarMatcher.acceptToken(0);
  assert.deepEqual(await pipeline.open(), TOKENS);
});

test("a grammar that WebLLM refuses is refused as before", async () => {
  await assert.rejects(new Pipeline().prepare("wrong", table(1)), /no grammar/);
});
