/**
 * Markdown of a model as elements, while it streams and afterwards.
 *
 * Nothing a model writes becomes markup as it is: HTML in Markdown is shown as text, and what markdown-it and
 * Temml make of the rest goes through DOMPurify, which lets a short list of elements through. Blocks that
 * are complete are rendered once; while text arrives, only the last one is rendered again.
 */

import { blocksOf, plain, rendered } from "./markdown/blocks.js";

export { configure } from "./markdown/blocks.js";

/** @import { Block, Environment } from "./markdown/blocks.js" */

/** Milliseconds of rendering before the page may do something else. */
const SLICE = 8;

/** Milliseconds: a block that takes longer to render is shown as plain text until it is complete. */
const SLOW = 25;

/** Characters that are read at once. */
const WINDOW = 4_000;

/**
 * Return a writer that shows Markdown in an element, in place of what it has.
 * @param {HTMLElement} element
 */
export function writer(element) {
  return new Writer(element);
}

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
