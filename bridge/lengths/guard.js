/**
 * Counts the characters of strings outside of the grammar: of the tokens that a grammar allows next it leaves out
 * those after which a string would be too long, or could not end in time.
 */

import { DeadTokens } from "./dead_tokens.js";
import { Position, readTable } from "./position.js";

/** @import { OpenString, StringRule } from "./string.js" */
/** @import { Table } from "./position.js" */
/** @import { Vocabulary } from "./vocabulary.js" */

const BITS = 32;

export class LengthGuard {
  #table;
  #vocabulary;
  #position;
  /** Tokens in which a string may begin and be too long, or need a check. @type {number[]} */
  #opening;
  /** @type {Map<StringRule, DeadTokens>} */
  #dead = new Map();

  /** @param {Table} table @param {Vocabulary} vocabulary */
  constructor(table, vocabulary) {
    this.#table = readTable(table);
    this.#vocabulary = vocabulary;
    this.#position = new Position(this.#table);
    const differ = this.#table.nodes.some(({ unique }) => unique);
    const shortest = differ ? 0 : Math.min(...this.#table.rules.map((rule) => rule.shortest));
    this.#opening = vocabulary.opening.flatMap(({ id, length }) => (length > shortest ? [id] : []));
  }

  /** @param {Table} table @param {Uint8Array} bytes of an answer that the grammar accepts @returns {boolean} */
  static accepts(table, bytes) {
    const position = new Position(readTable(table));
    for (const byte of bytes) position.push(byte);
    return position.fits;
  }

  /** Begin another answer. */
  reset() {
    this.#position = new Position(this.#table);
  }

  /** @param {number} id of the next token of the answer */
  accept(id) {
    for (const byte of this.#vocabulary.bytes(id)) this.#position.push(byte);
  }

  /** @param {Int32Array} mask a bit for each token, 1: the token is allowed; changed in place */
  restrict(mask) {
    const { string } = this.#position;
    if (string?.rule) this.#restrictString(mask, string);
    if (string) this.#keepApart(mask, string);
    for (const id of this.#opening) {
      if (isOpen(mask, id) && !this.#fits(id)) close(mask, id);
    }
  }

  /** @param {Int32Array} mask @param {OpenString} string */
  #restrictString(mask, string) {
    const { byLength } = this.#vocabulary;
    const { rule, room, isInEscape } = string;
    // Shorter ones leave room for what is needed to the end, unless they end an escape: then more of them counts.
    const shortest = room - (rule?.longest ?? 0);
    const from = shortest >= byLength.length - 1 ? byLength.length : isInEscape ? 0 : Math.max(shortest + 1, 0);
    const isCounted = !isInEscape && !rule?.parts.length;
    for (let length = from; length < byLength.length; length++) {
      const isTooLong = isCounted && length > room;
      for (const id of byLength[length] ?? []) {
        if (isOpen(mask, id) && (isTooLong || !fitsString(string, this.#vocabulary.bytes(id)))) close(mask, id);
      }
    }
    if (!rule?.checked) return;
    for (const id of this.#deadTokens(rule).after(string.state)) close(mask, id);
  }

  /** Leave out the tokens with which an item would repeat another. @param {Int32Array} mask @param {OpenString} string */
  #keepApart(mask, string) {
    const { repeats } = this.#position;
    if (repeats.length === 0) return;
    // The end of a string is not known from a token alone after a backslash, nor is it free when no room is left.
    const isSimple = !string.isInEscape && string.room === Infinity;
    const ids = isSimple ? repeats.flatMap((text) => this.#vocabulary.ending(text)) : this.#vocabulary.all;
    for (const id of ids) if (isOpen(mask, id) && (isSimple || !this.#fits(id))) close(mask, id);
  }

  /** @param {StringRule} rule */
  #deadTokens(rule) {
    const found = this.#dead.get(rule) ?? new DeadTokens(rule, this.#vocabulary);
    this.#dead.set(rule, found);
    return found;
  }

  /** @param {number} id */
  #fits(id) {
    const position = this.#position.copy();
    for (const byte of this.#vocabulary.bytes(id)) position.push(byte);
    return position.fits;
  }
}

/** @param {OpenString} string @param {Uint8Array} bytes those after its end are not looked at */
function fitsString(string, bytes) {
  const after = string.copy();
  for (const byte of bytes) if (after.push(byte)) break;
  return after.fits;
}

/** @param {Int32Array} mask @param {number} id */
function isOpen(mask, id) {
  return ((mask[id >> 5] ?? 0) >>> (id % BITS)) & 1;
}

/** @param {Int32Array} mask @param {number} id */
function close(mask, id) {
  mask[id >> 5] = (mask[id >> 5] ?? 0) & ~(1 << (id % BITS));
}
