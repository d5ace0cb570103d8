/** Text that ends within a character. */

/**
 * Remove the character at the end of a string whose bytes are incomplete, which decodes to U+FFFD:
 * it is sent when all of its tokens are there.
 * @param {string} text
 */
export function withoutPartialCharacter(text) {
  return text.replace(/\uFFFD+$/, "");
}
