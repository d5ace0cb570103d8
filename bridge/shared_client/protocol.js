/**
 * The protocol between a page and the SharedWorker whose engines all pages of an origin share.
 *
 * Every message is an object with one of these keys, which names it; its value is an ID of a stream,
 * or what the message is about:
 *
 *     page → worker   hello    the page: {@link Hello}
 *                     open     a stream: {@link Open}; its ID is one of the page
 *                     stop     a stream
 *                     unload   a number for the answer; `force`: also if other clients use the model
 *                     ping     true
 *                     leave    true; `abandoned`: the page takes the worker for stuck
 *     worker → page   hello    the name of a Web Lock that the worker holds until it ends
 *                     begun    a stream whose request the engine has begun
 *                     text     a stream: the next JSON text in `value`
 *                     end      a stream
 *                     fail     a stream: the error in `name` and `message`
 *                     done     the number of an `unload`
 *                     state    what the page may know of the engines: {@link State}
 *                     event    the text of events, as `watch()` has them
 *                     pong     true
 */

/** How the name of the SharedWorker begins: one that runs Python imports the bridge too. */
export const SHARED_NAME = "pywebllm-shared";

/**
 * @typedef {object} Hello
 * @property {string} page the name of a Web Lock that the page holds until it ends
 * @property {string} webllmUrl
 * @property {number} keepAlive seconds that a model stays loaded without requests; negative: indefinitely
 * @property {number} maxModels the most models that this page wants to be loaded at once
 * @property {string | undefined} target the request of the load that this page made last, to be repeated when it is needed
 */

/**
 * @typedef {object} Open
 * @property {number} id
 * @property {"load" | "generate" | "query"} method of the bridge
 * @property {string} request JSON text
 * @property {ReadonlyMap<string, Blob>} [files] what the page could not store, by its URL
 */

/**
 * @typedef {object} State
 * @property {{ key: string, others: number }[]} models that are loaded, or are being loaded; `others` are the other
 *   clients that use them
 * @property {number} running operations of engines that have begun and not ended
 */

export {};
