/**
 * The tokens that a grammar allows in a string and its automaton does not: the grammars of some formats have more
 * strings than the format, as it has too many states.
 */

/** @import { StringRule } from "./string.js" */
/** @import { Vocabulary } from "./vocabulary.js" */

export class DeadTokens {
  #rule;
  #vocabulary;
  /** By the state of the automaton. @type {Map<number, number[]>} */
  #found = new Map();
  /** Those with a character that is checked, and all, of the characters of the rule. @type {number[] | undefined} */
  #checked;
  /** @type {number[] | undefined} */
  #all;

  /** @param {StringRule} rule @param {Vocabulary} vocabulary */
  constructor(rule, vocabulary) {
    this.#rule = rule;
    this.#vocabulary = vocabulary;
  }

  /** @param {number} state of the automaton @returns {number[]} the IDs of tokens after which no string ends */
  after(state) {
    const found = this.#found.get(state) ?? this.#candidates(state).filter((id) => this.#rule.isDeadAfter(state, this.#vocabulary.bytes(id)));
    this.#found.set(state, found);
    return found;
  }

  /** @param {number} state */
  #candidates(state) {
    if (this.#rule.strict.has(state)) return (this.#all ??= this.#known(this.#vocabulary.all));
    return (this.#checked ??= this.#known(this.#vocabulary.containing(this.#rule.checked)));
  }

  /** @param {number[]} ids */
  #known(ids) {
    return ids.filter((id) => this.#rule.knows(this.#vocabulary.bytes(id)));
  }
}
