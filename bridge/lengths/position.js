/** Where an answer in JSON is, byte by byte: in which string of the schema. */

import { OpenString, StringRule } from "./string.js";

/** @import { Row } from "./string.js" */

/**
 * @typedef {object} NodeRow of `nodes`: what the values at one place are, or the object or array in it
 * @property {number} [string] @property {number} [object] @property {number} [array]
 * @property {Record<string, number>} [names] @property {number} [other] @property {number[]} [first] @property {number} [items]
 * @property {boolean} [unique] whether the items are strings that differ
 */
/** @typedef {{ root: number, nodes: NodeRow[], strings: Row[] }} Table as `schema/lengths/lifting.py` describes it */
/**
 * @typedef {object} Node
 * @property {StringRule | undefined} string @property {number} object @property {number} array
 * @property {Map<string, number>} names @property {number} other @property {number[]} first @property {number} items @property {boolean} unique
 */

const DECODER = new TextDecoder();

/** @param {Table} table @returns {{ root: number, nodes: Node[], rules: StringRule[] }} */
export function readTable({ root, nodes, strings }) {
  const rules = strings.map((row) => new StringRule(row));
  const found = nodes.map(({ string, object = 0, array = 0, names = {}, other = 0, first = [], items = 0, unique = false }) => ({
    string: string === undefined ? undefined : rules[string],
    object, array, names: new Map(Object.entries(names)), other, first, items, unique,
  })); // prettier-ignore
  return { root, nodes: found, rules };
}

export class Position {
  #nodes;
  /** The node of the next value. */
  #place;
  /**
   * The objects and arrays around, the index of the next item, -1 in an object, and the items so far, if they must differ.
   * @type {{ node: Node, index: number, items: string[] }[]}
   */
  #around = [];
  #expectsName = false;
  #isName = false;
  /** Of a name, or an item that must differ, what was read so far; a character for each byte. @type {string | undefined} */
  #read;
  #isOver = false;
  /** @type {OpenString | undefined} */
  string;

  /** @param {{ root: number, nodes: Node[] }} table */
  constructor({ root, nodes }) {
    this.#nodes = nodes;
    this.#place = root;
  }

  copy() {
    const copy = new Position({ root: this.#place, nodes: this.#nodes });
    copy.#around = this.#around.map((around) => ({ ...around, items: [...around.items] }));
    [copy.#expectsName, copy.#isName, copy.#read] = [this.#expectsName, this.#isName, this.#read];
    copy.#isOver = this.#isOver;
    copy.string = this.string?.copy();
    return copy;
  }

  /** Whether no string is too long, and that which is open can end. */
  get fits() {
    return !this.#isOver && (this.string?.fits ?? true);
  }

  /** @param {number} byte */
  push(byte) {
    if (this.string) this.#inString(this.string, byte);
    else this.#between(String.fromCharCode(byte));
  }

  /** What may not come next: the ends of items that were written before. @returns {string[]} */
  get repeats() {
    const read = this.#read;
    if (read === undefined || this.#isName) return [];
    const items = this.#around.at(-1)?.items ?? [];
    return items.flatMap((item) => (item.startsWith(read) ? [item.slice(read.length)] : []));
  }

  /** @param {OpenString} string @param {number} byte */
  #inString(string, byte) {
    if (!string.push(byte)) {
      if (this.#read !== undefined) this.#read += String.fromCharCode(byte);
      return;
    }
    this.#isOver ||= !string.fits;
    this.string = undefined;
    const around = this.#around.at(-1);
    if (this.#read === undefined || !around) return;
    if (this.#isName) {
      const bytes = Uint8Array.from(this.#read, (character) => character.charCodeAt(0));
      const name = JSON.parse(`"${DECODER.decode(bytes)}"`);
      this.#place = around.node.names.get(name) ?? around.node.other;
    } else {
      this.#isOver ||= around.items.includes(this.#read);
      around.items.push(this.#read);
    }
    this.#read = undefined;
  }

  /** @param {string} character */
  #between(character) {
    const place = this.#node(this.#place);
    if (character === '"') {
      this.#isName = this.#expectsName;
      this.#read = this.#expectsName || this.#around.at(-1)?.node.unique ? "" : undefined;
      this.string = new OpenString(this.#expectsName ? undefined : place.string);
      this.#expectsName = false;
    } else if (character === "{") {
      this.#around.push({ node: this.#node(place.object), index: -1, items: [] });
      this.#expectsName = true;
    } else if (character === "[") {
      this.#around.push({ node: this.#node(place.array), index: 0, items: [] });
      this.#item();
    } else if (character === "}" || character === "]") {
      this.#around.pop();
      this.#expectsName = false;
    } else if (character === ",") {
      const around = this.#around.at(-1);
      this.#expectsName = around?.index === -1;
      if (around && around.index >= 0) {
        around.index += 1;
        this.#item();
      }
    }
  }

  /** The place of the next item. */
  #item() {
    const around = this.#around.at(-1);
    if (around) this.#place = around.node.first[around.index] ?? around.node.items;
  }

  /** @param {number} index */
  #node(index) {
    return /** @type {Node} */ (this.#nodes[index]);
  }
}
