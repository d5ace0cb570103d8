/** A stream on its way from an engine to the page that opened it. */

import { BridgeError } from "../errors.js";

/** @import { Stream } from "../streams.js" */
/** @import { SharedModel } from "./model.js" */

export class Outlet {
  /** Whether it has ended, or nobody reads it. */
  isClosed = false;
  /** The model that fills it. @type {SharedModel | undefined} */
  model;
  /** Whether it is a resumable answer that goes on without its page. */
  isBackground = false;
  #id;
  #post;
  /** @type {(() => void)[]} */
  #listeners = [];

  /** @param {number} id @param {(message: object) => void} post to the page */
  constructor(id, post) {
    this.#id = id;
    this.#post = post;
  }

  /** Pass all of a stream on, until it ends or this one is closed. @param {Stream} stream */
  async pipe(stream) {
    this.onClosed(() => stream.stop());
    for (let text = await stream.next(); text !== undefined; text = await stream.next()) {
      if (!this.isClosed) this.#post({ text: this.#id, value: text });
    }
  }

  /** The engine works on it from now on. */
  begin() {
    this.#post({ begun: this.#id });
  }

  end() {
    if (!this.isClosed) this.#post({ end: this.#id });
    this.close();
  }

  /** @param {Pick<BridgeError, "name" | "message">} error */
  fail({ name, message }) {
    if (!this.isClosed) this.#post({ fail: this.#id, name, message });
    this.close();
  }

  close() {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const listener of this.#listeners) listener();
  }

  /** @param {() => void} listener */
  onClosed(listener) {
    if (this.isClosed) listener();
    else this.#listeners.push(listener);
  }
}
