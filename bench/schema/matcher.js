/**
 * The grammar engine of WebLLM, `@mlc-ai/web-xgrammar`, under Node, as a filter: each line of standard
 * input is a task, and each line of standard output its result, in the same order.
 *
 * A task is `{"ebnf": …, "lengths": …}`, a grammar and what the bridge counts beside it, or `{"schema": …}`,
 * for web-xgrammar's own converter. With
 * - `"texts": […]` the result has `accepts`, whether each fits;
 * - `"masks": true` beside them it has `masks`, whether the masks allow each, in the longest tokens that there are;
 * - `"draw": count` it has `drawn`, random strings, of which every token was allowed by the masks; `"long"`
 *   lists more tokens than the usual ones;
 * - `"text"`, an answer, it has `compile` in milliseconds and `steps`, the milliseconds of each token, with
 *   the vocabulary of llama3-tokenizer-js in the folder that is the argument.
 *
 * Instead of any of these it has `error`.
 */

import fs from "node:fs";
import Module, { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";

import { LengthGuard } from "../../bridge/lengths/guard.js";
import { Vocabulary } from "../../bridge/lengths/vocabulary.js";

const MOST_TOKENS = 400;
const STOPS = ["<|end_of_text|>", "<|eot_id|>"];

/** web-xgrammar calls itself an ES module, and is a CommonJS one that writes its log to the console. */
function loadXgrammar(from = process.cwd()) {
  const require = createRequire(path.join(from, "package.json"));
  const file = require.resolve("@mlc-ai/web-xgrammar");
  const module = new Module(file);
  module.filename = file;
  module.paths = require.resolve.paths("@mlc-ai/web-xgrammar");
  module._compile(fs.readFileSync(file, "utf8"), file.replace(/js$/, "cjs"));
  return module.exports;
}

async function main([folder]) {
  for (const name of ["log", "warn", "error"]) console[name] = () => {};
  const engine = new Engine(loadXgrammar(), folder);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await engine.result(JSON.parse(line))) + "\n");
  }
}

class Engine {
  constructor(xgrammar, folder) {
    this.xgrammar = xgrammar;
    this.folder = folder;
  }

  async result(task) {
    try {
      return { ...(await this.tested(task)), ...("text" in task && (await this.measured(task))) };
    } catch (error) {
      return { error: String(error?.message ?? error) };
    }
  }

  async tested(task) {
    const { ebnf, schema, texts, draw } = task;
    if (!texts && !draw) return {};
    const { Grammar, Testings } = this.xgrammar;
    // One line with the separators of `json.dumps`, as the grammars of pywebllm have.
    const grammar = await (ebnf ? Grammar.fromEBNF(ebnf) : Grammar.fromJSONSchema(JSON.stringify(schema), false, -1));
    try {
      const accepts = [];
      for (const text of texts ?? [])
        accepts.push((await Testings.isGrammarAcceptString(grammar, text)) && isShort(text, task));
      return { accepts, ...(draw || task.masks ? await this.byMasks(grammar, task) : {}) };
    } finally {
      grammar.dispose();
    }
  }

  async byMasks(grammar, { draw = 0, seed = 1, long = [], lengths, texts, masks }) {
    const { GrammarCompiler, TokenizerInfo } = this.xgrammar;
    const tokens = [...VOCABULARY, ...long, ""];
    const stop = tokens.length - 1;
    const info = await TokenizerInfo.createTokenizerInfo(tokens, "raw", false, tokens.length, [stop]);
    const compiler = await GrammarCompiler.createGrammarCompiler(info, false);
    const compiled = await compiler.compileGrammar(grammar);
    const vocabulary = new Vocabulary(tokens, "raw");
    const random = mulberry32(seed);
    const found = [];
    for (let count = 0; count < draw; count++) {
      const text = await one(await this.matcher(compiled, lengths, vocabulary), tokens, stop, random);
      if (text !== undefined) found.push(text);
    }
    const allowed = [];
    for (const text of masks ? texts : [])
      allowed.push(await isAllowed(await this.matcher(compiled, lengths, vocabulary), [...tokensOf(text, tokens), stop]));
    for (const each of [compiled, compiler, info]) each.dispose();
    return { drawn: found, masks: allowed };
  }

  async measured({ ebnf, schema, lengths, text }) {
    this.llama ??= await this.readLlama();
    const { info, vocabulary, stop, tokenizer } = this.llama;
    // A new one each time: it keeps what it compiled.
    const compiler = await this.xgrammar.GrammarCompiler.createGrammarCompiler(info);
    const start = performance.now();
    const compiled = ebnf ? await compiler.compileGrammar(ebnf) : await compiler.compileJSONSchema(JSON.stringify(schema));
    const matcher = await this.matcher(compiled, lengths, vocabulary);
    const compile = performance.now() - start;
    try {
      return { compile, steps: await stepsOf(matcher, [...tokenizer.encode(text, { bos: false, eos: false }), stop]) };
    } finally {
      for (const each of [matcher, compiled, compiler]) each.dispose();
    }
  }

  async readLlama() {
    const tokenizer = createRequire(path.join(this.folder, "package.json"))("llama3-tokenizer-js").default;
    const tokens = tokenizer.vocabById;
    const stops = STOPS.map((name) => tokens.indexOf(name));
    const info = await this.xgrammar.TokenizerInfo.createTokenizerInfo(tokens, "byte_level", false, tokens.length, stops);
    return { tokenizer, info, vocabulary: new Vocabulary(tokens, "byte_level"), stop: stops[0] };
  }

  /** A matcher that counts as the bridge's does. */
  async matcher(compiled, lengths, vocabulary) {
    const matcher = await this.xgrammar.GrammarMatcher.createGrammarMatcher(compiled);
    const guard = lengths && new LengthGuard(lengths, vocabulary);
    return {
      async mask() {
        const mask = await matcher.getNextTokenBitmask();
        guard?.restrict(mask);
        return mask;
      },
      /** Whether the grammar allows a token. */
      isStuck: async () => (await matcher.getNextTokenBitmask()).some((bits) => bits !== 0),
      accept(id) {
        guard?.accept(id);
        return matcher.acceptToken(id);
      },
      dispose: () => matcher.dispose(),
    };
  }
}

/** Whether a text has the lengths that are counted beside its grammar. */
function isShort(text, { lengths }) {
  return !lengths || LengthGuard.accepts(lengths, new TextEncoder().encode(text));
}

/** One text out of the masks; undefined when it does not end in time. */
async function one(matcher, tokens, stop, random) {
  let text = "";
  try {
    for (let count = 0; count < MOST_TOKENS; count++) {
      const mask = await matcher.mask();
      const open = [...tokens.keys()].filter((id) => isOpen(mask, id));
      if (!open.length && (await matcher.isStuck())) throw new Error(`no token is short enough after ${text}`);
      if (!open.length) return undefined; // the vocabulary lacks a character
      // Late in a text the end is taken once it is allowed.
      const ends = open.includes(stop) && (open.length === 1 || count > 40 || random() < 0.2);
      const id = ends ? stop : pick(open.filter((each) => each !== stop), tokens, count, random);
      if (!matcher.accept(id)) throw new Error(`the mask allows ${tokens[id]} after ${text}`);
      if (id === stop) return text;
      text += tokens[id];
    }
    return undefined;
  } finally {
    matcher.dispose();
  }
}

/** A text in the longest tokens, from its beginning on. */
function tokensOf(text, tokens) {
  const found = [];
  for (let at = 0; at < text.length; ) {
    const fitting = tokens.filter((token) => token && text.startsWith(token, at));
    const longest = fitting.reduce((best, token) => (token.length > best.length ? token : best), "");
    if (!longest) throw new Error(`no token for ${text.slice(at)}`);
    found.push(tokens.indexOf(longest));
    at += longest.length;
  }
  return found;
}

async function isAllowed(matcher, ids) {
  try {
    for (const id of ids) {
      if (!isOpen(await matcher.mask(), id)) return false;
      matcher.accept(id);
    }
    return true;
  } finally {
    matcher.dispose();
  }
}

async function stepsOf(matcher, ids) {
  const found = [];
  for (const id of ids) {
    const start = performance.now();
    const mask = await matcher.mask();
    if (!isOpen(mask, id) || !matcher.accept(id)) throw new Error(`the answer cannot be written from token ${found.length} on`);
    found.push(performance.now() - start);
  }
  return found;
}

function isOpen(mask, id) {
  return (mask[id >> 5] >>> (id & 31)) & 1;
}

/** Late in a text, what closes strings, arrays and objects is preferred. */
function pick(open, tokens, count, random) {
  const closing = count > 60 ? open.filter((id) => /^["\]}]+$/.test(tokens[id])) : [];
  const from = closing.length && random() < 0.7 ? closing : open;
  return from[Math.floor(random() * from.length)];
}

function mulberry32(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// All of printable ASCII, and tokens that end strings or go over the ends of parts.
const VOCABULARY = [
  ...Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)),
  "é", "中", "😀", '": ', '", "', '"}', "}}", "]]", "the", "and", "http", "://", ".com", "-0", "00",
  "12", "2024", "-01", "T1", "\\n", '\\"', "\\u00", "true", "null", "false", ", ", "a@b", "ing",
]; // prettier-ignore

await main(process.argv.slice(2));
