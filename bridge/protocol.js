/** The protocol between the page and the engine worker, besides WebLLM's own messages. */

/**
 * The key that marks messages of the bridge. Its value is the kind of the message: the worker sends
 * `hello`, `ready`, `failed` and `lost`; the page sends `start`, `prepare` with the record of the model that it will load
 * and whether to begin with its GPU, and two questions: the answer to `ping` is `pong`, and that to `support` has the
 * same kind.
 */
export const TAG = "pywebllm";

/** How the name of an engine worker begins: a worker that runs Python imports the bridge too. */
export const WORKER_NAME = "pywebllm-engine";
