/**
 * Markdown of a model as elements, while it streams and afterwards.
 *
 * Nothing a model writes becomes markup as it is: HTML in Markdown is shown as text, and what markdown-it and
 * Temml make of the rest goes through DOMPurify, which lets a short list of elements through. Blocks that
 * are complete are rendered once; while text arrives, only the last one is rendered again.
 */

import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";
import { addMath } from "./math/rules.js";

/** Longer blocks are shown as plain text: to read their Markdown could take long. */
const LONGEST_BLOCK = 20_000;
const LONGEST_PARAGRAPH = 8_000;

/** Milliseconds of rendering before the page may do something else. */
const SLICE = 8;

/** Milliseconds: a block that takes longer to render is shown as plain text until it is complete. */
const SLOW = 25;

/** Characters that are read at once. */
const WINDOW = 4_000;

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
 * Return a writer that shows Markdown in an element, in place of what it has.
 * @param {HTMLElement} element
 */
export function writer(element) {
  return new Writer(element);
}

/** @typedef {Record<string, any>} Environment */
/** @typedef {{ source: string, type: string, content: string, language: string }} Block */

class Writer {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    element.replaceChildren();
    /** Complete blocks that are not shown yet. @type {Block[]} */
    this.ready = [];
    /** The text after them. */
    this.rest = "";
    /** The elements of the block that is not complete. @type {ChildNode[]} */
    this.open = [];
    /** What can be appended to as text, and how much of the rest it shows. @type {{ node: Text, shown: number, fence: string } | undefined} */
    this.growing = undefined;
    /** Link definitions of earlier blocks. */
    this.environment = /** @type {Environment} */ ({});
    this.isFinished = false;
    this.isWaiting = false;
    this.earliest = 0;
    element.dataset["rendered"] = "false";
  }

  /** @param {string} text */
  append(text) {
    this.rest += text.replace(/\r\n?/g, "\n");
    this.#schedule();
  }

  /** The text is complete. */
  finish() {
    this.isFinished = true;
    this.#schedule();
  }

  #schedule() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    enqueue(this);
  }

  /** Render until all is shown or `deadline` has passed; return whether all is. @param {number} deadline */
  render(deadline) {
    do {
      if (this.#step()) {
        this.isWaiting = false;
        if (this.isFinished) this.element.dataset["rendered"] = "true";
        return true;
      }
    } while (performance.now() < deadline);
    return false;
  }

  /** Do a small part of the work; return whether all that has arrived is shown. */
  #step() {
    const block = this.ready.shift();
    if (block) {
      this.#closeOpen();
      this.element.append(...rendered(block, this.environment));
      return false;
    }
    if (!this.rest) return true;
    if (this.#grow()) return true;
    const { blocks, length, isAll } = this.#read();
    this.ready = blocks;
    this.rest = this.rest.slice(length);
    if (blocks.length) return false;
    if (isAll) return this.#showOpen();
    return true;
  }

  /** Return the complete blocks of a window of the rest, and their length. */
  #read() {
    for (let size = WINDOW; ; size *= 2) {
      const isAll = size >= this.rest.length;
      const text = isAll ? this.rest : this.rest.slice(0, size);
      const isWhole = isAll && this.isFinished;
      const blocks = blocksOf(text, this.environment);
      if (!isWhole) blocks.pop();
      const length = isWhole ? text.length : blocks.reduce((sum, { source }) => sum + source.length, 0);
      if (blocks.length || isAll) return { blocks, length, isAll };
    }
  }

  /** Append to the open block as text if that is all it needs. */
  #grow() {
    const { growing, rest } = this;
    if (!growing || this.isFinished) return false;
    const added = rest.slice(growing.shown);
    // From the start of the last line that is shown, as a fence may arrive in pieces.
    const line = rest.slice(rest.lastIndexOf("\n", growing.shown - 1) + 1);
    const ends = growing.fence ? new RegExp(`^ {0,3}${growing.fence}`, "m").test(line) : /\n[^\S\n]*\n/.test(rest.slice(growing.shown - 1));
    if (ends) {
      this.growing = undefined;
      return false;
    }
    growing.node.appendData(added);
    growing.shown = rest.length;
    return true;
  }

  /** Show the block that is not complete; return whether that was its time. */
  #showOpen() {
    if (performance.now() < this.earliest) return false;
    const [block] = blocksOf(this.rest, this.environment);
    if (!block) return true;
    const began = performance.now();
    let nodes = rendered(block, this.environment);
    const took = performance.now() - began;
    if (took > SLOW) nodes = [plain(block.source)];
    this.#closeOpen();
    this.element.append(...nodes);
    this.open = nodes;
    this.growing = growing(block, nodes, this.rest.length);
    this.earliest = performance.now() + took * 8;
    return true;
  }

  #closeOpen() {
    for (const node of this.open) node.remove();
    this.open = [];
    this.growing = undefined;
  }
}

/**
 * Return the blocks of a text; together their sources are the text, without what comes before the first.
 * @param {string} text @param {Environment} environment @returns {Block[]}
 */
function blocksOf(text, environment) {
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

/**
 * Return what of a block can be appended to as text: an unfinished code block, or plain text.
 * @param {Block} block @param {ChildNode[]} nodes @param {number} shown
 */
function growing({ source, type }, [node], shown) {
  if (!(node instanceof HTMLElement)) return undefined;
  if (node.matches("p.plain")) return { node: /** @type {Text} */ (node.firstChild), shown, fence: "" };
  // A fence with the beginning of its second line: before that the language may not be complete.
  const fence = type === "fence" && /^ {0,3}(`{3,}|~{3,})[^\n]*\n[^\n]/.exec(source)?.[1];
  const text = node.querySelector("code")?.firstChild;
  if (!fence || !(text instanceof Text)) return undefined;
  // The block's text ends with a line break that may not be there yet.
  if (!source.endsWith("\n") && text.data.endsWith("\n")) text.deleteData(text.length - 1, 1);
  return { node: text, shown, fence };
}

/** Return the elements of a block. @param {Block} block @param {Environment} environment @returns {ChildNode[]} */
function rendered({ source, type, content, language }, environment) {
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
function plain(text) {
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

/** Writers with something to show; the one that was added last is first, as it is most likely in view. @type {Writer[]} */
const queue = [];
let isRunning = false;

/** @param {Writer} writer */
function enqueue(writer) {
  queue.push(writer);
  if (!isRunning) nextSlice();
}

function nextSlice() {
  isRunning = true;
  // A hidden page has no frames, and a frame is also as often as the eye can follow.
  if (document.hidden) setTimeout(run, 100);
  else requestAnimationFrame(() => setTimeout(run));
}

function run() {
  const deadline = performance.now() + SLICE;
  while (queue.length && performance.now() < deadline) {
    const writer = queue.at(-1);
    if (writer?.render(deadline)) queue.splice(queue.lastIndexOf(writer), 1);
  }
  isRunning = false;
  if (queue.length) nextSlice();
}
