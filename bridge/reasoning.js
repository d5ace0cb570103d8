/** The reasoning of a model, which it writes first, inside `<think>`; `chat/reasoning.py` splits it off. */

const OPEN = "<think>";
const CLOSE = "</think>";

/**
 * Report whether more text decides whether an answer begins with reasoning: "", "\n" and "<thi".
 * @param {string} text of an answer so far
 */
export function mayOpenReasoning(text) {
  const begun = withoutBlankStart(text);
  return begun.length < OPEN.length && OPEN.startsWith(begun);
}

/**
 * Where the text after the reasoning begins; the length of the text while there is none:
 *
 *     "one"  →  0        "<think>\none"  →  11        "<think>\none\n</think>\n\ntwo"  →  22
 *
 * @param {string} text of an answer so far
 */
export function answerStart(text) {
  if (mayOpenReasoning(text)) return text.length;
  if (!withoutBlankStart(text).startsWith(OPEN)) return 0;
  const close = text.indexOf(CLOSE);
  return close < 0 ? text.length : text.length - withoutBlankStart(text.slice(close + CLOSE.length)).length;
}

/** Without the white space that `chat/reasoning.py` skips too. @param {string} text */
function withoutBlankStart(text) {
  return text.replace(/^[ \t\r\n]+/, "");
}
