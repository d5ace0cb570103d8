/** Mathematics in Markdown, `$…$`, `$$…$$`, `\(…\)` and `\[…\]`, as MathML by Temml. */

import temml from "temml";

/** A longer formula is shown as text. */
const LONGEST = 2_000;

// As Pandoc: "$5 and $6" are prices, since a closing sign has no space before it and no digit after it.
const INLINE = /(?:\$\$([^$\n]{1,500}?)\$\$|\$(?![\s$])((?:\\[^]|[^\\$\n]){1,500}?)(?<!\s)\$(?!\d)|\\\(([^\n]{1,500}?)\\\))/y;
const BLOCKS = /** @type {const} */ ([
  ["$$", "$$"],
  ["\\[", "\\]"],
]);

/** @typedef {InstanceType<typeof import("markdown-it").default>} MarkdownIt */

/** @param {MarkdownIt} markdown */
export function addMath(markdown) {
  markdown.inline.ruler.before("escape", "math", readInline);
  markdown.block.ruler.before("fence", "math_block", readBlock, { alt: ["paragraph", "reference", "blockquote", "list"] });
  markdown.renderer.rules["math"] = (/** @type {any} */ tokens, /** @type {number} */ index) => mathml(markdown, tokens[index]?.content ?? "", false);
  markdown.renderer.rules["math_block"] = (/** @type {any} */ tokens, /** @type {number} */ index) => `<p>${mathml(markdown, tokens[index]?.content ?? "", true)}</p>`;
}

/** @param {any} state @param {boolean} silent */
function readInline(state, silent) {
  INLINE.lastIndex = state.pos;
  const first = state.src[state.pos];
  const found = first === "$" || first === "\\" ? INLINE.exec(state.src) : null;
  if (!found) return false;
  if (!silent) state.push("math", "math", 0).content = found.slice(1).find(Boolean) ?? "";
  state.pos += found[0].length;
  return true;
}

/** @param {any} state @param {number} first @param {number} last @param {boolean} silent */
function readBlock(state, first, last, silent) {
  /** @param {number} line @returns {string} */
  const textOf = (line) => state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]).trimEnd();
  const signs = BLOCKS.find(([open]) => textOf(first).startsWith(open));
  if (!signs || state.sCount[first] - state.blkIndent >= 4) return false;
  const [open, close] = signs;
  let content = textOf(first).slice(open.length);
  let line = first;
  // Without an end it is a formula that still arrives, unless an empty line shows that it is none.
  while (!content.endsWith(close) && line + 1 < last) {
    line += 1;
    if (!textOf(line)) return false;
    content += `\n${textOf(line)}`;
  }
  // One that still arrives does not end a paragraph, as it may be a part of it.
  if (silent) return content.endsWith(close);
  const token = state.push("math_block", "math", 0);
  token.content = content.endsWith(close) ? content.slice(0, -close.length) : content;
  token.map = [first, line + 1];
  state.line = line + 1;
  return true;
}

/** @param {MarkdownIt} markdown @param {string} source @param {boolean} displayMode */
function mathml({ utils }, source, displayMode) {
  const formula = source.trim();
  try {
    if (formula.length > LONGEST) throw new Error("too long");
    // No macro may expand without bound, and no command may set a link, a class or a style.
    const options = { displayMode, trust: false, throwOnError: true, maxExpand: 100, maxSize: /** @type {[number, number]} */ ([20, 20]) };
    // The page's policy allows no style attributes.
    return temml.renderToString(formula, options).replace(/ style="[^"]*"/g, "");
  } catch {
    return `<code>${utils.escapeHtml(formula)}</code>`;
  }
}
