/** One operation of a page: a stream that the shared worker fills. */

import { BridgeError } from "../errors.js";
import { Channel } from "../streams.js";

/** @import { Open } from "./protocol.js" */

export class Operation {
  /** Whether an engine works on it; if not, another engine may answer it instead. */
  isBegun = false;
  /** Whether the worker, not this page, ended it. */
  isOver = false;
  /** @type {Promise<true>} */
  ended;
  /** @type {Channel} */
  channel;

  /** @param {Open} request that opens the stream */
  constructor(request) {
    this.request = request;
    this.channel = new Channel({ latestOnly: request.method !== "generate" });
    this.ended = new Promise((resolve) => this.channel.onClosed(() => resolve(true)));
  }

  /** @param {any} message of the worker about this stream */
  receive(message) {
    if ("begun" in message) this.isBegun = true;
    else if ("text" in message) this.#push(JSON.parse(message.value));
    else if ("fail" in message) this.#close(new BridgeError(message.name, message.message));
    else this.#close();
  }

  /** @param {any} value */
  #push(value) {
    if (this.request.method !== "generate") return this.channel.push(value);
    for (const chunk of value) this.channel.push(chunk);
  }

  /** @param {BridgeError} [error] */
  #close(error) {
    this.isOver = true;
    if (error) this.channel.fail(error);
    else this.channel.end();
  }
}
