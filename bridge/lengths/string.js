/**
 * One string of an answer, of which characters are counted: those of the whole, and those of its parts, such as the
 * labels of a host name. An automaton says how many more the string needs at least to its end.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SHORT = new Map(Array.from('"\\/bfnrt', (letter, at) => [letter.charCodeAt(0), '"\\/\b\f\n\r\t'.charCodeAt(at)]));
const HEXADECIMAL_DIGITS = 4;

/** @typedef {{ most: number, ends: string, after: string }} Part */
/**
 * @typedef {object} Row a string of the table that Python writes in `schema/lengths`
 * @property {number} [most]
 * @property {Part[]} [parts]
 * @property {number[][]} [classes] first and last characters of the ranges of each class
 * @property {number[][]} [steps] the next state for each class
 * @property {number[]} [needed] the fewest characters from each state to the end of a string; -1: it never ends
 * @property {string} [checked] characters; up to the first of them the grammar has the automaton's strings only
 * @property {number[]} [strict] states in which the grammar may continue as no string does, with any character
 */

/** What is counted of a string. */
export class StringRule {
  /** @param {Row} row */
  constructor({ most = Infinity, parts = [], classes = [], steps = [], needed = [], checked = "", strict = [] }) {
    this.most = most;
    this.parts = parts.map(({ most, ends, after }) => ({ most, ends, after }));
    this.steps = steps;
    this.needed = needed;
    // While a character is incomplete, it may be any.
    this.neededBefore = steps.map((row) => Math.max(0, ...row.map((state) => this.needed[state] ?? 0)));
    /** The most characters that may be needed to the end. */
    this.longest = Math.max(0, ...this.needed);
    /** The most characters that are never too many at the beginning of a string. */
    this.shortest = checked ? 0 : Math.min(most, ...parts.map((part) => part.most)) - this.longest;
    this.checked = checked;
    this.strict = new Set(strict);
    this.ascii = Array.from({ length: 0x80 }, (_, code) => indexOf(classes, code));
    this.classes = classes;
    const isUsed = (/** @type {number} */ at) => steps.some((row) => (needed[row[at] ?? 0] ?? 0) >= 0);
    const used = classes.map((_, at) => isUsed(at));
    /** Of each byte, whether a string may have it. */
    this.used = Array.from({ length: 0x100 }, (_, byte) => used[this.ascii[byte] ?? -1] ?? byte >= 0x80);
  }

  /** @param {number} state @param {number} code of a character @returns {number} the state after it */
  after(state, code) {
    const at = this.ascii[code] ?? indexOf(this.classes, code);
    return this.steps[state]?.[at] ?? 0;
  }

  /** @param {number} state @param {Uint8Array} bytes of a token @returns {boolean} whether no string, of ASCII, continues with them */
  isDeadAfter(state, bytes) {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) return this.needed[state] !== 0;
      state = this.steps[state]?.[this.ascii[byte] ?? -1] ?? 0;
      if ((this.needed[state] ?? 0) < 0) return true;
    }
    return false;
  }

  /** @param {Uint8Array} bytes of a token @returns {boolean} whether all of them, up to a quote, are in some string */
  knows(bytes) {
    for (let at = 0; at < bytes.length && bytes[at] !== QUOTE; at++) if (!this.used[bytes[at] ?? 0]) return false;
    return true;
  }
}

/** @param {number[][]} classes @param {number} code */
function indexOf(classes, code) {
  return classes.findIndex((ranges) => ranges.some((first, at) => at % 2 === 0 && first <= code && code <= (ranges[at + 1] ?? 0)));
}

export class OpenString {
  #count = 0;
  #state = 0;
  /** For each part the characters so far; -1: it has not begun. @type {number[]} */
  #parts;
  /** Bytes that are missing of a character, and what is known of it. */
  #left = 0;
  #code = 0;
  /** Whether a backslash was the last character. */
  #isEscaped = false;
  /** Digits that are missing of an escape. */
  #digits = 0;
  #isOver = false;

  /** @param {StringRule | undefined} rule undefined: nothing is counted */
  constructor(rule) {
    this.rule = rule;
    this.#parts = rule?.parts.map(({ after }) => (after ? -1 : 0)) ?? [];
  }

  copy() {
    const copy = new OpenString(undefined);
    copy.rule = this.rule;
    copy.#parts = [...this.#parts];
    [copy.#count, copy.#state, copy.#left, copy.#code] = [this.#count, this.#state, this.#left, this.#code];
    [copy.#isEscaped, copy.#digits, copy.#isOver] = [this.#isEscaped, this.#digits, this.#isOver];
    return copy;
  }

  get isInEscape() {
    return this.#isEscaped || this.#digits > 0;
  }

  /** The state of the automaton. */
  get state() {
    return this.#state;
  }

  /** The most characters that may follow, when none of them ends a part. */
  get room() {
    if (!this.rule) return Infinity;
    const ofParts = this.rule.parts.map(({ most }, at) => ((this.#parts[at] ?? -1) < 0 ? Infinity : most - (this.#parts[at] ?? 0)));
    return Math.min(this.rule.most - this.#count, ...ofParts);
  }

  /** Whether the string can still end without being too long. */
  get fits() {
    const { rule } = this;
    if (!rule) return true;
    const pending = this.#left > 0 || this.isInEscape ? 1 : 0;
    const needed = (pending ? rule.neededBefore : rule.needed)[this.#state] ?? 0;
    if (this.#isOver || needed < 0 || this.#count + needed > rule.most) return false;
    return rule.parts.every(({ most }, at) => (this.#parts[at] ?? -1) + pending + needed <= most);
  }

  /** @param {number} byte @returns {boolean} whether it ends the string */
  push(byte) {
    if (this.#digits > 0) {
      this.#code = this.#code * 16 + Number.parseInt(String.fromCharCode(byte), 16);
      this.#digits -= 1;
      if (this.#digits === 0) this.#complete();
    } else if (this.#isEscaped) {
      this.#isEscaped = false;
      const code = SHORT.get(byte);
      [this.#code, this.#digits] = code === undefined ? [0, HEXADECIMAL_DIGITS] : [code, 0];
      if (code !== undefined) this.#complete();
    } else if (byte === QUOTE) {
      this.#isOver ||= !this.fits || (this.rule?.needed[this.#state] ?? 0) !== 0;
      return true;
    } else this.#character(byte);
    return false;
  }

  /** @param {number} byte */
  #character(byte) {
    if ((byte & 0xc0) === 0x80) {
      this.#code = (this.#code << 6) | (byte & 0x3f);
      this.#left -= 1;
      if (this.#left === 0) this.#complete();
      return;
    }
    this.#count += 1;
    this.#isEscaped = byte === BACKSLASH;
    this.#left = byte < 0xc0 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    this.#code = this.#left ? byte & (0x3f >> this.#left) : byte;
    if (!this.#isEscaped && this.#left === 0) this.#complete();
  }

  /** All of a character is there. */
  #complete() {
    const { rule } = this;
    if (!rule) return;
    if (rule.steps.length) this.#state = rule.after(this.#state, this.#code);
    rule.parts.forEach(({ most, ends, after }, at) => {
      const character = String.fromCodePoint(this.#code);
      const count = this.#parts[at] ?? -1;
      if (count < 0) this.#parts[at] = character === after ? 0 : -1;
      else if (ends === character) this.#parts[at] = 0;
      else this.#parts[at] = count + 1;
      this.#isOver ||= (this.#parts[at] ?? 0) > most;
    });
  }
}
