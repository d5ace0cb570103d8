/**
 * The grammar engine of WebLLM, `@mlc-ai/web-xgrammar`, under Node, as a filter: each line of standard
 * input is a task, and each line of standard output its result, in the same order.
 *
 * A task is `{"ebnf": …}` or `{"schema": …}`, for web-xgrammar's own converter, with `"texts": […]`.
 * The result is `{"accepts": [true, …]}` or `{"error": …}`. With `"draw": count` it has `"drawn"` as
 * well: random strings, of which every token was allowed by the mask of the matcher; `"long"` lists more
 * tokens than the usual ones.
 */

import fs from "node:fs";
import Module, { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";

const MOST_TOKENS = 400;

/** web-xgrammar calls itself an ES module, and is a CommonJS one that writes its log to the console. */
export function loadXgrammar(from = process.cwd()) {
  const require = createRequire(path.join(from, "package.json"));
  const file = require.resolve("@mlc-ai/web-xgrammar");
  const module = new Module(file);
  module.filename = file;
  module.paths = require.resolve.paths("@mlc-ai/web-xgrammar");
  module._compile(fs.readFileSync(file, "utf8"), file.replace(/js$/, "cjs"));
  return module.exports;
}

async function main() {
  for (const name of ["log", "warn", "error"]) console[name] = () => {};
  const matcher = new Matcher(loadXgrammar());
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await matcher.result(JSON.parse(line))) + "\n");
  }
}

class Matcher {
  constructor(xgrammar) {
    this.xgrammar = xgrammar;
  }

  async result(task) {
    let grammar;
    try {
      grammar = await this.read(task);
      const accepts = [];
      for (const text of task.texts ?? [])
        accepts.push(await this.xgrammar.Testings.isGrammarAcceptString(grammar, text));
      return task.draw ? { accepts, drawn: await this.drawn(grammar, task) } : { accepts };
    } catch (error) {
      return { error: String(error?.message ?? error) };
    } finally {
      grammar?.dispose();
    }
  }

  read({ ebnf, schema }) {
    const { Grammar } = this.xgrammar;
    // One line with the separators of `json.dumps`, as the grammars of pywebllm have.
    return ebnf ? Grammar.fromEBNF(ebnf) : Grammar.fromJSONSchema(JSON.stringify(schema), false, -1);
  }

  async drawn(grammar, { draw, seed = 1, long = [] }) {
    const { GrammarCompiler, GrammarMatcher, TokenizerInfo } = this.xgrammar;
    const tokens = [...VOCABULARY, ...long, ""];
    const stop = tokens.length - 1;
    const info = await TokenizerInfo.createTokenizerInfo(tokens, "raw", false, tokens.length, [stop]);
    const compiler = await GrammarCompiler.createGrammarCompiler(info, false);
    const compiled = await compiler.compileGrammar(grammar);
    const random = mulberry32(seed);
    const found = [];
    for (let count = 0; count < draw; count++) {
      const text = await this.one(await GrammarMatcher.createGrammarMatcher(compiled), tokens, stop, random);
      if (text !== undefined) found.push(text);
    }
    for (const one of [compiled, compiler, info]) one.dispose();
    return found;
  }

  /** One text out of the masks; undefined when it does not end in time. */
  async one(matcher, tokens, stop, random) {
    let text = "";
    try {
      for (let count = 0; count < MOST_TOKENS; count++) {
        const mask = await matcher.getNextTokenBitmask();
        const open = [...tokens.keys()].filter((id) => (mask[id >> 5] >>> (id & 31)) & 1);
        // Late in a text the end is taken once it is allowed.
        const ends = open.includes(stop) && (open.length === 1 || count > 40 || random() < 0.2);
        const id = ends ? stop : pick(open.filter((one) => one !== stop), tokens, count, random);
        if (id === undefined) return undefined;
        if (!(await matcher.acceptToken(id))) throw new Error(`the mask allows ${tokens[id]} after ${text}`);
        if (id === stop) return text;
        text += tokens[id];
      }
      return undefined;
    } finally {
      matcher.dispose();
    }
  }
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

if (process.argv[1] && fs.realpathSync(process.argv[1]) === new URL(import.meta.url).pathname) await main();
