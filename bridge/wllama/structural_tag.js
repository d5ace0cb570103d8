/** Structural tags of xgrammar, with which `chat/tool_tag.py` describes the calls of tools, as GBNF. */

import { invalidRequest } from "../errors.js";
import { GrammarWriter, literal, noneOf } from "./grammar.js";

/** @typedef {Record<string, any>} Format */

/** @param {string} tag JSON text @returns {string} GBNF */
export function gbnfOfTag(tag) {
  const { format } = JSON.parse(tag);
  const writer = new GrammarWriter();
  return writer.finish(expression(format, writer));
}

/** @type {Record<string, (format: Format, writer: GrammarWriter) => string>} */
const WRITERS = {
  grammar: ({ grammar }, writer) => writer.add(grammar),
  const_string: ({ value }) => literal(value),
  tag: ({ begin, content, end }, writer) => `(${literal(begin)} ${expression(content, writer)} ${ending(end)})`,
  or: ({ elements }, writer) => `(${all(elements, writer).join(" | ")})`,
  sequence: ({ elements }, writer) => `(${all(elements, writer).join(" ")})`,
  tags_with_separator: separated,
  triggered_tags: triggered,
};

/** @param {Format} format @param {GrammarWriter} writer @returns {string} */
function expression(format, writer) {
  const write = WRITERS[format?.["type"]];
  if (write) return write(format, writer);
  const known = Object.keys(WRITERS).join(", ");
  throw invalidRequest(`The engine wllama does not support the structural tag ${format?.["type"]}: use one of ${known}, or the engine webllm.`);
}

/** @param {Format[]} elements @param {GrammarWriter} writer */
function all(elements, writer) {
  return elements.map((element) => expression(element, writer));
}

/** @param {string | string[]} end one of several, if it is a list */
function ending(end) {
  return `(${[end].flat().map(literal).join(" | ")})`;
}

/** @param {Format} format @param {GrammarWriter} writer */
function separated({ tags, separator, at_least_one, stop_after_first }, writer) {
  const tag = `(${all(tags, writer).join(" | ")})`;
  const several = stop_after_first ? tag : `(${tag} (${literal(separator)} ${tag})*)`;
  return at_least_one ? several : `${several}?`;
}

/**
 * Free text in which a trigger begins one of the tags. A rule for each part of the trigger that the text may
 * end with, as in the search of Knuth, Morris and Pratt.
 * @param {Format} format @param {GrammarWriter} writer
 */
function triggered({ triggers, tags, at_least_one, stop_after_first }, writer) {
  const [trigger] = triggers;
  if (triggers.length !== 1 || at_least_one) {
    throw invalidRequest("The engine wllama supports triggered_tags with one trigger, and without at_least_one.");
  }
  const states = Array.from(trigger, () => writer.name());
  const rest = tags.map((/** @type {Format} */ tag) => expression({ ...tag, begin: tag["begin"].slice(trigger.length) }, writer));
  const call = `(${rest.join(" | ")})${stop_after_first ? "" : ` ${states[0]}`}`;
  const alphabet = [...new Set(trigger)];
  states.forEach((name, length) => {
    const steps = alphabet.map((character) => {
      const next = matched(trigger, trigger.slice(0, length) + character);
      return `${literal(character)} ${states[next] ?? call}`;
    });
    writer.rule(name, [`""`, `${noneOf(alphabet)} ${states[0]}`, ...steps].join(" | "));
  });
  return /** @type {string} */ (states[0]);
}

/** @param {string} trigger @param {string} text @returns {number} how many characters of the trigger the text ends with */
function matched(trigger, text) {
  let length = Math.min(trigger.length, text.length);
  while (!text.endsWith(trigger.slice(0, length))) length -= 1;
  return length;
}
