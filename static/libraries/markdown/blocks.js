/** The blocks of Markdown, and their elements. */

import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";
import { addMath } from "./math.js";

/** Longer blocks are shown as plain text: to read their Markdown could take long. */
const LONGEST_BLOCK = 20_000;
const LONGEST_PARAGRAPH = 8_000;

/** @typedef {Record<string, any>} Environment */
/** @typedef {{ source: string, type: string, content: string, language: string }} Block */

/** What the buttons and regions are called; Python sets them. */
const labels = { copy: "", copied: "", code: "", table: "" };

const markdown = new MarkdownIt({ html: false, linkify: false, maxNesting: 20 });
markdown.use(addMath);
// A page outside would be asked for an image: show a link instead.
markdown.renderer.rules["image"] = (tokens, index) => {
  const token = tokens[index];
  const address = markdown.utils.escapeHtml(String(token?.attrGet("src") ?? ""));
  return `<a href="${address}">${markdown.utils.escapeHtml(token?.content ?? "") || address}</a>`;
};
// The page's own headings come before these.
for (const rule of ["heading_open", "heading_close"]) {
  markdown.renderer.rules[rule] = (tokens, index, options, _env, self) => {
    const token = tokens[index];
    if (token) token.tag = `h${Math.min(Number(token.tag.slice(1)) + 3, 6)}`;
    return self.renderToken(tokens, index, options);
  };
}

const ALLOWED = {
  ALLOWED_TAGS: [
    ..."p br hr h4 h5 h6 strong em del code pre blockquote ul ol li a table thead tbody tr th td".split(" "),
    ..."math semantics mrow mi mn mo ms mtext mspace msup msub msubsup mfrac msqrt mroot mover munder".split(" "),
    ..."munderover mtable mtr mtd mpadded mphantom menclose mstyle mmultiscripts mprescripts".split(" "),
  ],
  ALLOWED_ATTR: [
    ..."href align start class display mathvariant stretchy fence separator lspace rspace".split(" "),
    ..."accent accentunder displaystyle scriptlevel linethickness columnalign rowspacing columnspacing".split(" "),
    ..."width height depth minsize maxsize movablelimits largeop symmetric notation".split(" "),
  ],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  RETURN_DOM_FRAGMENT: /** @type {const} */ (true),
};

/**
 * Set what the buttons and regions are called.
 * @param {string} texts JSON
 */
export function configure(texts) {
  Object.assign(labels, JSON.parse(texts));
}

/**
 * Return the blocks of a text; together their sources are the text, without what comes before the first.
 * @param {string} text @param {Environment} environment @returns {Block[]}
 */
export function blocksOf(text, environment) {
  /** @type {import("markdown-it").Token[]} */
  const tokens = [];
  markdown.block.parse(text, markdown, environment, tokens);
  const starts = lineStarts(text);
  const blocks = tokens.filter(({ level, nesting, map }) => level === 0 && nesting >= 0 && map);
  return blocks.map(({ type, map, content, info }, index) => {
    const from = index ? starts[map?.[0] ?? 0] : 0;
    const next = blocks[index + 1]?.map?.[0];
    return { source: text.slice(from, next === undefined ? undefined : starts[next]), type, content, language: info };
  });
}

/** @param {string} text */
function lineStarts(text) {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** Return the elements of a block. @param {Block} block @param {Environment} environment @returns {ChildNode[]} */
export function rendered({ source, type, content, language }, environment) {
  if (type === "fence" || type === "code_block") return [codeBlock(content, language.trim().split(/\s/, 1)[0] ?? "")];
  const isText = type === "paragraph_open" || type === "heading_open";
  if (source.length > (isText ? LONGEST_PARAGRAPH : LONGEST_BLOCK)) return [plain(source)];
  const fragment = DOMPurify.sanitize(markdown.render(source, environment), ALLOWED);
  for (const link of fragment.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  for (const code of fragment.querySelectorAll("pre > code")) {
    code.parentElement?.replaceWith(codeBlock(code.textContent ?? "", ""));
  }
  for (const table of fragment.querySelectorAll("table")) {
    const region = scrollable("div", "table", labels.table);
    table.replaceWith(region);
    region.append(table);
  }
  return [...fragment.childNodes].filter((node) => node.nodeType === Node.ELEMENT_NODE);
}

/** @param {string} text */
export function plain(text) {
  const element = document.createElement("p");
  element.className = "plain";
  element.append(text);
  return element;
}

/** @param {string} text @param {string} language */
function codeBlock(text, language) {
  const block = document.createElement("div");
  block.className = "code";
  const bar = document.createElement("p");
  const name = document.createElement("span");
  name.textContent = language.slice(0, 40);
  const copy = document.createElement("button");
  copy.type = "button";
  copy.textContent = labels.copy;
  const pre = scrollable("pre", "", labels.code);
  const code = document.createElement("code");
  code.append(text);
  pre.append(code);
  copy.addEventListener("click", () => copyText(copy, code.textContent ?? ""));
  bar.append(name, copy);
  block.append(bar, pre);
  return block;
}

/** An element that may be wider than the page: it scrolls, also by keyboard. @param {string} tag @param {string} name @param {string} label */
function scrollable(tag, name, label) {
  const element = document.createElement(tag);
  element.className = name;
  element.tabIndex = 0;
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", label);
  return element;
}

/** @param {HTMLButtonElement} button @param {string} text */
async function copyText(button, text) {
  await navigator.clipboard.writeText(text);
  button.textContent = labels.copied;
  setTimeout(() => (button.textContent = labels.copy), 2000);
}

