/**
 * Shows the conversations that this browser keeps while Python starts, or where it cannot: their list, and the texts
 * of the one in the address, as plain text. What is shown here goes when the chat view runs, which shows all of it.
 */

import { STORES, read, readAll } from "../libraries/storage.js";

/** @typedef {{ id: string, title: string, updated: number, messages: Message[], choices?: Record<string, string> }} Conversation */
/** @typedef {{ id: string, parent?: string, role: string, text?: string }} Message */

const STORE = "conversations";

const view = /** @type {HTMLElement} */ (document.getElementById("chat"));

/** What is shown. @type {Element[]} */
const shown = [];

/** Show the kept conversations until the chat view runs. */
export async function showKept() {
  if (isRunning() || !STORES.includes(STORE)) return;
  const removal = new MutationObserver(() => hide(removal));
  removal.observe(view, { attributeFilter: ["data-running"] });
  addEventListener("hashchange", showAddressed);
  const found = /** @type {Conversation[]} */ (JSON.parse(await readAll(STORE)));
  found.sort((left, right) => right.updated - left.updated);
  show("chat-list", found.map(linkTo));
  await showAddressed();
}

async function showAddressed() {
  const [, name, id] = location.hash.split("/");
  document.querySelectorAll("[data-kept]").forEach((message) => message.remove());
  if (name !== "chat" || !id || isRunning()) return;
  const found = await read(STORE, decodeURIComponent(id));
  if (found) show("chat-thread", branchOf(JSON.parse(found)).map(paragraph));
}

/** The messages that the visitor saw last: each may have several that follow. @param {Conversation} conversation */
function branchOf({ messages, choices = {} }) {
  const branch = [];
  let parent = "";
  while (branch.length < messages.length) {
    const next = messages.filter((message) => (message.parent ?? "") === parent);
    const message = next.find(({ id }) => id === choices[parent]) ?? next.at(-1);
    if (!message) break;
    branch.push(message);
    parent = message.id;
  }
  return branch;
}

/** @param {Conversation} conversation */
function linkTo({ id, title }) {
  const item = document.createElement("li");
  item.append(Object.assign(document.createElement("a"), { href: `#/chat/${encodeURIComponent(id)}`, textContent: title }));
  return item;
}

/** @param {Message} message */
function paragraph({ role, text = "" }) {
  const found = Object.assign(document.createElement("p"), { className: "kept", textContent: text });
  found.dataset["kept"] = role;
  return found;
}

/** @param {string} id of the element @param {Element[]} elements */
function show(id, elements) {
  if (isRunning()) return;
  document.getElementById(id)?.append(...elements);
  shown.push(...elements);
}

/** @param {MutationObserver} removal */
function hide(removal) {
  removal.disconnect();
  removeEventListener("hashchange", showAddressed);
  shown.splice(0).forEach((element) => element.remove());
}

/** Whether the chat view runs, which `app/page/chat/dom.py` says by this attribute. */
function isRunning() {
  return view.dataset["running"] !== undefined;
}
