/** Where an answer in JSON is, byte by byte: in which string of the schema. */

import { OpenString, StringRule } from "./string.js";

/** @import { Row } from "./string.js" */

/**
 * @typedef {object} NodeRow of `nodes`: what the values at one place are, or the object or array in it
 * @property {number} [string] @property {number} [object] @property {number} [array]
 * @property {Record<string, number>} [names] @property {number} [other] @property {number[]} [first] @property {number} [items]
 */
/** @typedef {{ root: number, nodes: NodeRow[], strings: Row[] }} Table as `schema/lengths/lifting.py` describes it */
/**
 * @typedef {object} Node
 * @property {StringRule | undefined} string @property {number} object @property {number} array
 * @property {Map<string, number>} names @property {number} other @property {number[]} first @property {number} items
 */

const DECODER = new TextDecoder();

/** @param {Table} table @returns {{ root: number, nodes: Node[], rules: StringRule[] }} */
export function readTable({ root, nodes, strings }) {
  const rules = strings.map((row) => new StringRule(row));
  const found = nodes.map(({ string, object = 0, array = 0, names = {}, other = 0, first = [], items = 0 }) => ({
    string: string === undefined ? undefined : rules[string],
    object, array, names: new Map(Object.entries(names)), other, first, items,
  })); // prettier-ignore
  return { root, nodes: found, rules };
}

export class Position {
  #nodes;
  /** The node of the next value. */
  #place;
  /** The objects and arrays around, and the index of the next item; -1 in an object. @type {{ node: Node, index: number }[]} */
  #around = [];
  #expectsName = false;
  /** The bytes of a name that is being read. @type {number[] | undefined} */
  #name;
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
    copy.#around = this.#around.map((around) => ({ ...around }));
    copy.#expectsName = this.#expectsName;
    copy.#name = this.#name && [...this.#name];
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

  /** @param {OpenString} string @param {number} byte */
  #inString(string, byte) {
    if (!string.push(byte)) {
      this.#name?.push(byte);
      return;
    }
    this.#isOver ||= !string.fits;
    this.string = undefined;
    if (!this.#name) return;
    const name = JSON.parse(`"${DECODER.decode(new Uint8Array(this.#name))}"`);
    const { names, other } = this.#around.at(-1)?.node ?? this.#node(0);
    this.#place = names.get(name) ?? other;
    this.#name = undefined;
  }

  /** @param {string} character */
  #between(character) {
    const place = this.#node(this.#place);
    if (character === '"') {
      this.#name = this.#expectsName ? [] : undefined;
      this.string = new OpenString(this.#expectsName ? undefined : place.string);
      this.#expectsName = false;
    } else if (character === "{") {
      this.#around.push({ node: this.#node(place.object), index: -1 });
      this.#expectsName = true;
    } else if (character === "[") {
      this.#around.push({ node: this.#node(place.array), index: 0 });
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
