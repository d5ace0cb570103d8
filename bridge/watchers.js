/** Who watches a bridge: each event goes to all of them, and the last one says that the bridge was disposed. */

import { Channel } from "./streams.js";

/** @import { Stream } from "./streams.js" */

export class Watchers {
  /** @type {Set<Channel>} */
  #channels = new Set();
  #isDisposed = false;

  /** @returns {Stream} of events: `{type: "lost", name, message}` and `{type: "disposed"}` */
  watch() {
    const channel = new Channel();
    this.#channels.add(channel);
    channel.onClosed(() => this.#channels.delete(channel));
    if (this.#isDisposed) channel.end({ type: "disposed" });
    return channel.stream;
  }

  /** @param {object} event */
  report(event) {
    for (const channel of this.#channels) channel.push(event);
  }

  /** End the streams of all, also of those that watch from now on. */
  dispose() {
    this.#isDisposed = true;
    for (const channel of [...this.#channels]) channel.end({ type: "disposed" });
  }
}
