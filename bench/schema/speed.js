/**
 * What a grammar costs in the grammar engine of WebLLM, under Node: `speed.py` starts it and has the
 * description. Each line of standard input is a task, and each line of standard output its result.
 *
 * A task is `{"ebnf": …}` or `{"schema": …}`, for web-xgrammar's own converter, with `"text"`, an
 * answer. The result has `compile` in milliseconds and `steps`, the milliseconds of each token of the
 * answer; or `error`.
 */

import { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";

import { loadXgrammar } from "./matcher.js";

const STOPS = ["<|end_of_text|>", "<|eot_id|>"];

async function main([folder]) {
  for (const name of ["log", "warn", "error"]) console[name] = () => {};
  const require = createRequire(path.join(folder, "package.json"));
  const engine = new Engine(loadXgrammar(), require("llama3-tokenizer-js").default);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await engine.result(JSON.parse(line))) + "\n");
  }
}

class Engine {
  constructor(xgrammar, tokenizer) {
    this.xgrammar = xgrammar;
    this.tokenizer = tokenizer;
  }

  async result(task) {
    try {
      return await this.measured(task);
    } catch (error) {
      return { error: String(error?.message ?? error) };
    }
  }

  async measured({ ebnf, schema, text }) {
    const { GrammarCompiler, GrammarMatcher } = this.xgrammar;
    this.info ??= await this.read();
    // A new one each time: it keeps what it compiled.
    const compiler = await GrammarCompiler.createGrammarCompiler(this.info);
    const start = performance.now();
    const compiled = ebnf
      ? await compiler.compileGrammar(ebnf)
      : await compiler.compileJSONSchema(JSON.stringify(schema));
    const matcher = await GrammarMatcher.createGrammarMatcher(compiled);
    const compile = performance.now() - start;
    try {
      return { compile, steps: await this.steps(matcher, text) };
    } finally {
      for (const one of [matcher, compiled, compiler]) one.dispose();
    }
  }

  async steps(matcher, text) {
    const found = [];
    for (const token of [...this.tokenizer.encode(text, { bos: false, eos: false }), this.stops[0]]) {
      const start = performance.now();
      const mask = await matcher.getNextTokenBitmask();
      const isOpen = (mask[token >> 5] >>> (token & 31)) & 1;
      if (!isOpen || !(await matcher.acceptToken(token)))
        throw new Error(`the answer cannot be written from token ${found.length} on`);
      found.push(performance.now() - start);
    }
    return found;
  }

  read() {
    const tokens = this.tokenizer.vocabById;
    this.stops = STOPS.map((name) => tokens.indexOf(name));
    const { TokenizerInfo } = this.xgrammar;
    return TokenizerInfo.createTokenizerInfo(tokens, "byte_level", false, tokens.length, this.stops);
  }
}

await main(process.argv.slice(2));
