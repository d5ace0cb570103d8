/** The bytes of all tokens, and how many characters of a JSON string each may add. */

import { bytesOfToken } from "../token_bytes.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

export class Vocabulary {
  /** @type {Uint8Array} of all tokens, one after the other */
  #bytes;
  /** @type {Int32Array} where each token begins, and the last one ends */
  #starts;
  /** Tokens by the number of characters before their first quote, as they are inside a string. @type {number[][]} */
  byLength = [];
  /** Tokens with a quote that something follows: a string may begin in them. @type {{ id: number, length: number }[]} */
  opening = [];
  /** Tokens by what is before their first quote. @type {Map<string, number[]>} */
  #ending = new Map();
  /** Tokens with a character of some. @type {Map<string, number[]>} */
  #containing = new Map();

  /** @param {string[]} tokens @param {string} method how they are written: "raw", "byte_fallback" or "byte_level" */
  constructor(tokens, method) {
    const parts = tokens.map((token) => bytesOfToken(token, method));
    this.#starts = new Int32Array(tokens.length + 1);
    parts.forEach((part, id) => (this.#starts[id + 1] = (this.#starts[id] ?? 0) + part.length));
    this.#bytes = new Uint8Array(this.#starts[tokens.length] ?? 0);
    parts.forEach((part, id) => this.#bytes.set(part, this.#starts[id]));
    parts.forEach((part, id) => this.#sort(part, id));
  }

  /** The IDs of all tokens. @type {number[]} */
  get all() {
    return Array.from({ length: this.#starts.length - 1 }, (_, id) => id);
  }

  /** @param {number} id @returns {Uint8Array} */
  bytes(id) {
    return this.#bytes.subarray(this.#starts[id], this.#starts[id + 1]);
  }

  /** @param {string} characters of ASCII @returns {number[]} the tokens with one of them */
  containing(characters) {
    const known = this.#containing.get(characters);
    if (known) return known;
    const codes = Array.from(characters, (character) => character.charCodeAt(0));
    const found = [];
    for (let id = 0; id < this.#starts.length - 1; id++) {
      const end = this.#starts[id + 1] ?? 0;
      for (let at = this.#starts[id] ?? 0; at < end; at++) {
        if (!codes.includes(this.#bytes[at] ?? 0)) continue;
        found.push(id);
        break;
      }
    }
    this.#containing.set(characters, found);
    return found;
  }

  /** @param {string} text a character for each byte @returns {number[]} the tokens that end a string with it */
  ending(text) {
    return this.#ending.get(text) ?? [];
  }

  /** @param {ArrayLike<number>} bytes @param {number} id */
  #sort(bytes, id) {
    let count = 0;
    let at = 0;
    for (; at < bytes.length && bytes[at] !== QUOTE; at++) {
      const byte = bytes[at] ?? 0;
      // A character is counted by its first byte, an escape by its backslash.
      if ((byte & 0xc0) !== 0x80) count++;
      if (byte === BACKSLASH) at += bytes[at + 1] === 0x75 ? 5 : 1;
    }
    (this.byLength[count] ??= []).push(id);
    if (at < bytes.length) this.#addEnding(String.fromCharCode(...Array.from(bytes).slice(0, at)), id);
    const quote = Array.prototype.indexOf.call(bytes, QUOTE);
    if (quote !== -1 && quote < bytes.length - 1) this.opening.push({ id, length: bytes.length - 1 - quote });
  }
  /** @param {string} text @param {number} id */
  #addEnding(text, id) {
    const known = this.#ending.get(text);
    if (known) known.push(id);
    else this.#ending.set(text, [id]);
  }
}
