/**
 * llama.cpp knows how to split text into words for known tokenizers only, and the built-in model's is not one. So
 * its GGUF has a tokenizer that takes a whole text for one word, and a character that has no token marks where
 * words begin:
 *
 *     "Hi, Ada"  →  "Hi", mark, ", ", mark, "Ada"  →  the tokens of "Hi", of ", " and of "Ada"
 *
 * Three merges make one symbol of the mark's four bytes. It is not in the vocabulary, so llama.cpp drops it.
 *
 * Guarded by tests/browser/test_engines.py: both engines count the same tokens of a prompt, and write the same text.
 */

/** A noncharacter of Unicode: no text has it. */
export const MARK = "\u{10FFFF}";

/** Merges of the mark's bytes, F4 8F BF BF, as byte-level vocabularies write bytes. */
export const MARK_MERGES = ["\u00F4 \u0131", "\u00F4\u0131 \u00BF", "\u00F4\u0131\u00BF \u00BF"];

/** A tokenizer of llama.cpp that splits text at numbers only. */
export const UNSPLIT = "superbpe";

/** Where a control token is broken up: no valid text has a surrogate that is alone. */
const BREAK = "\uDC00";

export class Boundaries {
  #word;
  /** @type {string[]} */
  #controlTokens;

  /** @param {any} tokenizer the content of `tokenizer.json` */
  constructor({ pre_tokenizer, added_tokens }) {
    const parts = pre_tokenizer.pretokenizers ?? [pre_tokenizer];
    const pattern = parts.map((/** @type {any} */ part) => part.pattern?.Regex).find(Boolean);
    this.#word = new RegExp(pattern, "gu");
    this.#controlTokens = added_tokens.map((/** @type {any} */ token) => token.content);
  }

  /** Mark the words of a message. Text of a control token stays text. @param {string} text */
  message(text) {
    const broken = this.#controlTokens.reduce(
      (result, token) => result.replaceAll(token, token.slice(0, 1) + BREAK + token.slice(1)),
      valid(text),
    );
    return broken.split(BREAK).map((part) => this.#mark(part)).join(MARK);
  }

  /** Mark the words of a prompt. Control tokens stay tokens. @param {string} text */
  prompt(text) {
    const escaped = this.#controlTokens.map((token) => token.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
    const parts = valid(text).split(new RegExp(`(${escaped.join("|")})`, "u"));
    return parts.map((part) => (this.#controlTokens.includes(part) ? part : this.#mark(part))).join("");
  }

  /** @param {string} text */
  #mark(text) {
    return Array.from(text.matchAll(this.#word), ([word]) => word).join(MARK);
  }
}

/** @param {string} text */
function valid(text) {
  return text.replace(/\p{Surrogate}|\u{10FFFF}/gu, "\uFFFD");
}
