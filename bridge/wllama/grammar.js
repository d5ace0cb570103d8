/**
 * Grammars of xgrammar's EBNF as GBNF, the notation of llama.cpp. The two differ in escapes, and in the names of
 * rules, which have letters, digits and hyphens only in GBNF:
 *
 *     root ::= "a\u00e9" some_rule{1,2}  →  root ::= "a\U000000E9" r1{1,2}
 */

import { invalidRequest } from "../errors.js";

/** The parts of a grammar: what follows a rule, which GBNF cannot say, comments, literals, classes, names, operators. */
const PART = /\s+|\(=(?:[^[)"]|"(?:[^"\\\n]|\\.)*"|\[(?:[^\]\\\n]|\\.)*\])*\)|#[^\n]*|"(?:[^"\\\n]|\\.)*"|\[(?:[^\]\\\n]|\\.)*\]|::=|\{\d+(?:,\d*)?\}|[\p{L}_][\p{L}\p{N}_.-]*|[()|?*+]/uy;

/** @type {Record<string, string>} */
const ESCAPES = { n: "\n", r: "\r", t: "\t", a: "\x07", b: "\b", f: "\f", v: "\v", 0: "\0", e: "\x1B" };

/** One escape, or one character. */
const CHARACTER = /\\x([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})|\\u\{([0-9A-Fa-f]{1,6})\}|\\U([0-9A-Fa-f]{8})|\\(.)|([^])/gu;

/** Writes one GBNF grammar of rules that may come from several others. */
export class GrammarWriter {
  /** @type {string[]} */
  #lines = [];
  #count = 0;

  /** @param {string} ebnf @returns {string} the name of its rule `root` */
  add(ebnf) {
    const parts = partsOf(ebnf);
    const starts = parts.flatMap((part, index) => (part === "::=" ? [index - 1] : []));
    /** @type {Map<string, string>} */
    const names = new Map();
    for (const start of starts) names.set(parts[start] ?? "", this.name());
    const root = names.get("root");
    if (root === undefined) throw invalidRequest('The grammar must have a rule "root".');
    starts.forEach((start, index) => {
      const body = parts.slice(start + 2, starts[index + 1] ?? parts.length);
      this.#lines.push(`${names.get(parts[start] ?? "")} ::= ${body.map((part) => written(part, names)).join(" ")}`);
    });
    return root;
  }

  /** @returns {string} the name of a new rule */
  name() {
    this.#count += 1;
    return `r${this.#count}`;
  }

  /** @param {string} name @param {string} body in GBNF */
  rule(name, body) {
    this.#lines.push(`${name} ::= ${body}`);
  }

  /** @param {string} body of the rule `root`, in GBNF @returns {string} */
  finish(body) {
    return `root ::= ${body}\n${this.#lines.join("\n")}\n`;
  }
}

/** @param {string} ebnf @returns {string} */
export function gbnfOf(ebnf) {
  const writer = new GrammarWriter();
  const root = writer.add(ebnf);
  return writer.finish(root);
}

/** @param {string} text @returns {string} a literal of GBNF */
export function literal(text) {
  return `"${Array.from(text, escaped).join("")}"`;
}

/** @param {Iterable<string>} characters @returns {string} a class of all others, in GBNF */
export function noneOf(characters) {
  return `[^${Array.from(characters, escaped).join("")}]`;
}

/** @param {string} ebnf @returns {string[]} */
function partsOf(ebnf) {
  const parts = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < ebnf.length) {
    const start = PART.lastIndex;
    const [part] = PART.exec(ebnf) ?? [];
    if (part === undefined) {
      const around = ebnf.slice(start, start + 40);
      throw invalidRequest(`The engine wllama cannot use this part of the grammar: ${JSON.stringify(around)}.`);
    }
    if (!/^(?:[\s#]|\(=)/.test(part)) parts.push(part);
  }
  return parts;
}

/** @param {string} part @param {Map<string, string>} names @returns {string} */
function written(part, names) {
  if (part.startsWith('"')) return literal(decoded(part.slice(1, -1)).join(""));
  if (part.startsWith("[")) return classOf(part.slice(1, -1));
  if (!/^[\p{L}_]/u.test(part)) return part;
  const name = names.get(part);
  if (name !== undefined) return name;
  throw invalidRequest(`The grammar has no rule ${JSON.stringify(part)}.`);
}

/** @param {string} text @returns {string} */
function classOf(text) {
  const negated = text.startsWith("^");
  const characters = text.slice(negated ? 1 : 0).matchAll(CHARACTER);
  const inner = Array.from(characters, (match) => {
    const isRange = match[0] === "-";
    return isRange ? "-" : escaped(character(match));
  });
  // A hyphen at an end is a character.
  if (inner[0] === "-") inner[0] = escaped("-");
  if (inner.at(-1) === "-") inner[inner.length - 1] = escaped("-");
  return `[${negated ? "^" : ""}${inner.join("")}]`;
}

/** @param {string} text @returns {string[]} */
function decoded(text) {
  return Array.from(text.matchAll(CHARACTER), character);
}

/** @param {RegExpMatchArray} match of {@link CHARACTER} @returns {string} */
function character([, byte, short, braced, long, escape, plain]) {
  const code = byte ?? short ?? braced ?? long;
  if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
  return plain ?? ESCAPES[escape ?? ""] ?? escape ?? "";
}

/** @param {string} text one character @returns {string} */
function escaped(text) {
  if (/^[A-Za-z0-9 ,.:;_{}()<>/=+*?!@#%&|~']$/.test(text)) return text;
  return `\\U${(text.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(8, "0")}`;
}
