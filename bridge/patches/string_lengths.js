/**
 * The grammars of WebLLM 0.2.86 count the characters of a string by states, each of which costs time. With this
 * patch a response format may have `lengths` beside its grammar, the table of `schema/lengths`, and strings are
 * counted here:
 *
 *     { type: "grammar", grammar: "root ::= …", lengths: { root, nodes, strings } }
 *
 * Guarded by tests/bridge/patches/string_lengths.test.mjs.
 */

import { LengthGuard } from "../lengths/guard.js";
import { Vocabulary } from "../lengths/vocabulary.js";
import { wrap } from "./wrap.js";

/** What counts for each matcher, undefined if nothing does. @type {WeakMap<object, LengthGuard | undefined>} */
const guards = new WeakMap();

/** Of each tokenizer. @type {WeakMap<object, Vocabulary>} */
const vocabularies = new WeakMap();

/** @param {any} pipeline */
export function patchStringLengths(pipeline) {
  wrap(pipeline, "prepareGrammarMatcherForSampling", (prepare, config) => {
    const lengths = config?.response_format?.lengths;
    /** @type {Promise<void> | undefined} */
    const prepared = prepare(config);
    if (prepared === undefined) {
      guardMatcher(pipeline, lengths); // the one before, for the same grammar
      return undefined;
    }
    const guarded = prepared.then(() => guardMatcher(pipeline, lengths));
    // WebLLM awaits it after the prompt was read.
    guarded.catch(() => undefined);
    return guarded;
  });
}

/** @param {any} pipeline @param {any} lengths */
function guardMatcher({ grammarMatcher: matcher, tokenizer, token_postproc_method: method }, lengths) {
  if (!matcher) return;
  if (!guards.has(matcher)) patchMatcher(matcher);
  guards.set(matcher, lengths && new LengthGuard(lengths, vocabularyOf(tokenizer, method)));
}

/** @param {any} matcher of web-xgrammar */
function patchMatcher(matcher) {
  wrap(matcher, "getNextTokenBitmask", async (next) => {
    const mask = await next();
    guards.get(matcher)?.restrict(mask);
    return mask;
  });
  wrap(matcher, "acceptToken", (accept, id, ...rest) => {
    const isAccepted = accept(id, ...rest);
    if (isAccepted) guards.get(matcher)?.accept(id);
    return isAccepted;
  });
  wrap(matcher, "reset", (reset) => {
    reset();
    guards.get(matcher)?.reset();
  });
}

/** @param {any} tokenizer @param {string} method @returns {Vocabulary} */
function vocabularyOf(tokenizer, method) {
  const known = vocabularies.get(tokenizer);
  if (known) return known;
  const tokens = Array.from({ length: tokenizer.getVocabSize() }, (_, id) => tokenizer.idToToken(id));
  const found = new Vocabulary(tokens, method);
  vocabularies.set(tokenizer, found);
  return found;
}
